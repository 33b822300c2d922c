//! Bodies of reads: whole or not at all.

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use holdfast_base::limits::STORE_BODY_BUFFER_MAX_BYTES;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, Result};

use super::failure;

/// About how many bytes a read will bring, for its time.
pub(super) fn expected_bytes(options: &GetOptions) -> u64 {
    match &options.range {
        _ if options.head => 0,
        Some(GetRange::Bounded(range)) => range.end.saturating_sub(range.start),
        Some(GetRange::Suffix(bytes)) => *bytes,
        // Nobody reads large objects whole, but one may.
        Some(GetRange::Offset(_)) | None => STORE_BODY_BUFFER_MAX_BYTES,
    }
}

/// The same answer with a body that is known to be whole, or, if it is too large to hold, that ends with an error
/// where it ends early.
pub(super) async fn checked(got: GetResult) -> Result<GetResult> {
    let GetResult { payload, meta, range, attributes, extensions } = got;
    let expected = range.end - range.start;
    let remake = |payload| GetResult {
        payload,
        meta: meta.clone(),
        range: range.clone(),
        attributes: attributes.clone(),
        extensions: extensions.clone(),
    };
    if expected > STORE_BODY_BUFFER_MAX_BYTES {
        return Ok(match payload {
            GetResultPayload::Stream(body) => remake(GetResultPayload::Stream(counted(body, expected))),
            file => remake(file),
        });
    }
    let whole = remake(payload).bytes().await?;
    if whole.len() as u64 != expected {
        return Err(short(whole.len() as u64, expected));
    }
    Ok(remake(GetResultPayload::Stream(stream::once(async { Ok(whole) }).boxed())))
}

fn short(read: u64, expected: u64) -> object_store::Error {
    failure(format!("a body of {read} bytes where {expected} were announced"))
}

fn counted(body: BoxStream<'static, Result<Bytes>>, expected: u64) -> BoxStream<'static, Result<Bytes>> {
    let counted = stream::try_unfold((body, 0), move |(mut body, mut read)| async move {
        match body.try_next().await? {
            Some(bytes) => {
                read += bytes.len() as u64;
                Ok(Some((bytes, (body, read))))
            }
            None if read == expected => Ok(None),
            None => Err(short(read, expected)),
        }
    });
    counted.boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_body_that_ends_early_is_an_error() {
        let pieces = || stream::iter([Ok(Bytes::from_static(b"ab")), Ok(Bytes::from_static(b"c"))]).boxed();
        assert_eq!(counted(pieces(), 3).try_collect::<Vec<_>>().await.unwrap().concat(), b"abc");
        assert!(counted(pieces(), 4).try_collect::<Vec<_>>().await.is_err());
    }
}
