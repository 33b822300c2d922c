//! How E2B's SDKs see a file.

use holdfast_base::VolumeId;

use crate::error::ApiError;
use crate::files::{FileKind, Files, FilesError, Metadata};
use crate::paths::FilePath;
use crate::times::rfc3339;

/// A file, directory or link in a volume.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct VolumeEntryStat {
    /// Its name; `/` for the root.
    name: String,
    /// `file`, `directory`, `symlink`, or `unknown`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its path from the root of the volume.
    path: String,
    /// Size in bytes.
    size: u64,
    /// Permission bits, as a number.
    #[schema(example = 438)]
    mode: u32,
    /// Owner.
    uid: u32,
    /// Group.
    gid: u32,
    /// Last access (RFC 3339).
    #[schema(format = DateTime)]
    atime: String,
    /// Last change of the content (RFC 3339).
    #[schema(format = DateTime)]
    mtime: String,
    /// Last change of the inode (RFC 3339).
    #[schema(format = DateTime)]
    ctime: String,
    /// Where a symbolic link points.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

/// The bits that these routes show of a mode.
const SHOWN_MODE: u32 = 0o777;

impl VolumeEntryStat {
    pub fn new(path: &FilePath, metadata: &Metadata) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            name: path.name().map_or_else(|| "/".to_owned(), |name| text(name)),
            kind: match metadata.kind {
                FileKind::File => "file",
                FileKind::Directory => "directory",
                FileKind::Symlink => "symlink",
                FileKind::Fifo | FileKind::Socket | FileKind::CharDevice | FileKind::BlockDevice => "unknown",
            },
            path: path.to_string(),
            size: metadata.size,
            mode: metadata.mode & SHOWN_MODE,
            uid: metadata.uid,
            gid: metadata.gid,
            atime: rfc3339(metadata.accessed_at),
            mtime: rfc3339(metadata.modified_at),
            ctime: rfc3339(metadata.changed_at),
            target: metadata.target.as_deref().map(text),
        }
    }
}

/// What is at `path`. A symbolic link shows as what it leads to, with its target beside it; one that leads nowhere is
/// `unknown`.
pub(super) async fn stat(
    files: &dyn Files,
    volume: VolumeId,
    path: &FilePath,
) -> Result<VolumeEntryStat, ApiError> {
    let itself = files.stat(&volume.into(), path, false).await?;
    if itself.kind != FileKind::Symlink {
        return Ok(VolumeEntryStat::new(path, &itself));
    }
    let shown = match files.stat(&volume.into(), path, true).await {
        Ok(behind) => VolumeEntryStat::new(path, &Metadata { target: itself.target, ..behind }),
        Err(FilesError::NotFound | FilesError::NotADirectory | FilesError::TooManySymlinks) => {
            VolumeEntryStat { kind: "unknown", ..VolumeEntryStat::new(path, &itself) }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(shown)
}
