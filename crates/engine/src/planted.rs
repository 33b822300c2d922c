//! Bugs put in on purpose, so that the simulator can show that it would find them.
//!
//! Without the feature `planted-bugs`, which only tests of this crate use, [`is_planted`] is `false` when the code
//! is compiled and nothing of this is left. With it, a thread chooses one bug at run time.

/// A bug that somebody could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Records are confirmed without a sync.
    ConfirmUnsynced,
    /// Records are confirmed before they are written.
    ConfirmUnwritten,
    /// Bulk data is pointed at though it was not synced.
    PointerBeforeData,
    /// The name of a new journal file is not synced.
    UnnamedJournalFile,
    /// The journal forgets records before the index has them.
    ReleaseEarly,
    /// The index claims one record more than it has.
    AppliedTooFar,
    /// Inode numbers start where the surviving records end.
    ReusedInodes,
    /// Replay drops the last change of each record.
    LastChangeLost,
    /// Replay keeps the inode that a rename replaced.
    ReplacedInodeStays,
    /// An overwrite counts as new bytes.
    OverwriteCounted,
    /// A segment's live bytes are never taken off.
    SegmentLeaks,
    /// A segment is deleted by the checkpoint that found it dead.
    SegmentDeletedEarly,
    /// Recovery takes the page cache for the disk after a failed sync.
    TailNotRewritten,
    /// A checkpoint that was cut short forgets the segments that it found dead.
    DeadForgotten,
    /// A record counts though its checksum is wrong.
    TornTailAccepted,
    /// Volumes share the keys of cached frames.
    CacheKeyShared,
    /// A checkpoint leaves the old rows in the caches.
    StaleCache,
    /// A checkpoint that is done again counts the pages of new files again.
    CountedTwice,
    /// The write verifier stays the same after a crash.
    VerifierKept,
    /// A truncation is not taken over into the index.
    CutForgotten,
}

#[cfg(feature = "planted-bugs")]
mod chosen {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static CHOSEN: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug in all engines that run on this thread, or takes it out.
    pub fn plant(bug: Option<Bug>) {
        CHOSEN.set(bug);
    }

    /// Whether this bug is planted on this thread.
    pub(crate) fn is_planted(bug: Bug) -> bool {
        CHOSEN.get() == Some(bug)
    }
}

#[cfg(not(feature = "planted-bugs"))]
mod chosen {
    use super::Bug;

    /// Whether this bug is planted: never.
    pub(crate) const fn is_planted(_bug: Bug) -> bool {
        false
    }
}

pub(crate) use chosen::is_planted;
#[cfg(feature = "planted-bugs")]
pub use chosen::plant;

#[cfg(feature = "planted-bugs")]
impl Bug {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::ConfirmUnsynced,
        Self::ConfirmUnwritten,
        Self::PointerBeforeData,
        Self::UnnamedJournalFile,
        Self::ReleaseEarly,
        Self::AppliedTooFar,
        Self::ReusedInodes,
        Self::LastChangeLost,
        Self::ReplacedInodeStays,
        Self::OverwriteCounted,
        Self::SegmentLeaks,
        Self::SegmentDeletedEarly,
        Self::TailNotRewritten,
        Self::DeadForgotten,
        Self::TornTailAccepted,
        Self::CacheKeyShared,
        Self::StaleCache,
        Self::CountedTwice,
        Self::VerifierKept,
        Self::CutForgotten,
    ];
}
