//! `PATCH` of a path: moves an entry, or changes its attributes. Either is one step, so one request does one of them.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use bytes::Bytes;
use serde::Deserialize;

use crate::content::entry::Entry;
use crate::content::target::Target;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::Changes;
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::paths::FilePath;
use crate::query::{Query, octal_mode};
use crate::resources::json;
use crate::state::ApiState;

/// What changes: either `path`, or any of the others. Absent fields stay as they are.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = FilePatch)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchBody {
    /// The new path, from the root of the filesystem, not percent-encoded. Missing parents are made, and a file there is
    /// replaced in one step.
    #[schema(example = "/archive/notes.txt")]
    path: Option<String>,
    /// Permission bits in octal.
    #[schema(example = "0644")]
    mode: Option<String>,
    /// Owner.
    uid: Option<u32>,
    /// Group.
    gid: Option<u32>,
    /// Size in bytes: what is over it is cut off, what is missing reads as zeros.
    size: Option<u64>,
}

/// What a body asks for.
enum Patch {
    Move(FilePath),
    Change(Changes),
}

impl PatchBody {
    fn read(self) -> Result<Patch, ApiError> {
        let field = |message| ApiError::new(ErrorCode::InvalidField, message);
        let mode = match self.mode.as_deref().map(octal_mode) {
            Some(None) => return Err(field("`mode` must be permission bits in octal, such as \"0644\"")),
            mode => mode.flatten(),
        };
        let changes = Changes { mode, uid: self.uid, gid: self.gid, size: self.size };
        match (self.path, changes == Changes::default()) {
            (Some(path), true) => Ok(Patch::Move(FilePath::from_bytes(path.as_bytes())?)),
            (None, false) => Ok(Patch::Change(changes)),
            (Some(_), false) => Err(field("`path` moves and excludes the other fields; send two requests")),
            (None, true) => Err(field("give `path`, or some of `mode`, `uid`, `gid` and `size`")),
        }
    }
}

/// Moves a file or directory (`path`), or changes its mode, owner or size.
///
/// Moving takes a symbolic link itself; the other changes follow it unless `follow` is false.
#[utoipa::path(
    patch,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "changeFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`"),
        ("follow" = Option<bool>, Query, description = "False changes a symbolic link itself; true if absent"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, body = Entry, description = "As it is now"),
        (status = 404, body = ErrorBody, description = "No such filesystem, or no such path in it"),
        (status = 409, body = ErrorBody, description = "A directory that is not empty has the new path"),
        (status = 413, body = ErrorBody, description = "The body, or the new size, is too large"),
        (status = 507, body = ErrorBody, description = "The filesystem's limit would be passed"),
        Refusals,
    )
)]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    target: Target,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Entry>, ApiError> {
    let query = Query::read(&uri, &["follow"])?;
    let follow = query.flag("follow", true)?;
    let patch = json::<PatchBody>(&body)?.read()?;
    let Target { volume, path, .. } = target;
    detached(async move {
        let (path, changed) = match patch {
            Patch::Move(to) => {
                if path.is_root() || to.is_root() {
                    return Err(ApiError::new(
                        ErrorCode::InvalidPath,
                        "the root directory cannot be moved or replaced",
                    ));
                }
                let operation = Operation::start("move", &state.clock);
                let moved = state.files.rename(volume, &path, &to).await.map_err(ApiError::from);
                (to, operation.end(moved)?)
            }
            Patch::Change(changes) => {
                let operation = Operation::start("change", &state.clock);
                let changed =
                    state.files.change(volume, &path, follow, changes).await.map_err(ApiError::from);
                (path, operation.end(changed)?)
            }
        };
        Ok(Json(Entry::new(&path, &changed)))
    })
    .await
}
