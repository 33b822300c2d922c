//! `PUT` and copies of a file: what can be refused is refused before the body is read, and everything is decided again, for
//! good, in the one step that makes the upload the file's content.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use holdfast_api::files::{
    Content, FilesError, Made, Ownership, Parents, Precondition, PutRequest, Resource, Upload,
};
use holdfast_api::paths::FilePath;
use holdfast_engine::{Attr, Caller, Error, PutOwner, Volume};

use super::content::EngineContent;
use super::convert::{failed, metadata, version};
use super::{make_parents, regular};

/// Writes what a client sends.
pub(super) async fn put(
    volume: Arc<Volume>,
    path: &FilePath,
    request: PutRequest,
    body: Upload,
) -> Result<Made, FilesError> {
    store(volume, path, request, body.map(|piece| piece.map_err(FilesError::from))).await
}

/// Writes what another file holds.
pub(super) async fn copy(
    volume: Arc<Volume>,
    from: &FilePath,
    to: &FilePath,
    ownership: Ownership,
) -> Result<Made, FilesError> {
    let (source, _) = volume.stat_path(&Caller::root(), &from.to_bytes(), true).await.map_err(failed)?;
    regular(&source)?;
    let request = PutRequest {
        ownership: Ownership {
            uid: ownership.uid.or(Some(source.uid)),
            gid: ownership.gid.or(Some(source.gid)),
            mode: ownership.mode.or(Some(source.mode)),
        },
        precondition: Precondition::None,
        parents: Parents::default(),
        expected_bytes: Some(source.size),
    };
    let content = Box::new(EngineContent::new(volume.clone(), &source)).read(0..source.size);
    store(volume, to, request, content).await
}

async fn store(
    volume: Arc<Volume>,
    path: &FilePath,
    request: PutRequest,
    mut body: impl Stream<Item = Result<Bytes, FilesError>> + Unpin,
) -> Result<Made, FilesError> {
    let bytes = path.to_bytes();
    let existing = match volume.stat_path(&Caller::root(), &bytes, true).await {
        Ok((attr, _)) => Some(attr),
        Err(Error::NotFound) => None,
        Err(error) => return Err(failed(error)),
    };
    if let Some(attr) = &existing {
        regular(attr)?;
    }
    if !holds(&request.precondition, existing.as_ref()) {
        return Err(FilesError::PreconditionFailed);
    }
    if let Some(expected) = request.expected_bytes {
        fits(&volume, existing.as_ref(), expected)?;
    }
    if existing.is_none() && request.parents == Parents::Require {
        make_parents(&volume, path, request.ownership, request.parents).await?;
    }
    let mut upload = volume.upload();
    while let Some(chunk) = body.next().await {
        upload.write(chunk?).await.map_err(failed)?;
    }
    if existing.is_none() {
        make_parents(&volume, path, request.ownership, request.parents).await?;
    }
    let owner = request.ownership;
    let owner = PutOwner { uid: owner.uid, gid: owner.gid, mode: owner.mode };
    let may_replace = |attr: Option<&Attr>| holds(&request.precondition, attr);
    let outcome = match upload.finish(&bytes, owner, &may_replace).await {
        Ok(pending) => pending.durable().await.map_err(failed)?.into_inner(),
        // The only argument of an upload that may not make sense: what is at the path.
        Err(Error::Invalid(_)) => return Err(FilesError::NotRegular),
        Err(error) => return Err(failed(error)),
    };
    Ok(Made { metadata: metadata(&outcome.attr, None), created: outcome.created })
}

/// Whether the file as it is allows the upload.
fn holds(precondition: &Precondition, file: Option<&Attr>) -> bool {
    match (precondition, file) {
        (Precondition::None, _) => true,
        (Precondition::Absent, file) => file.is_none(),
        (Precondition::Present, file) => file.is_some(),
        (Precondition::Version(wanted), Some(attr)) => wanted.contains(&version(attr)),
        (Precondition::Version(_), None) => false,
    }
}

/// Refuses an upload that would not fit as things are, so that it need not be sent.
fn fits(volume: &Volume, existing: Option<&Attr>, expected: u64) -> Result<(), FilesError> {
    let usage = volume.usage();
    let others = usage.used_bytes.saturating_sub(existing.map_or(0, |attr| attr.used));
    if others.saturating_add(expected) <= usage.limit_bytes {
        return Ok(());
    }
    Err(FilesError::NoSpace { resource: Resource::Bytes, limit: usage.limit_bytes, used: usage.used_bytes })
}
