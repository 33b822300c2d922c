//! The share reservations of one file. They exclude each other and nothing else: NFSv3 has no OPEN, so reads and
//! writes of clients that reserve nothing go on.

use std::sync::Arc;

use holdfast_wire::nlm4::{ShareAccess, ShareMode};

use super::owner::Owner;

/// A reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub owner: Arc<Owner>,
    /// What others are denied.
    pub mode: ShareMode,
    /// What the owner means to do.
    pub access: ShareAccess,
}

impl Share {
    /// Whether the two cannot be together.
    fn excludes(&self, other: &Self) -> bool {
        // The numbers are bits: 1 reads, 2 writes.
        let denies = |one: &Self, other: &Self| one.mode.as_u32() & other.access.as_u32() != 0;
        denies(self, other) || denies(other, self)
    }
}

/// All reservations of one file; an owner has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    held: Vec<Share>,
}

impl Shares {
    pub fn iter(&self) -> impl Iterator<Item = &Share> {
        self.held.iter()
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nobody else is in the way.
    pub fn admits(&self, share: &Share) -> bool {
        !self.held.iter().any(|held| held.owner != share.owner && held.excludes(share))
    }

    /// Sets a reservation in the place of the owner's former one.
    pub fn set(&mut self, share: Share) {
        self.clear_all(|owner| *owner == *share.owner);
        self.held.push(share);
    }

    /// Ends all reservations whose owners are among `whose`.
    pub fn clear_all(&mut self, whose: impl Fn(&Owner) -> bool) {
        self.held.retain(|held| !whose(&held.owner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locks::tests::support::owner;

    #[test]
    fn modes_and_accesses_exclude_as_dos_has_it() {
        use ShareAccess as A;
        use ShareMode as M;
        for (mode, access, other_mode, other_access, admitted) in [
            (M::DenyNone, A::Both, M::DenyNone, A::Both, true),
            (M::DenyWrite, A::Read, M::DenyWrite, A::Read, true),
            (M::DenyWrite, A::Read, M::DenyNone, A::Write, false),
            (M::DenyNone, A::Write, M::DenyWrite, A::Read, false),
            (M::DenyRead, A::Write, M::DenyNone, A::Write, true),
            (M::DenyBoth, A::None, M::DenyNone, A::Read, false),
            (M::DenyBoth, A::None, M::DenyBoth, A::None, true),
        ] {
            let mut shares = Shares::default();
            shares.set(Share { owner: owner(1), mode, access });
            let other = Share { owner: owner(2), mode: other_mode, access: other_access };
            assert_eq!(
                shares.admits(&other),
                admitted,
                "{mode:?} {access:?} {other_mode:?} {other_access:?}"
            );
            // An owner is never in its own way, and has one reservation.
            shares.set(Share { owner: owner(1), mode: other_mode, access: other_access });
            assert_eq!(shares.len(), 1);
        }
    }
}
