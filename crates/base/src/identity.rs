//! As whom the users of a mount act.

/// What becomes of the user and groups that a mounted client states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UidPolicy {
    /// They count as they are, root among them.
    #[default]
    Root,
    /// Root is nobody; everybody else counts as stated.
    Squash,
    /// Everybody is this user of this group, without other groups.
    Map {
        /// User id; below 2^32 - 1, which stands for no user.
        uid: u32,
        /// Group id; below 2^32 - 1, which stands for no group.
        gid: u32,
    },
}

impl UidPolicy {
    /// The word for it, without the numbers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Squash => "squash",
            Self::Map { .. } => "map",
        }
    }
}
