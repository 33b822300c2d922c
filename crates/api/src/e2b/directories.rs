//! `/volumecontent/{volume}/dir`: lists and makes directories.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use holdfast_base::VolumeId;
use holdfast_base::limits::{LIST_PAGE_MAX_ENTRIES, VOLUME_LIST_MAX_ENTRIES};

use crate::detached::detached;
use crate::e2b::entry::{VolumeEntryStat, stat};
use crate::e2b::target::{Content, path};
use crate::e2b::{DIRECTORY_MODE, exists, ownership};
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{DirectoryEntry, FileKind, FilesError, Parents};
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::paths::FilePath;
use crate::query::Query;
use crate::state::ApiState;

/// Deepest list, levels.
const DEPTH_MAX: u32 = 10;

/// Lists a directory, or a tree of some levels: parents before what is in them, names in the order of their bytes.
///
/// There are no pages: a list of over 100,000 entries is refused.
#[utoipa::path(
    get,
    path = "/volumecontent/{volume}/dir",
    operation_id = "listVolumeDirectory",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
        ("depth" = Option<u32>, Query, description = "Levels to list, 1 to 10; 1 if absent or 0"),
    ),
    responses(
        (status = 200, body = Vec<VolumeEntryStat>),
        (status = 404, body = ErrorBody, description = "No such volume or path"),
        Refusals,
    )
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
) -> Result<Json<Vec<VolumeEntryStat>>, ApiError> {
    let query = Query::read(&uri, &["path", "depth"])?;
    let path = path(&query)?;
    let depth = query.number("depth", 0, u32::MAX)?.unwrap_or(1).max(1);
    if depth > DEPTH_MAX {
        return Err(ApiError::parameter("depth", "must be between 1 and 10"));
    }
    let operation = Operation::start("list", &state.clock);
    Ok(Json(operation.end(tree(&state, volume, path, depth as usize).await)?))
}

/// The entries below `top`, of so many levels. Directories that vanish meanwhile are skipped.
async fn tree(
    state: &ApiState,
    volume: VolumeId,
    top: FilePath,
    depth: usize,
) -> Result<Vec<VolumeEntryStat>, ApiError> {
    let mut entries = Vec::new();
    // What is still to be shown, the next one last: a path, what it is, and its level.
    let mut ahead: Vec<(FilePath, DirectoryEntry, usize)> = Vec::new();
    push(&mut ahead, &top, directory(state, volume, &top).await?, 1);
    while let Some((path, entry, level)) = ahead.pop() {
        if entries.len() + ahead.len() >= VOLUME_LIST_MAX_ENTRIES {
            let message = "the list has too many entries for one answer; list less deeply, or use GET \
                           /filesystems/{id}/files/{path}?list=true, which has pages";
            return Err(ApiError::new(ErrorCode::InvalidParameter, message));
        }
        match entry.metadata.kind {
            FileKind::Symlink => match stat(&*state.files, volume, &path).await {
                Ok(shown) => entries.push(shown),
                Err(error) if error.code() == ErrorCode::PathNotFound => {}
                Err(error) => return Err(error),
            },
            FileKind::Directory => {
                entries.push(VolumeEntryStat::new(&path, &entry.metadata));
                if level < depth {
                    match directory(state, volume, &path).await {
                        Ok(below) => push(&mut ahead, &path, below, level + 1),
                        Err(FilesError::NotFound | FilesError::NotADirectory) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            FileKind::File
            | FileKind::Fifo
            | FileKind::Socket
            | FileKind::CharDevice
            | FileKind::BlockDevice => entries.push(VolumeEntryStat::new(&path, &entry.metadata)),
        }
    }
    Ok(entries)
}

/// One directory by name; no more of it than an answer may have.
async fn directory(
    state: &ApiState,
    volume: VolumeId,
    dir: &FilePath,
) -> Result<Vec<DirectoryEntry>, FilesError> {
    let mut entries: Vec<DirectoryEntry> = Vec::new();
    while entries.len() <= VOLUME_LIST_MAX_ENTRIES {
        let after = entries.last().map(|entry| entry.cookie);
        let page = state.files.list(&volume.into(), dir, after, LIST_PAGE_MAX_ENTRIES).await?;
        let end = page.end || page.entries.is_empty();
        entries.extend(page.entries);
        if end {
            break;
        }
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

fn push(
    ahead: &mut Vec<(FilePath, DirectoryEntry, usize)>,
    dir: &FilePath,
    entries: Vec<DirectoryEntry>,
    level: usize,
) {
    ahead.extend(entries.into_iter().rev().map(|entry| (dir.join(entry.name.clone()), entry, level)));
}

/// Makes a directory.
///
/// Without `force` its parent must be there and its name free. With `force` missing parents are made, and a directory that
/// exists is left as it is.
#[utoipa::path(
    post,
    path = "/volumecontent/{volume}/dir",
    operation_id = "makeVolumeDirectory",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
        ("uid" = Option<u32>, Query, description = "Owner; 9090 if absent"),
        ("gid" = Option<u32>, Query, description = "Group; 9090 if absent"),
        ("mode" = Option<u32>, Query, description = "Permission bits as a decimal number; 511 (0777) if absent"),
        ("force" = Option<bool>, Query, description = "Make missing parents, and take a directory that exists"),
    ),
    responses(
        (status = 201, body = VolumeEntryStat),
        (status = 404, body = ErrorBody, description = "No such volume, or no parent"),
        (status = 409, body = ErrorBody, description = "The path exists"),
        (status = 507, body = ErrorBody, description = "The volume's limit would be passed"),
        Refusals,
    )
)]
pub(super) async fn make(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
) -> Result<(StatusCode, Json<VolumeEntryStat>), ApiError> {
    let query = Query::read(&uri, &["path", "uid", "gid", "mode", "force"])?;
    let path = path(&query)?;
    let force = query.flag("force", false)?;
    let ownership = ownership(&query, DIRECTORY_MODE)?;
    let parents = if force { Parents::Make { mode: DIRECTORY_MODE } } else { Parents::Require };
    let made = detached(async move {
        let operation = Operation::start("mkdir", &state.clock);
        let made = state.files.make_directory(volume, &path, ownership, parents).await;
        match operation.end(made.map_err(ApiError::from))? {
            made if made.created || force => Ok(VolumeEntryStat::new(&path, &made.metadata)),
            _ => Err(exists()),
        }
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}
