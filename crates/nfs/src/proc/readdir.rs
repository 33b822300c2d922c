//! READDIR (RFC 1813 section 3.3.16).

use holdfast_engine::{ListEntry, Listing};
use holdfast_wire::nfs3::{
    Entry3, Failure, NfsStat3, PostOpAttr, ReadDirArgs, ReadDirBudget, ReadDirOk, ReadDirRes,
};

use super::entries::{self, DOT_COOKIE, DOT_DOT_COOKIE, ENTRY_MIN_BYTES, VERIFIER};
use crate::session::{Session, Target};

pub(super) async fn readdir(session: &Session, args: ReadDirArgs) -> ReadDirRes {
    let dir = session.target(&args.dir).await?;
    let count = entries::clamp(args.count);
    let Some(budget) = ReadDirBudget::new(count, true) else {
        return Err(dir.failed(NfsStat3::TooSmall).await);
    };
    let page = entries::entries_within(count, ENTRY_MIN_BYTES);
    match entries::list(&dir, args.cookie, page, false).await {
        Ok(listing) => fill(&dir, args.cookie, listing, budget),
        Err(error) => Err(dir.failed(error).await),
    }
}

fn fill(dir: &Target<'_>, cookie: u64, listing: Listing, mut budget: ReadDirBudget) -> ReadDirRes {
    let dir_attributes: PostOpAttr = Some(dir.attributes(&listing.dir));
    let dots = [(DOT_COOKIE, ".", listing.dir.ino), (DOT_DOT_COOKIE, "..", listing.parent)];
    let dots = dots.into_iter().filter(|(own, ..)| cookie < *own);
    let dots =
        dots.map(|(cookie, name, fileid)| Entry3 { fileid: dir.fileid(fileid), name: name.into(), cookie });
    let found = listing.entries.into_iter().map(|ListEntry { ino, name, cookie, .. }| Entry3 {
        fileid: dir.fileid(ino),
        name: name.into(),
        cookie,
    });
    let mut rest = dots.chain(found).peekable();
    let mut taken = Vec::with_capacity(rest.size_hint().0);
    while let Some(entry) = rest.next_if(|entry| budget.take(entry.name.len())) {
        taken.push(entry);
    }
    let all_taken = rest.peek().is_none();
    if taken.is_empty() && !all_taken {
        return Err(Failure::new(NfsStat3::TooSmall, dir_attributes));
    }
    Ok(ReadDirOk { dir_attributes, verifier: VERIFIER, entries: taken, eof: all_taken && listing.end })
}
