//! Conditional writes whose answers may be lost.
//!
//! A store that says "exists already" may be speaking of this very call: an earlier attempt, or one that the HTTP
//! client or a proxy repeated, landed and its answer was lost. Taking that for somebody else's object would make a
//! node believe that it had lost a race against itself. So each such write carries an id in the object's metadata,
//! and the object that is there is asked for it. A store without metadata (a directory) is asked only after an
//! attempt whose outcome is unknown, and by content: two nodes do not share a directory.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use object_store::path::Path;
use object_store::{
    Attribute, AttributeValue, Attributes, Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutOptions, PutPayload, PutResult, Result,
};

use super::super::metrics::RESOLVED;
use super::{Call, Core, failure};

/// The metadata key. Letters only: stores differ in what else they take.
const ID_KEY: &str = "holdfastputid";

/// Whether the store keeps metadata; believed until it says no.
#[derive(Debug, Default)]
pub(super) struct Tags {
    refused: AtomicBool,
}

impl Core {
    /// A fresh id for one call.
    pub(super) fn new_id(&self) -> String {
        format!("{:016x}{:016x}", self.random.0.next_u64(), self.random.0.next_u64())
    }

    /// Whether ids can be attached to objects, as far as is known.
    pub(super) fn tags_objects(&self) -> bool {
        !self.tags.refused.load(Ordering::Relaxed)
    }

    /// Puts an object under a condition.
    pub(super) async fn put_if(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        if self.tags_objects() {
            let id = self.new_id();
            let attributes = with_id(&opts.attributes, &id);
            let tagged = PutOptions { attributes, ..opts.clone() };
            match self.put_known(location, &payload, &tagged, Some(&id)).await {
                Err(Error::NotImplemented { .. } | Error::NotSupported { .. })
                    if opts.attributes.is_empty() =>
                {
                    // Said by directories to any metadata. If it was the condition, it is said again below.
                    self.tags.refused.store(true, Ordering::Relaxed);
                }
                done => return done,
            }
        }
        self.put_known(location, &payload, &opts, None).await
    }

    async fn put_known(
        &self,
        location: &Path,
        payload: &PutPayload,
        opts: &PutOptions,
        id: Option<&str>,
    ) -> Result<PutResult> {
        let call = Call::write("put", payload.content_length());
        self.run(call, |failed| async move {
            match self.inner.put_opts(location, payload.clone(), opts.clone()).await {
                Err(refusal @ (Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
                    let ours = match id {
                        Some(id) => self.is_tagged(location, id).await?,
                        None if failed > 0 => self.is_same(location, payload).await?,
                        None => return Err(refusal),
                    };
                    ours.map(won).ok_or(refusal)
                }
                done => done,
            }
        })
        .await
    }

    /// The object's metadata if it carries `id`.
    pub(super) async fn is_tagged(&self, location: &Path, id: &str) -> Result<Option<ObjectMeta>> {
        let head = GetOptions { head: true, ..GetOptions::default() };
        let found = self.inner.get_opts(location, head).await.map_err(vanished)?;
        let theirs = found.attributes.get(&Attribute::Metadata(Cow::Borrowed(ID_KEY)));
        Ok((theirs.is_some_and(|theirs| theirs.as_ref() == id)).then_some(found.meta))
    }

    /// The object's metadata if its content is `payload`.
    async fn is_same(&self, location: &Path, payload: &PutPayload) -> Result<Option<ObjectMeta>> {
        let found = self.inner.get(location).await.map_err(vanished)?;
        let meta = found.meta.clone();
        if meta.size != payload.content_length() as u64 {
            return Ok(None);
        }
        let same = found.bytes().await?.iter().eq(payload.iter().flatten());
        Ok(same.then_some(meta))
    }
}

/// The answer of a write that was made though its own answer was lost.
pub(super) fn won(meta: ObjectMeta) -> PutResult {
    metrics::counter!(RESOLVED).increment(1);
    PutResult { e_tag: meta.e_tag, version: meta.version, extensions: Default::default() }
}

/// "Exists already", and yet it is not there: S3 says so of two writers at once. Worth another attempt.
fn vanished(error: Error) -> Error {
    match error {
        Error::NotFound { path, .. } => failure(format!("{path} is said to exist and is not there")),
        other => other,
    }
}

/// `attributes` with the id of a call.
pub(super) fn with_id(attributes: &Attributes, id: &str) -> Attributes {
    let mut all = attributes.clone();
    all.insert(Attribute::Metadata(Cow::Borrowed(ID_KEY)), AttributeValue::from(id.to_owned()));
    all
}
