//! A directory as an archive: parents before what is in them, made while it is sent.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use holdfast_base::VolumeId;
use holdfast_base::limits::{TAR_LINKS_MAX, TAR_STEADY_FILE_MAX_BYTES};
use tokio::sync::mpsc;

use super::header::{BLOCK_BYTES, Header, Kind, padding};
use crate::error::ApiError;
use crate::files::{DirectoryEntry, FileKind, Files, FilesError, Metadata};
use crate::metrics::{self, Operation};
use crate::paths::FilePath;

/// Entries fetched of one directory at a time.
const PAGE_ENTRIES: usize = 256;
/// Times that a file is read again because it changed meanwhile.
const TRIES: usize = 5;
/// Pieces that wait for the client.
const PIECES_AHEAD: usize = 4;

/// The bytes of the archive. A failure breaks the transfer off, so that nobody takes half an archive for a whole one.
pub(super) fn stream(
    files: Arc<dyn Files>,
    volume: VolumeId,
    top: FilePath,
    mut operation: Operation,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    let (out, pieces) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(async move {
        let mut export = Export { files: &*files, volume, top: &top, out: &out, links: HashMap::new() };
        match export.run().await {
            Ok(()) => operation.succeeded(),
            // Nobody listens any more; the operation counts as aborted.
            Err(Stop::Gone) => {}
            Err(Stop::Failed(error)) => {
                let error = ApiError::from(error);
                tracing::error!(error = error.code().as_str(), cause = ?error, "an export was broken off");
                operation.failed(&error);
                // If nobody listens any more, nobody needs to know.
                let _ = out.send(Err(error)).await;
            }
        }
    });
    futures::stream::unfold(
        pieces,
        |mut pieces| async move { pieces.recv().await.map(|piece| (piece, pieces)) },
    )
}

/// Why an export ended early.
enum Stop {
    Gone,
    Failed(FilesError),
}

impl From<FilesError> for Stop {
    fn from(error: FilesError) -> Self {
        Self::Failed(error)
    }
}

struct Export<'a> {
    files: &'a dyn Files,
    volume: VolumeId,
    top: &'a FilePath,
    out: &'a mpsc::Sender<Result<Bytes, ApiError>>,
    /// The first name of files that have several, by inode. Bounded: past that, further names are copies.
    links: HashMap<u64, Vec<u8>>,
}

/// A directory on the way to the present entry.
struct Level {
    dir: FilePath,
    after: Option<u64>,
    ready: VecDeque<DirectoryEntry>,
    end: bool,
}

impl Level {
    fn new(dir: FilePath) -> Self {
        Self { dir, after: None, ready: VecDeque::new(), end: false }
    }
}

impl Export<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        let mut levels = vec![Level::new(self.top.clone())];
        while let Some(level) = levels.last_mut() {
            let Some(entry) = level.ready.pop_front() else {
                if level.end {
                    levels.pop();
                    continue;
                }
                match self.files.list(&self.volume.into(), &level.dir, level.after, PAGE_ENTRIES).await {
                    Ok(page) => {
                        level.end = page.end || page.entries.is_empty();
                        level.ready = page.entries.into();
                    }
                    // Gone since its parent was listed.
                    Err(FilesError::NotFound | FilesError::NotADirectory) => level.end = true,
                    Err(error) => return Err(error.into()),
                }
                continue;
            };
            level.after = Some(entry.cookie);
            let path = level.dir.join(entry.name.clone());
            match self.entry(&path, &entry.metadata).await {
                Ok(()) if entry.metadata.kind == FileKind::Directory => levels.push(Level::new(path)),
                // It was removed, or became something else, since its directory was listed.
                Ok(())
                | Err(Stop::Failed(
                    FilesError::NotFound | FilesError::NotRegular | FilesError::IsADirectory,
                )) => {}
                Err(stop) => return Err(stop),
            }
        }
        self.send(Bytes::from_static(&[0; 2 * BLOCK_BYTES])).await
    }

    async fn entry(&mut self, path: &FilePath, metadata: &Metadata) -> Result<(), Stop> {
        match metadata.kind {
            FileKind::Directory => {
                let mut header = self.header(Kind::Directory, path, metadata);
                header.path.push(b'/');
                self.send(header.write().into()).await
            }
            FileKind::Symlink => {
                let link = self.files.stat(&self.volume.into(), path, false).await?;
                let mut header = self.header(Kind::Symlink, path, &link);
                header.link = link.target.unwrap_or_default().to_vec();
                self.send(header.write().into()).await
            }
            FileKind::File => match self.first_name(metadata) {
                Some(first) => {
                    let mut header = self.header(Kind::Link, path, metadata);
                    header.link = first;
                    self.send(header.write().into()).await
                }
                None => {
                    self.file(path).await?;
                    self.remember(path, metadata);
                    Ok(())
                }
            },
            FileKind::Fifo => self.send(self.header(Kind::Other, path, metadata).write().into()).await,
            FileKind::Socket | FileKind::CharDevice | FileKind::BlockDevice => Ok(()),
        }
    }

    /// The name under which the same file was sent already.
    fn first_name(&self, metadata: &Metadata) -> Option<Vec<u8>> {
        self.links.get(&metadata.version.inode).filter(|_| metadata.links > 1).cloned()
    }

    fn remember(&mut self, path: &FilePath, metadata: &Metadata) {
        if metadata.links > 1 && self.links.len() < TAR_LINKS_MAX {
            self.links.insert(metadata.version.inode, self.name(path));
        }
    }

    async fn file(&self, path: &FilePath) -> Result<(), Stop> {
        for _ in 0..TRIES {
            let opened = self.files.open(&self.volume.into(), path).await?;
            let size = opened.metadata.size;
            let header = Header { size, ..self.header(Kind::File, path, &opened.metadata) };
            let mut content = opened.content.read(0..size);
            if size > TAR_STEADY_FILE_MAX_BYTES {
                self.send(header.write().into()).await?;
                while let Some(piece) = content.try_next().await? {
                    self.send_content(piece).await?;
                }
                return self.send(vec![0; padding(size)].into()).await;
            }
            // Whole before its header is sent, so that it can be read again.
            let pieces: Vec<Bytes> = match content.try_collect().await {
                Err(FilesError::Changed) => continue,
                other => other?,
            };
            self.send(header.write().into()).await?;
            for piece in pieces {
                self.send_content(piece).await?;
            }
            return self.send(vec![0; padding(size)].into()).await;
        }
        Err(FilesError::Changed.into())
    }

    fn header(&self, kind: Kind, path: &FilePath, metadata: &Metadata) -> Header {
        let Metadata { mode, uid, gid, .. } = *metadata;
        Header { kind, path: self.name(path), link: Vec::new(), mode, uid, gid, size: 0 }
    }

    /// A path relative to the top.
    fn name(&self, path: &FilePath) -> Vec<u8> {
        path.components()[self.top.components().len()..].join(&b'/')
    }

    async fn send_content(&self, piece: Bytes) -> Result<(), Stop> {
        metrics::bytes_read(piece.len() as u64);
        self.send(piece).await
    }

    async fn send(&self, piece: Bytes) -> Result<(), Stop> {
        if piece.is_empty() {
            return Ok(());
        }
        self.out.send(Ok(piece)).await.map_err(|_| Stop::Gone)
    }
}
