//! How a file is shown.

use crate::content::etag;
use crate::files::{FileKind, Metadata};
use crate::paths::{FilePath, percent_encode};
use crate::times::rfc3339;

/// A file, directory or other entry.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Its name. Bytes that are not UTF-8 show as U+FFFD; `encodedName` is exact then.
    #[schema(example = "notes.txt")]
    pub name: String,
    /// The percent-encoded name, for names that are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_name: Option<String>,
    /// Its path from the root of the filesystem.
    #[schema(example = "/docs/notes.txt")]
    pub path: String,
    /// Kind of file.
    #[serde(rename = "type")]
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits in octal, with setuid, setgid and sticky.
    #[schema(example = "0644")]
    pub mode: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub links: u32,
    /// Last access (RFC 3339).
    #[schema(format = DateTime)]
    pub accessed_at: String,
    /// Last change of the content (RFC 3339).
    #[schema(format = DateTime)]
    pub modified_at: String,
    /// Last change of the content, the owner, the mode or the links (RFC 3339).
    #[schema(format = DateTime)]
    pub changed_at: String,
    /// The version of a file's content, as in the header `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"2a.17a0c\"")]
    pub etag: Option<String>,
    /// Where a symbolic link points, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Entry {
    pub fn new(path: &FilePath, metadata: &Metadata) -> Self {
        let name = path.name().map_or(b"/".as_slice(), |name| name);
        let exact = std::str::from_utf8(name).is_ok();
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            encoded_name: (!exact).then(|| percent_encode(name)),
            path: path.to_string(),
            kind: metadata.kind,
            size: metadata.size,
            mode: format!("{:04o}", metadata.mode),
            uid: metadata.uid,
            gid: metadata.gid,
            links: metadata.links,
            accessed_at: rfc3339(metadata.accessed_at),
            modified_at: rfc3339(metadata.modified_at),
            changed_at: rfc3339(metadata.changed_at),
            etag: (metadata.kind == FileKind::File).then(|| etag::format(metadata.version)),
            target: metadata.target.as_ref().map(|target| String::from_utf8_lossy(target).into_owned()),
        }
    }
}
