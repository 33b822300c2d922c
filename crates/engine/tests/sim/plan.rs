//! What one seed does: how many lives, how each of them ends, and how busy it is.

use crate::dice::Dice;

/// How a life of the machine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The power goes: what was not synced may be lost, in part.
    PowerLoss,
    /// The process dies: the kernel keeps what was written.
    Kill,
    /// In order, with nothing left in the journal.
    Shutdown,
}

/// One life.
#[derive(Clone, Debug)]
pub struct LifePlan {
    pub end: End,
    /// The step at which it ends, unless the work is done before.
    pub off_at: Option<u64>,
    /// Whether checkpoints come by themselves.
    pub background: bool,
    /// Clients of each volume.
    pub clients: u64,
    /// Operations of each client.
    pub operations: u64,
    /// Whether everything is removed at its end, in calm weather.
    pub is_last: bool,
}

impl LifePlan {
    /// Draws a life.
    pub fn draw(dice: &Dice) -> Self {
        let end = match dice.below(10) {
            0..=5 => End::PowerLoss,
            6 | 7 => End::Kill,
            _ => End::Shutdown,
        };
        let off_at = match dice.below(6) {
            _ if end == End::Shutdown && !dice.chance(1, 3) => None,
            0 => None,
            1 => Some(1 + dice.below(120)),
            _ => Some(100 + dice.magnitude(2000)),
        };
        Self {
            end,
            off_at,
            background: dice.chance(1, 2),
            clients: 1 + dice.below(3),
            operations: 4 + dice.magnitude(60),
            is_last: false,
        }
    }

    /// The last one with clients: nothing fails any more, and all space must come back.
    pub fn last() -> Self {
        Self {
            end: End::Shutdown,
            off_at: None,
            background: false,
            clients: 1,
            operations: 25,
            is_last: true,
        }
    }

    /// A look at what the store has after an orderly end.
    pub fn look() -> Self {
        Self { clients: 0, is_last: false, ..Self::last() }
    }
}
