//! One id type per noun. All are random UUIDs; the text form carries the noun's prefix.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::random::Random;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {noun} id: expected `{prefix}` and a UUID in lower-case hyphenated form")]
pub struct IdError {
    text: String,
    noun: &'static str,
    prefix: &'static str,
}

fn random_uuid(random: &dyn Random) -> Uuid {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $noun:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new random id.
            pub fn generate(random: &dyn Random) -> Self {
                Self(random_uuid(random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .filter(|rest| rest.len() == 36)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .filter(|id| id.to_string() == text)
                    .ok_or_else(|| IdError {
                        text: text.chars().take(80).collect(),
                        noun: $noun,
                        prefix: $prefix,
                    })
            }
        }
    };
}

id!(
    /// A tenant.
    TeamId,
    "team",
    "team-"
);
id!(
    /// A snapshot of a filesystem.
    SnapshotId,
    "snapshot",
    "snap-"
);
id!(
    /// A filesystem as the API knows it.
    FilesystemId,
    "filesystem",
    "fs-"
);
id!(
    /// An API key's record; never the key itself.
    KeyId,
    "key",
    "key-"
);
id!(
    /// A grant to mount one filesystem.
    AttachmentId,
    "attachment",
    "att-"
);
id!(
    /// The engine's side of one filesystem. The engine knows volumes, never teams or filesystems.
    VolumeId,
    "volume",
    "vol-"
);

impl From<FilesystemId> for VolumeId {
    /// A filesystem and its volume carry the same UUID.
    fn from(id: FilesystemId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn text_form_round_trips_and_nothing_else_parses() {
        let id = FilesystemId::generate(&SeededRandom::new(1));
        assert_eq!(id.to_string().parse::<FilesystemId>().unwrap(), id);
        let bare = id.0.to_string();
        for wrong in ["", "fs-", &bare, &format!("team-{bare}"), &id.to_string().to_uppercase(), "fs-é"] {
            assert!(wrong.parse::<FilesystemId>().is_err(), "{wrong}");
        }
    }
}
