//! One error type for every route: a stable code, its status, and a sentence that names the field and the way out.
//!
//! The mappings from the layers below are total, without a catch-all arm: a new kind of failure does not compile until
//! its status is decided. Sources are logged here and never sent.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_RANGE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_catalogue::{CatalogueError, Holder};

use crate::files::{FilesError, Resource, UploadError};
use crate::paths::PathError;

/// Attachments that the refusal of a deletion names.
const NAMED_MAX: usize = 5;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $status:ident;)*) => {
        /// What a client can act on. The text form is stable; the status is a decision, given beside it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
        }

        impl ErrorCode {
            /// The text in the field `error`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The status of answers with this code.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that the route takes.
    InvalidBody = "invalid_body" BAD_REQUEST;
    /// A field of the body breaks its rule.
    InvalidField = "invalid_field" BAD_REQUEST;
    /// A query parameter is unknown or breaks its rule.
    InvalidParameter = "invalid_parameter" BAD_REQUEST;
    /// A header breaks its rule.
    InvalidHeader = "invalid_header" BAD_REQUEST;
    /// The file path breaks a rule.
    InvalidPath = "invalid_path" BAD_REQUEST;
    /// A directory stands where a file is needed: asking differently helps, so this is the request's fault.
    IsADirectory = "is_a_directory" BAD_REQUEST;
    /// A file stands where a directory is needed.
    NotADirectory = "not_a_directory" BAD_REQUEST;
    /// A pipe, socket or device has no content to transfer.
    NotARegularFile = "not_a_regular_file" BAD_REQUEST;
    /// Symbolic links lead round in a circle, or nearly.
    TooManySymlinks = "too_many_symlinks" BAD_REQUEST;
    /// A name or path met on the way is too long.
    NameTooLong = "name_too_long" BAD_REQUEST;
    /// No key, or none that opens anything. One answer for both, so that keys cannot be probed for.
    Unauthorized = "unauthorized" UNAUTHORIZED;
    /// The key is good and may not do this.
    Forbidden = "forbidden" FORBIDDEN;
    /// A limit over all of the team's filesystems is reached.
    TeamLimitReached = "team_limit_reached" FORBIDDEN;
    /// The volume does not allow the change to anybody.
    AccessDenied = "access_denied" FORBIDDEN;
    /// No such route.
    RouteNotFound = "route_not_found" NOT_FOUND;
    /// No such filesystem in the key's team; another team's is in this class.
    FilesystemNotFound = "filesystem_not_found" NOT_FOUND;
    /// No such team.
    TeamNotFound = "team_not_found" NOT_FOUND;
    /// No such key.
    KeyNotFound = "key_not_found" NOT_FOUND;
    /// The filesystem has no such snapshot.
    SnapshotNotFound = "snapshot_not_found" NOT_FOUND;
    /// The filesystem has no such attachment, or it has ended.
    AttachmentNotFound = "attachment_not_found" NOT_FOUND;
    /// No such file or directory.
    PathNotFound = "path_not_found" NOT_FOUND;
    /// The route exists with other methods.
    MethodNotAllowed = "method_not_allowed" METHOD_NOT_ALLOWED;
    /// The client sent nothing for too long.
    UploadTimedOut = "upload_timed_out" REQUEST_TIMEOUT;
    /// The name is taken in the team.
    NameTaken = "name_taken" CONFLICT;
    /// The new size is below what is in use.
    BelowUsage = "below_usage" CONFLICT;
    /// The filesystem has all the snapshots that it may have.
    TooManySnapshots = "too_many_snapshots" CONFLICT;
    /// The filesystem has attachments.
    FilesystemAttached = "filesystem_attached" CONFLICT;
    /// The filesystem has all the attachments that it may have.
    TooManyAttachments = "too_many_attachments" CONFLICT;
    /// The path exists already.
    PathExists = "path_exists" CONFLICT;
    /// The directory is not empty.
    DirectoryNotEmpty = "directory_not_empty" CONFLICT;
    /// In use in a way that forbids the operation.
    Busy = "busy" CONFLICT;
    /// `If-Match` or `If-None-Match` does not hold.
    PreconditionFailed = "precondition_failed" PRECONDITION_FAILED;
    /// The body is larger than the route takes.
    BodyTooLarge = "body_too_large" PAYLOAD_TOO_LARGE;
    /// The body is encoded in a way that the route does not take.
    UnsupportedEncoding = "unsupported_encoding" UNSUPPORTED_MEDIA_TYPE;
    /// No byte of the range exists.
    RangeNotSatisfiable = "range_not_satisfiable" RANGE_NOT_SATISFIABLE;
    /// The key asks more often than it may.
    TooManyRequests = "too_many_requests" TOO_MANY_REQUESTS;
    /// The server or its storage failed.
    Internal = "internal" INTERNAL_SERVER_ERROR;
    /// Something behind the server does not answer; trying again may help.
    Unavailable = "unavailable" SERVICE_UNAVAILABLE;
    /// The answer took too long; the operation may still be carried out.
    TimedOut = "timed_out" GATEWAY_TIMEOUT;
    /// The filesystem's limit of bytes or inodes is reached.
    QuotaExceeded = "quota_exceeded" INSUFFICIENT_STORAGE;
}

