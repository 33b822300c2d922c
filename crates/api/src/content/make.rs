//! `POST` to a path: makes what has no content of its own. The parameter `op` says what.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_base::limits::PATH_MAX_BYTES;

use crate::content::entry::Entry;
use crate::content::owner;
use crate::content::target::Target;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{Files, FilesError, Made, Ownership, Parents};
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::paths::FilePath;
use crate::query::Query;
use crate::state::ApiState;

/// What is to be made.
enum Op {
    Directory,
    Symlink(Bytes),
    Link(FilePath),
    Copy(FilePath),
}

impl Op {
    fn read(query: &Query) -> Result<Self, ApiError> {
        let (from, target) = (query.text("from")?, query.text("target")?);
        let path = |text: &str| FilePath::from_bytes(text.as_bytes()).map_err(ApiError::from);
        match (query.text("op")?, from, target) {
            (Some("mkdir"), None, None) => Ok(Self::Directory),
            (Some("symlink"), None, Some(target)) => Ok(Self::Symlink(link_target(target)?)),
            (Some("link"), Some(from), None) => Ok(Self::Link(path(from)?)),
            (Some("copy"), Some(from), None) => Ok(Self::Copy(path(from)?)),
            _ => Err(ApiError::parameter(
                "op",
                "must be `mkdir`, `symlink` with `target`, `link` with `from`, or `copy` with `from`",
            )),
        }
    }

    /// The name of the operation in metrics.
    fn name(&self) -> &'static str {
        match self {
            Self::Directory => "mkdir",
            Self::Symlink(_) => "symlink",
            Self::Link(_) => "link",
            Self::Copy(_) => "copy",
        }
    }

    async fn run(self, files: &dyn Files, target: &Target, owner: Ownership) -> Result<Made, FilesError> {
        let (volume, path) = (target.volume, &target.path);
        let new = |metadata| Made { metadata, created: true };
        match self {
            Self::Directory => files.make_directory(volume, path, owner, Parents::default()).await,
            Self::Symlink(to) => files.make_symlink(volume, path, to, owner).await.map(new),
            Self::Link(from) => files.make_link(volume, path, &from).await.map(new),
            Self::Copy(from) => files.copy(volume, &from, path, owner).await,
        }
    }
}

/// Where a link is to point: anything that a filesystem can store.
fn link_target(text: &str) -> Result<Bytes, ApiError> {
    if text.is_empty() || text.len() > PATH_MAX_BYTES || text.contains('\0') {
        let rule = format!("must be 1 to {PATH_MAX_BYTES} bytes without NUL");
        return Err(ApiError::parameter("target", &rule));
    }
    Ok(Bytes::copy_from_slice(text.as_bytes()))
}

/// Makes a directory (`op=mkdir`), a symbolic link (`symlink`), another name of a file (`link`), or a copy of a file
/// within the filesystem (`copy`).
///
/// Missing parents are made. A directory that exists is left as it is, and a copy replaces the content of a file that
/// exists in one step; links take no name that is taken.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "makeFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`"),
        ("op" = String, Query, description = "`mkdir`, `symlink`, `link` or `copy`"),
        ("target" = Option<String>, Query, description = "With `symlink`: where it points"),
        ("from" = Option<String>, Query, description = "With `link` and `copy`: the path of the file"),
        ("uid" = Option<u32>, Query, description = "Owner; 0, or that of the source, if absent"),
        ("gid" = Option<u32>, Query, description = "Group; 0, or that of the source, if absent"),
        ("mode" = Option<String>, Query, description = "Permission bits in octal; 0755, or those of the source, if absent"),
        ("X-E2B-User" = Option<String>, Header, description = "`root` (0:0) or `user` (1000:1000) instead of `uid` and `gid`"),
    ),
    responses(
        (status = 200, body = Entry, description = "It existed; with `copy` its content was replaced"),
        (status = 201, body = Entry, description = "Made"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or nothing at `from`"),
        (status = 409, body = ErrorBody, description = "Something else has the name"),
        (status = 507, body = ErrorBody, description = "The filesystem's limit would be passed"),
        Refusals,
    )
)]
pub(crate) async fn post(
    State(state): State<ApiState>,
    target: Target,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = Query::read(&uri, &["op", "from", "target", "uid", "gid", "mode"])?;
    let op = Op::read(&query)?;
    let ownership = owner::read(&headers, &query)?;
    if matches!(op, Op::Link(_)) && ownership != Ownership::default() {
        let message = "a further name of a file has the owner and mode of the file; leave `uid`, `gid`, `mode` and \
                       `X-E2B-User` out";
        return Err(ApiError::new(ErrorCode::InvalidParameter, message));
    }
    if target.path.is_root() && !matches!(op, Op::Directory) {
        return Err(FilesError::Exists.into());
    }
    let (made, path) = detached(async move {
        let operation = Operation::start(op.name(), &state.clock);
        let made = op.run(&*state.files, &target, ownership).await;
        Ok((operation.end(made.map_err(ApiError::from))?, target.path))
    })
    .await?;
    let status = if made.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Entry::new(&path, &made.metadata))).into_response())
}
