//! `?list=true`: a directory, or a tree of some levels, page by page.
//!
//! Parents come before what is in them; a directory's entries come in the order of their cookies, which stay good
//! however it changes. A cursor holds the names and cookies on the way to the last entry. Directories that vanish during a walk
//! are skipped; links to directories are not walked into.

use std::collections::VecDeque;

use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_base::limits::NAME_MAX_BYTES;

use crate::content::entry::Entry;
use crate::content::target::Target;
use crate::error::ApiError;
use crate::files::{DirectoryEntry, FileKind, FilesError};
use crate::metrics::Operation;
use crate::paths::FilePath;
use crate::query::Query;
use crate::state::ApiState;

/// Part of a directory or tree.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Entries {
    /// The entries.
    entries: Vec<Entry>,
    /// Where the list goes on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Answers a request for a list.
pub(super) async fn answer(state: &ApiState, target: &Target, query: &Query) -> Result<Response, ApiError> {
    let depth = query.number("depth", 1, state.limits.list_depth_max)?.unwrap_or(1) as usize;
    let limit = query.number("limit", 1, state.limits.entries_page_max)?.unwrap_or(state.limits.page_default);
    let mut walk = match query.text("cursor")? {
        Some(cursor) => Walk::resume(&target.path, cursor, depth).ok_or_else(|| {
            ApiError::parameter("cursor", "must be one that an earlier answer gave, unchanged")
        })?,
        None => Walk(vec![Level::new(target.path.clone())]),
    };
    let operation = Operation::start("list", &state.clock);
    let page = operation.end(walk.page(state, target, depth, limit as usize).await)?;
    Ok(Json(page).into_response())
}

/// A directory on the way to the present entry.
struct Level {
    dir: FilePath,
    /// The cookie of the entry that was taken last.
    after: Option<u64>,
    /// Entries that were fetched and not taken yet.
    ready: VecDeque<DirectoryEntry>,
    /// Whether everything was fetched.
    end: bool,
}

impl Level {
    fn new(dir: FilePath) -> Self {
        Self { dir, after: None, ready: VecDeque::new(), end: false }
    }

    fn is_done(&self) -> bool {
        self.end && self.ready.is_empty()
    }
}

/// The directories from the top of the list to the present one.
struct Walk(Vec<Level>);

impl Walk {
    async fn page(
        &mut self,
        state: &ApiState,
        target: &Target,
        depth: usize,
        limit: usize,
    ) -> Result<Entries, ApiError> {
        let mut entries = Vec::new();
        let view = target.view();
        while entries.len() < limit {
            let (levels, Some(level)) = (self.0.len(), self.0.last_mut()) else { break };
            if level.is_done() {
                self.0.pop();
                continue;
            }
            let Some(entry) = level.ready.pop_front() else {
                match state.files.list(&view, &level.dir, level.after, limit - entries.len()).await {
                    Ok(directory) => {
                        level.end = directory.end || directory.entries.is_empty();
                        level.ready = directory.entries.into();
                    }
                    Err(FilesError::NotFound | FilesError::NotADirectory) if levels > 1 => level.end = true,
                    Err(error) => return Err(error.into()),
                }
                continue;
            };
            level.after = Some(entry.cookie);
            let path = level.dir.join(entry.name);
            entries.push(Entry::new(&path, &entry.metadata));
            if entry.metadata.kind == FileKind::Directory && levels < depth {
                self.0.push(Level::new(path));
            }
        }
        while self.0.last().is_some_and(Level::is_done) {
            self.0.pop();
        }
        Ok(Entries { entries, cursor: self.cursor() })
    }

    /// For each level whether a cookie follows, the cookie, and the name (none for the top) after its length; in hex.
    fn cursor(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut bytes = Vec::new();
        for (index, level) in self.0.iter().enumerate() {
            bytes.push(u8::from(level.after.is_some()));
            bytes.extend_from_slice(&level.after.unwrap_or(0).to_be_bytes());
            let name = level.dir.name().filter(|_| index > 0).cloned().unwrap_or_default();
            // Names are at most 255 bytes; the constant assertion below keeps that true.
            bytes.push(name.len() as u8);
            bytes.extend_from_slice(&name);
        }
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn resume(top: &FilePath, cursor: &str, depth: usize) -> Option<Self> {
        let bytes = unhex(cursor)?;
        let mut rest = bytes.as_slice();
        let mut levels: Vec<Level> = Vec::new();
        while !rest.is_empty() && levels.len() < depth {
            let (head, tail) = rest.split_at_checked(10)?;
            let (name, tail) = tail.split_at_checked(usize::from(head[9]))?;
            rest = tail;
            let after = match head[0] {
                0 => None,
                1 => Some(u64::from_be_bytes(head[1..9].try_into().ok()?)),
                _ => return None,
            };
            let dir = match levels.last() {
                None if name.is_empty() => top.clone(),
                // A name that is no single component would lead out of its directory.
                Some(level) if is_component(name) => level.dir.join(Bytes::copy_from_slice(name)),
                _ => return None,
            };
            levels.push(Level { after, ..Level::new(dir) });
        }
        (rest.is_empty() && !levels.is_empty()).then_some(Self(levels))
    }
}

const _: () = assert!(NAME_MAX_BYTES <= u8::MAX as usize);

fn is_component(name: &[u8]) -> bool {
    FilePath::from_bytes(name).is_ok_and(|path| matches!(path.components(), [one] if one == name))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FilePath {
        FilePath::from_bytes(text.as_bytes()).unwrap()
    }

    fn walk() -> Walk {
        let level = |dir: &str, after| Level { after, ..Level::new(path(dir)) };
        Walk(vec![level("/top", Some(7)), level("/top/a", Some(u64::MAX)), level("/top/a/b", None)])
    }

    #[test]
    fn a_cursor_leads_back_to_the_same_place() {
        let cursor = walk().cursor().unwrap();
        let back = Walk::resume(&path("/top"), &cursor, 3).unwrap();
        let places: Vec<_> = back.0.iter().map(|level| (level.dir.to_string(), level.after)).collect();
        let expected: Vec<_> = walk().0.iter().map(|level| (level.dir.to_string(), level.after)).collect();
        assert_eq!(places, expected);
        assert!(Walk(Vec::new()).cursor().is_none());
    }

    #[test]
    fn a_forged_cursor_cannot_leave_the_directory() {
        let forged = |name: &[u8]| {
            let mut bytes = vec![0; 10];
            bytes.extend([0; 9]);
            bytes.push(name.len() as u8);
            bytes.extend(name);
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        assert!(Walk::resume(&path("/"), &forged(b"ok"), 2).is_some());
        for name in [b"..".as_slice(), b".", b"", b"a/b", b"/a", b"a/", b"\0"] {
            assert!(Walk::resume(&path("/"), &forged(name), 2).is_none(), "{name:?}");
        }
        let good = walk().cursor().unwrap();
        assert!(Walk::resume(&path("/top"), &good, 2).is_none(), "deeper than asked for");
        for wrong in ["", "zz", "0", "00", "é", &good[..good.len() - 2], &format!("{good}00")] {
            assert!(Walk::resume(&path("/top"), wrong, 3).is_none(), "{wrong}");
        }
    }
}