/// The JSON body of every error.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// The status, again.
    #[schema(example = 404)]
    pub code: u16,
    /// What is wrong, where, and what helps.
    #[schema(example = "no filesystem `data` in this team; GET /filesystems lists them")]
    pub message: String,
    /// A stable text for programs.
    #[schema(example = "filesystem_not_found")]
    pub error: String,
    /// The limit that the message tells of, in its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What is in use of that limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
}

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: ErrorCode,
    message: String,
    numbers: Option<(u64, u64)>,
    content_range: Option<HeaderValue>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner {
            code,
            message,
            numbers: None,
            content_range: None,
            retry_after: None,
            source: None,
        }))
    }

    /// With the cause, for the log.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// With a limit and what is used of it.
    pub(crate) fn with_numbers(mut self, limit: u64, used: u64) -> Self {
        self.0.numbers = Some((limit, used));
        self
    }

    /// A range that lies past the end of a file of this size.
    pub(crate) fn unsatisfiable(size: u64) -> Self {
        let message = format!("`Range` asks for no byte of the file, which has {size} bytes");
        let mut error = Self::new(ErrorCode::RangeNotSatisfiable, message);
        error.0.content_range = HeaderValue::from_str(&format!("bytes */{size}")).ok();
        error
    }

    /// With words before its message.
    pub(crate) fn prefixed(mut self, words: &str) -> Self {
        self.0.message.insert_str(0, words);
        self
    }

    /// A key that has to wait so long.
    pub(crate) fn too_often(wait: Duration) -> Self {
        let message =
            "this key asks more often than it may; wait for as long as the header `Retry-After` says";
        let mut error = Self::new(ErrorCode::TooManyRequests, message);
        error.0.retry_after = Some(wait);
        error
    }

    /// A parameter that breaks its rule, which continues the sentence.
    pub(crate) fn parameter(name: &str, rule: &str) -> Self {
        Self::new(ErrorCode::InvalidParameter, format!("the query parameter `{name}` {rule}"))
    }

    /// What a client can act on.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.0.code.status();
        if status.is_server_error() {
            tracing::error!(error = self.0.code.as_str(), cause = %chain(&self), "{}", self.0.message);
        } else {
            tracing::debug!(error = self.0.code.as_str(), cause = %chain(&self), "{}", self.0.message);
        }
        let body = ErrorBody {
            code: status.as_u16(),
            message: self.0.message,
            error: self.0.code.as_str().to_owned(),
            limit: self.0.numbers.map(|(limit, _)| limit),
            used: self.0.numbers.map(|(_, used)| used),
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(range) = self.0.content_range {
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
        let soon = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::ZERO);
        if let Some(wait) = self.0.retry_after.or(soon) {
            // The header has whole seconds.
            let seconds = wait.as_secs() + 1;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The sources of an error, outermost first.
fn chain(error: &ApiError) -> String {
    let mut texts = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        texts.push(source.to_string());
        next = source.source();
    }
    texts.join(": ")
}

impl From<PathError> for ApiError {
    fn from(error: PathError) -> Self {
        Self::new(ErrorCode::InvalidPath, error.to_string())
    }
}

impl From<CatalogueError> for ApiError {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::NotFound { noun: "filesystem" } => Self::new(
                ErrorCode::FilesystemNotFound,
                "no such filesystem in this team; GET /filesystems lists them",
            ),
            CatalogueError::NotFound { noun: "attachment" } => Self::new(
                ErrorCode::AttachmentNotFound,
                "the filesystem has no such attachment, or has it no more; \
                 `GET /filesystems/{id}/attachments` lists them",
            ),
            CatalogueError::NotFound { noun: "key" } => {
                Self::new(ErrorCode::KeyNotFound, "no such key; GET /keys lists them, each with its id")
            }
            CatalogueError::NotFound { noun } => {
                Self::new(ErrorCode::TeamNotFound, format!("no such {noun}; GET /teams lists them"))
            }
            CatalogueError::InUse { noun, count, what } => {
                let message = format!(
                    "the {noun} has {count} {what}, some of which may be on their way out; remove them first"
                );
                Self::new(ErrorCode::Busy, message)
            }
            CatalogueError::Attached { holders } => {
                let named: Vec<String> = holders.iter().take(NAMED_MAX).map(Holder::to_string).collect();
                let more = holders.len().saturating_sub(NAMED_MAX);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                let message = format!(
                    "the filesystem is attached by {}{more}; detach first, or revoke them all with `?force=true`",
                    named.join(", ")
                );
                Self::new(ErrorCode::FilesystemAttached, message)
            }
            CatalogueError::TooManyAttachments { limit } => {
                let message = format!("a filesystem may have {limit} attachments; delete one first");
                Self::new(ErrorCode::TooManyAttachments, message).with_numbers(limit, limit)
            }
            CatalogueError::Conflict { field } => {
                Self::new(ErrorCode::NameTaken, format!("`{field}` is taken; choose another one"))
            }
            CatalogueError::Invalid { field, message } => {
                Self::new(ErrorCode::InvalidField, format!("`{field}` {message}"))
            }
            CatalogueError::LimitReached { unit, limit, wanted } => {
                let message = format!(
                    "the team may have {limit} {unit} in all and this would make {wanted}; delete or shrink a filesystem"
                );
                Self::new(ErrorCode::TeamLimitReached, message).with_numbers(limit, wanted)
            }
            CatalogueError::Unavailable(source) => {
                Self::new(ErrorCode::Unavailable, "the catalogue does not answer at the moment; try again")
                    .because(source)
            }
        }
    }
}

