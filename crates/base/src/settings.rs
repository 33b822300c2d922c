//! What a filesystem's owner chooses about it: how durable an answered change is, and how its data is stored.
//!
//! The words are the same in every layer, from the HTTP body to the volume's own row. Numbers on disk and words in
//! the catalogue are for ever.

use std::fmt;
use std::str::FromStr;

/// What an answered change survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Durability {
    /// A crash and a loss of power: it is on the node's disk.
    #[default]
    Local = 0,
    /// The loss of the node as well: it is in the object store.
    Object = 1,
    /// A crash of the server; a loss of power only after a COMMIT or a synchronous write.
    Relaxed = 2,
}

/// How file data is compressed on its way into segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Compression {
    /// Not at all.
    None = 0,
    /// LZ4: cheap.
    #[default]
    Lz4 = 1,
    /// Zstandard: smaller, at more work.
    Zstd = 2,
}

/// A volume's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VolumeSettings {
    /// What an answered change survives.
    pub durability: Durability,
    /// How file data is compressed.
    pub compression: Compression,
}

/// Why a text is not a setting; says which words there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {words}")]
pub struct SettingError {
    words: &'static str,
}

/// One enum's words and numbers: reading and showing them.
macro_rules! setting {
    ($setting:ident, $words:literal, $($variant:ident = $word:literal),+) => {
        impl $setting {
            /// The word that stands for it outside.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The setting with this number on disk.
            pub const fn from_number(number: u8) -> Option<Self> {
                $(
                    if number == Self::$variant as u8 {
                        return Some(Self::$variant);
                    }
                )+
                None
            }
        }

        impl FromStr for $setting {
            type Err = SettingError;

            fn from_str(text: &str) -> Result<Self, SettingError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(SettingError { words: $words }),
                }
            }
        }

        impl fmt::Display for $setting {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

setting!(Durability, "local, object or relaxed", Local = "local", Object = "object", Relaxed = "relaxed");
setting!(Compression, "none, lz4 or zstd", None = "none", Lz4 = "lz4", Zstd = "zstd");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_lead_back() {
        for durability in [Durability::Local, Durability::Object, Durability::Relaxed] {
            assert_eq!(durability.as_str().parse(), Ok(durability));
            assert_eq!(Durability::from_number(durability as u8), Some(durability));
        }
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            assert_eq!(compression.as_str().parse(), Ok(compression));
            assert_eq!(Compression::from_number(compression as u8), Some(compression));
        }
        assert_eq!((Durability::from_number(3), Compression::from_number(3)), (None, None));
        let error = "Local".parse::<Durability>().unwrap_err();
        assert_eq!(error.to_string(), "must be local, object or relaxed");
    }
}
