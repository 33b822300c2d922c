//! Durability class and compression in bodies: words in, words out.

use holdfast_base::{Compression, Durability, SettingError};

use crate::error::{ApiError, ErrorCode};

/// What an answered change survives. `local` (the default): a crash and a loss of power, it is on the node's disk.
/// `object`: the loss of the node as well, it is in the object store. `relaxed`: a crash of the server; a loss of
/// power only after a COMMIT or a synchronous write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Durability)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DurabilityName {
    Local,
    Object,
    Relaxed,
}

/// How file data is compressed in the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Compression)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CompressionName {
    None,
    Lz4,
    Zstd,
}

impl From<Durability> for DurabilityName {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Local => Self::Local,
            Durability::Object => Self::Object,
            Durability::Relaxed => Self::Relaxed,
        }
    }
}

impl From<Compression> for CompressionName {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Lz4 => Self::Lz4,
            Compression::Zstd => Self::Zstd,
        }
    }
}

/// The setting that the field `field` of a body asks for, if it is there.
pub(crate) fn setting<T: std::str::FromStr<Err = SettingError>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, ApiError> {
    let refused = |error| ApiError::new(ErrorCode::InvalidField, format!("`{field}` {error}"));
    text.map(|text| text.parse().map_err(refused)).transpose()
}
