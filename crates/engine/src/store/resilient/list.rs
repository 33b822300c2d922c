//! Listings, page by page: a page that fails is asked for again from where the last one ended.

use std::sync::Arc;

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use holdfast_base::limits::STORE_LIST_PAGE_OBJECTS;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, Result};

use super::{Call, Core};

/// Where a listing stands.
struct Listing {
    core: Arc<Core>,
    prefix: Option<Path>,
    /// The last name given out.
    after: Option<Path>,
    ended: bool,
}

/// Everything below `prefix` that comes behind `after`.
pub(super) fn list(
    core: Arc<Core>,
    prefix: Option<Path>,
    after: Option<Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let listing = Listing { core, prefix, after, ended: false };
    let pages = stream::try_unfold(listing, |mut listing| async move {
        if listing.ended {
            return Ok::<_, object_store::Error>(None);
        }
        let page = listing.page().await?;
        listing.ended = !listing.core.sorted || page.len() < STORE_LIST_PAGE_OBJECTS;
        listing.after = page.last().map(|object| object.location.clone());
        Ok(Some((stream::iter(page.into_iter().map(Ok)), listing)))
    });
    pages.try_flatten().boxed()
}

impl Listing {
    /// The next page; of a store without order (a directory) it is all there is.
    async fn page(&self) -> Result<Vec<ObjectMeta>> {
        let most = if self.core.sorted { STORE_LIST_PAGE_OBJECTS } else { usize::MAX };
        self.core
            .run(Call::read("list"), |_| {
                let objects = match &self.after {
                    Some(after) => self.core.inner.list_with_offset(self.prefix.as_ref(), after),
                    None => self.core.inner.list(self.prefix.as_ref()),
                };
                // A store that does not know where to begin begins at the start.
                let after = self.after.clone();
                let new = move |object: &ObjectMeta| {
                    let seen = after.as_ref().is_some_and(|after| object.location <= *after);
                    futures::future::ready(!seen)
                };
                objects.try_filter(new).take(most).try_collect()
            })
            .await
    }
}
