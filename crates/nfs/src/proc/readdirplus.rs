//! READDIRPLUS (RFC 1813 section 3.3.17).

use holdfast_engine::{Attr, ListEntry, Listing};
use holdfast_wire::nfs3::{
    EntryPlus3, Failure, NfsStat3, PostOpAttr, ReadDirPlusArgs, ReadDirPlusBudget, ReadDirPlusOk,
    ReadDirPlusRes,
};

use super::entries::{self, DOT_COOKIE, DOT_DOT_COOKIE, ENTRY_MIN_BYTES, VERIFIER};
use crate::handle::HANDLE_BYTES;
use crate::session::{Session, Target};

/// Size of the smallest entry with attributes and a handle.
const PLUS_MIN_BYTES: usize = EntryPlus3::encoded_bytes(1, true, Some(HANDLE_BYTES));

pub(super) async fn readdirplus(session: &Session, args: ReadDirPlusArgs) -> ReadDirPlusRes {
    let dir = session.target(&args.dir).await?;
    let (dircount, maxcount) = (args.dircount, entries::clamp(args.maxcount));
    let Some(budget) = ReadDirPlusBudget::new(dircount, maxcount, true) else {
        return Err(dir.failed(NfsStat3::TooSmall).await);
    };
    let page = entries::entries_within(maxcount, PLUS_MIN_BYTES)
        .min(entries::entries_within(dircount, ENTRY_MIN_BYTES).max(2));
    match entries::list(&dir, args.cookie, page, true).await {
        Ok(listing) => {
            let parent = if args.cookie < DOT_DOT_COOKIE { parent(&dir).await } else { None };
            fill(&dir, args.cookie, listing, parent, budget)
        }
        Err(error) => Err(dir.failed(error).await),
    }
}

/// The parent's attributes, if the caller may look it up.
async fn parent(dir: &Target<'_>) -> Option<Attr> {
    if dir.is_directory_of_snapshots() {
        // Another view's: its entry goes without attributes.
        return None;
    }
    let found = dir.lookup(dir.caller(), b"..").await;
    found.ok().map(|(parent, _)| parent)
}

fn fill(
    dir: &Target<'_>,
    cookie: u64,
    listing: Listing,
    parent: Option<Attr>,
    mut budget: ReadDirPlusBudget,
) -> ReadDirPlusRes {
    let dir_attributes: PostOpAttr = Some(dir.attributes(&listing.dir));
    let dots = [
        (DOT_COOKIE, &b"."[..], listing.dir.ino, Some(listing.dir)),
        // A parent that has changed since the listing is left without attributes.
        (DOT_DOT_COOKIE, b"..", listing.parent, parent.filter(|parent| parent.ino == listing.parent)),
    ];
    let dots = dots.into_iter().filter(|(own, ..)| cookie < *own).map(|(cookie, name, fileid, attr)| {
        let (attributes, handle) =
            (attr.map(|attr| dir.attributes(&attr)), attr.map(|attr| dir.handle_of(&attr)));
        EntryPlus3 { fileid: dir.fileid(fileid), name: name.into(), cookie, attributes, handle }
    });
    let found = listing.entries.into_iter().map(|ListEntry { ino, name, cookie, attr, .. }| EntryPlus3 {
        fileid: dir.fileid(ino),
        name: name.into(),
        cookie,
        attributes: attr.map(|attr| dir.attributes(&attr)),
        handle: attr.map(|attr| dir.handle_of(&attr)),
    });
    let mut rest = dots.chain(found).peekable();
    let mut taken = Vec::with_capacity(rest.size_hint().0);
    let fits = |entry: &EntryPlus3| {
        let handle_bytes = entry.handle.map(|handle| handle.as_bytes().len());
        budget.take(entry.name.len(), entry.attributes.is_some(), handle_bytes)
    };
    let mut fits = fits;
    while let Some(entry) = rest.next_if(&mut fits) {
        taken.push(entry);
    }
    let all_taken = rest.peek().is_none();
    if taken.is_empty() && !all_taken {
        return Err(Failure::new(NfsStat3::TooSmall, dir_attributes));
    }
    Ok(ReadDirPlusOk { dir_attributes, verifier: VERIFIER, entries: taken, eof: all_taken && listing.end })
}
