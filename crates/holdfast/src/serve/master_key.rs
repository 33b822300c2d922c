//! Reading the master key at start. It is named by an option and never given in one, so that neither a process list nor
//! a log shows it.

use std::sync::Arc;

use holdfast_engine::{KeyWrapper, MasterKey};

use crate::config::MasterKeySource;
use crate::exit::{Exit, Failure};

/// The master key that `source` names; without a source new filesystems are not encrypted, which is said once.
pub(super) fn read(source: Option<&MasterKeySource>) -> Result<Option<Arc<dyn KeyWrapper>>, Failure> {
    let Some(source) = source else {
        tracing::info!("no master key: new filesystems are not encrypted");
        return Ok(None);
    };
    let (text, place) = match source {
        MasterKeySource::File(path) => {
            let place = format!("the master key's file {}", path.display());
            let text = std::fs::read_to_string(path);
            (
                text.map_err(|error| {
                    Failure::because(Exit::CannotStart, format!("{place} cannot be read"), &error)
                })?,
                place,
            )
        }
        MasterKeySource::Env(name) => {
            let place = format!("the master key's variable {name}");
            let text = std::env::var(name);
            (
                text.map_err(|error| {
                    Failure::because(Exit::CannotStart, format!("{place} cannot be read"), &error)
                })?,
                place,
            )
        }
    };
    let key = MasterKey::parse(&text);
    let key = key
        .map_err(|error| Failure::because(Exit::CannotStart, format!("{place} does not hold one"), &error))?;
    tracing::info!("new filesystems are encrypted");
    Ok(Some(Arc::new(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_a_file_and_its_text_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master-key");
        let source = MasterKeySource::File(path.clone());
        assert!(read(Some(&source)).is_err());
        std::fs::write(&path, "not a key at all").unwrap();
        let refused = read(Some(&source)).err().unwrap();
        assert!(
            refused.message.contains("master-key") && !refused.message.contains("not a key at all"),
            "{refused:?}"
        );
        std::fs::write(&path, format!("{}\n", "5a".repeat(32))).unwrap();
        assert!(read(Some(&source)).unwrap().is_some());
        assert!(read(None).unwrap().is_none());
    }
}
