//! What a caller of the catalogue must be able to tell apart. The driver's own error stays inside as the source.

use crate::attachments::Holder;

/// Why a catalogue operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// No such row that the caller may see. Rows of another team are in this class.
    #[error("{noun} not found")]
    NotFound {
        /// `team`, `key`, `filesystem` or `attachment`.
        noun: &'static str,
    },
    /// A value that must be unique is taken.
    #[error("{field} is already taken")]
    Conflict {
        /// The field whose value is taken.
        field: &'static str,
    },
    /// Something still depends on it.
    #[error("{noun} is in use: it has {count} {what}")]
    InUse {
        /// What cannot be removed.
        noun: &'static str,
        /// How many of them it has.
        count: u64,
        /// What it has, in the plural.
        what: &'static str,
    },
    /// The filesystem cannot be removed while somebody may mount it.
    #[error("the filesystem is attached by {count}", count = .holders.len())]
    Attached {
        /// Who, oldest first; at least one.
        holders: Vec<Holder>,
    },
    /// The filesystem has all the attachments that it may have.
    #[error("the filesystem has {limit} attachments, which is the most")]
    TooManyAttachments {
        /// The limit.
        limit: u64,
    },
    /// A value outside its rule.
    #[error("{field} {message}")]
    Invalid {
        /// The field at fault.
        field: &'static str,
        /// The rule, as a sentence about the field.
        message: String,
    },
    /// The change would pass one of the team's limits.
    #[error("the team's limit of {limit} {unit} would be passed: {wanted} wanted in all")]
    LimitReached {
        /// `filesystems` or `bytes`.
        unit: &'static str,
        /// The limit.
        limit: u64,
        /// The total that the change would lead to.
        wanted: u64,
    },
    /// The database did not answer or answered something the schema rules out. Retrying may help.
    #[error("the catalogue is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CatalogueError {
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    /// The class of a driver error for a statement in which only `field` is subject to a unique index.
    pub(crate) fn unique(field: &'static str, error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Conflict { field },
            _ => error.into(),
        }
    }
}

impl From<sqlx::Error> for CatalogueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<sqlx::migrate::MigrateError> for CatalogueError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
