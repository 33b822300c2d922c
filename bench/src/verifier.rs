//! The write verifier's promise: as long as it stays, nothing that WRITE took has been lost.

use std::cell::Cell;

use holdfast_nfs_client::wire::nfs3::WriteVerifier3;

use crate::error::{Result, ensure};

/// Watches the verifiers of WRITE and COMMIT over one workload.
#[derive(Debug, Default)]
pub struct VerifierWatch(Cell<Option<WriteVerifier3>>);

impl VerifierWatch {
    /// Fails if the server has answered with another verifier before: a client would have to write again.
    pub fn saw(&self, verifier: WriteVerifier3) -> Result<()> {
        let before = self.0.replace(Some(verifier));
        ensure(before.is_none_or(|before| before == verifier), || {
            format!("the write verifier changed from {before:?} to {verifier:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told() {
        let watch = VerifierWatch::default();
        watch.saw(WriteVerifier3([1; 8])).unwrap();
        watch.saw(WriteVerifier3([1; 8])).unwrap();
        assert!(watch.saw(WriteVerifier3([2; 8])).is_err());
    }
}
