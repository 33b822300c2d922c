//! The rule for names of teams and filesystems, and for telling a name from an id.

use holdfast_base::{FilesystemId, TeamId};
use uuid::Uuid;

use crate::CatalogueError;

/// The rule, for messages and documents.
pub const NAME_RULE: &str = "must be 1 to 250 letters, digits, `_` or `-`, and must not look like an id (a UUID, alone or after `fs-` or `team-`)";

const NAME_MAX_CHARS: usize = 250;

pub(crate) fn check(text: &str) -> Result<(), CatalogueError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = (1..=NAME_MAX_CHARS).contains(&text.len()) && text.bytes().all(legal);
    if fits && as_uuid(text).is_none() { Ok(()) } else { Err(CatalogueError::invalid("name", NAME_RULE)) }
}

/// The UUID of a text in the form of an id, in any case: `fs-` or `team-` and a hyphenated UUID, or the UUID alone.
pub(crate) fn as_uuid(text: &str) -> Option<Uuid> {
    let after = |prefix: &str| {
        let (start, rest) = text.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    let bare = after(FilesystemId::PREFIX).or_else(|| after(TeamId::PREFIX)).unwrap_or(text);
    (bare.len() == 36).then(|| Uuid::try_parse(bare).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_urls_and_export_paths_carry_unchanged() {
        for name in ["a", "my-volume_2", "fs-", "fs-data", "0", &"x".repeat(250)] {
            assert!(check(name).is_ok(), "{name}");
        }
        let uuid = "7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f";
        let long = "x".repeat(251);
        let upper = uuid.to_uppercase();
        let prefixed = format!("fs-{uuid}");
        let shouted = format!("FS-{upper}");
        let team = format!("team-{uuid}");
        for name in
            ["", "a b", "a/b", "é", "a.b", "..", "a\0", &long, uuid, &upper, &prefixed, &shouted, &team]
        {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