impl From<FilesError> for ApiError {
    fn from(error: FilesError) -> Self {
        let plain = Self::new;
        match error {
            FilesError::NoVolume => {
                plain(ErrorCode::FilesystemNotFound, "the filesystem has just been deleted")
            }
            FilesError::InvalidName(rule) => Self::new(ErrorCode::InvalidField, format!("`name`: {rule}")),
            FilesError::TooManySnapshots(limit) => {
                let message = format!("a filesystem may have {limit} snapshots; delete one first");
                Self::new(ErrorCode::TooManySnapshots, message).with_numbers(limit, limit)
            }
            FilesError::NoSnapshot => plain(
                ErrorCode::SnapshotNotFound,
                "the filesystem has no such snapshot; `GET /filesystems/{id}/snapshots` lists them",
            ),
            FilesError::NotFound => plain(
                ErrorCode::PathNotFound,
                "no such file or directory; `?list=true` on its parent shows what is there",
            ),
            FilesError::NotADirectory => plain(
                ErrorCode::NotADirectory,
                "a component of the path is a file where a directory is needed",
            ),
            FilesError::IsADirectory => plain(
                ErrorCode::IsADirectory,
                "the path is a directory and has no content; `?list=true` lists it",
            ),
            FilesError::NotRegular => plain(
                ErrorCode::NotARegularFile,
                "the path is a pipe, socket or device; `?stat=true` tells what is known of it",
            ),
            FilesError::IntoItself => plain(
                ErrorCode::InvalidPath,
                "a directory cannot be moved into itself; choose a path outside of it",
            ),
            FilesError::Exists => {
                plain(ErrorCode::PathExists, "the path exists; remove it first or choose another one")
            }
            FilesError::NotEmpty => plain(
                ErrorCode::DirectoryNotEmpty,
                "the directory is not empty; `?recursive=true` removes it all",
            ),
            FilesError::NoSpace { resource, limit, used } => {
                let unit = match resource {
                    Resource::Bytes => "bytes",
                    Resource::Inodes => "inodes",
                };
                let message = format!(
                    "the filesystem's limit of {limit} {unit} would be passed, {used} are in use; \
                     remove files or raise `sizeBytes`"
                );
                Self::new(ErrorCode::QuotaExceeded, message).with_numbers(limit, used)
            }
            FilesError::FileTooLarge => {
                plain(ErrorCode::BodyTooLarge, "the file would be larger than 2^63 - 1 bytes")
            }
            FilesError::NameTooLong => plain(
                ErrorCode::NameTooLong,
                "the path, or the target of a link on the way, has a component over 255 bytes or is over 4,096 bytes",
            ),
            FilesError::AccessDenied => {
                plain(ErrorCode::AccessDenied, "this part of the filesystem cannot be changed")
            }
            FilesError::TooManySymlinks => plain(
                ErrorCode::TooManySymlinks,
                "more than 40 symbolic links on the way; `?follow=false` with `?stat=true` shows a link itself",
            ),
            FilesError::PreconditionFailed => plain(
                ErrorCode::PreconditionFailed,
                "the file is not in the state that `If-Match` or `If-None-Match` asks for; read it again",
            ),
            FilesError::Changed => {
                plain(ErrorCode::Unavailable, "the file changed while it was read; try again")
            }
            FilesError::Upload(error) => error.into(),
            FilesError::Busy => {
                plain(ErrorCode::Busy, "in use by another operation or a mount; end that first")
            }
            FilesError::Unavailable(source) => {
                plain(ErrorCode::Unavailable, "the filesystem cannot be reached at the moment; try again")
                    .because(source)
            }
            FilesError::Locked(source) => plain(
                ErrorCode::Unavailable,
                "the filesystem is encrypted and this server cannot open its key; its operator has to start it with \
                 the master key that the filesystem was made with",
            )
            .because(source),
            FilesError::Io(source) => {
                plain(ErrorCode::Internal, "the filesystem's storage failed").because(source)
            }
        }
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::TooLarge { limit_bytes } => {
                let message = format!("the body is over {limit_bytes} bytes, the most of one upload");
                Self::new(ErrorCode::BodyTooLarge, message)
            }
            UploadError::TimedOut(waited) => {
                let message = format!("no byte of the body came for {waited:?}; nothing was changed");
                Self::new(ErrorCode::UploadTimedOut, message)
            }
            UploadError::Aborted(source) => {
                Self::new(ErrorCode::InvalidBody, "the body ended before its end; nothing was changed")
                    .because(source)
            }
        }
    }
}
