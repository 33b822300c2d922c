//! Members of an archive become files.
//!
//! Small files are written many at once, because each waits for its durability; large ones stream one at a time. Two
//! members of one path keep their order, and a hard link waits for the file that it names.

use std::collections::HashSet;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use holdfast_base::VolumeId;
use holdfast_base::limits::{NFS_IO_MAX_BYTES, TAR_IMPORTS_AT_ONCE, TAR_SMALL_FILE_MAX_BYTES};
use tokio::sync::mpsc;

use super::archive::Archive;
use super::header::{Header, Kind};
use crate::error::{ApiError, ErrorCode};
use crate::files::{
    Changes, Files, FilesError, Ownership, Parents, Precondition, PutRequest, Upload, UploadError,
};
use crate::metrics;
use crate::paths::FilePath;

/// What an import brought in.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Imported {
    /// Regular files.
    files: u64,
    /// Directories that were members of the archive.
    directories: u64,
    /// Symbolic and hard links.
    links: u64,
    /// Devices, pipes and other members that were left out.
    skipped: u64,
    /// Bytes of file content.
    bytes: u64,
}

/// Imports everything in `archive` into the directory `into`.
pub(super) async fn run(
    files: &dyn Files,
    volume: VolumeId,
    into: &FilePath,
    mut archive: Archive,
) -> Result<Imported, ApiError> {
    let mut importer = Importer {
        files,
        volume,
        running: FuturesUnordered::new(),
        paths: HashSet::new(),
        done: Imported::default(),
    };
    while let Some(header) = archive.next().await? {
        let path = within(into, &header.path)?;
        let taken = importer.member(&path, &header, into, &mut archive).await;
        taken.map_err(|error| named(&path, error))?;
    }
    importer.finish_all().await?;
    Ok(importer.done)
}

struct Importer<'a> {
    files: &'a dyn Files,
    volume: VolumeId,
    running: FuturesUnordered<BoxFuture<'a, (FilePath, Result<(), ApiError>)>>,
    /// Of the files that are being written.
    paths: HashSet<FilePath>,
    done: Imported,
}

impl Importer<'_> {
    async fn member(
        &mut self,
        path: &FilePath,
        header: &Header,
        into: &FilePath,
        archive: &mut Archive,
    ) -> Result<(), ApiError> {
        if self.paths.contains(path) {
            self.finish_all().await?;
        }
        match header.kind {
            // The directory that the archive was made of; it is there.
            _ if path == into => return Ok(()),
            Kind::File => self.file(path, header, archive).await?,
            Kind::Directory => self.directory(path, header).await?,
            Kind::Symlink => self.symlink(path, header).await?,
            Kind::Link => self.link(path, &within(into, &header.link)?).await?,
            Kind::Other | Kind::Extended | Kind::Global | Kind::LongName | Kind::LongLink => {
                self.done.skipped += 1
            }
        }
        Ok(())
    }

    async fn file(
        &mut self,
        path: &FilePath,
        header: &Header,
        archive: &mut Archive,
    ) -> Result<(), ApiError> {
        let request = PutRequest {
            ownership: ownership(header),
            precondition: Precondition::None,
            parents: Parents::default(),
            expected_bytes: Some(header.size),
        };
        self.done.files += 1;
        self.done.bytes += header.size;
        if header.size > TAR_SMALL_FILE_MAX_BYTES {
            return stream(self.files, self.volume, path, request, archive).await;
        }
        let content = archive.whole().await?;
        while self.running.len() >= TAR_IMPORTS_AT_ONCE {
            self.finish_one().await?;
        }
        let (files, volume, path) = (self.files, self.volume, path.clone());
        self.paths.insert(path.clone());
        let write = async move {
            let body: Upload = futures::stream::iter([Ok(content)]).boxed();
            let written = files.put(volume, &path, request, body).await.map_err(ApiError::from);
            (path, written.map(|made| metrics::bytes_written(made.metadata.size)))
        };
        self.running.push(write.boxed());
        Ok(())
    }

    async fn directory(&mut self, path: &FilePath, header: &Header) -> Result<(), ApiError> {
        let owner = ownership(header);
        let made = self.files.make_directory(self.volume, path, owner, Parents::default()).await?;
        if !made.created {
            let Ownership { mode, uid, gid } = owner;
            self.files.change(self.volume, path, true, Changes { mode, uid, gid, size: None }).await?;
        }
        self.done.directories += 1;
        Ok(())
    }

    async fn symlink(&mut self, path: &FilePath, header: &Header) -> Result<(), ApiError> {
        let (files, volume, owner) = (self.files, self.volume, ownership(header));
        let target = Bytes::copy_from_slice(&header.link);
        match files.make_symlink(volume, path, target.clone(), owner).await {
            Err(FilesError::Exists) => {
                files.remove(volume, path, false).await?;
                files.make_symlink(volume, path, target, owner).await?;
            }
            other => {
                other?;
            }
        }
        self.done.links += 1;
        Ok(())
    }

    async fn link(&mut self, path: &FilePath, existing: &FilePath) -> Result<(), ApiError> {
        self.finish_all().await?;
        let (files, volume) = (self.files, self.volume);
        match files.make_link(volume, path, existing).await {
            Err(FilesError::Exists) if path != existing => {
                files.remove(volume, path, false).await?;
                files.make_link(volume, path, existing).await?;
            }
            Err(FilesError::Exists) => {}
            other => {
                other?;
            }
        }
        self.done.links += 1;
        Ok(())
    }

    async fn finish_one(&mut self) -> Result<(), ApiError> {
        if let Some((path, written)) = self.running.next().await {
            self.paths.remove(&path);
            written.map_err(|error| named(&path, error))?;
        }
        Ok(())
    }

    async fn finish_all(&mut self) -> Result<(), ApiError> {
        while !self.running.is_empty() {
            self.finish_one().await?;
        }
        Ok(())
    }
}

/// Writes the present member of the archive as it comes.
async fn stream(
    files: &dyn Files,
    volume: VolumeId,
    path: &FilePath,
    request: PutRequest,
    archive: &mut Archive,
) -> Result<(), ApiError> {
    let (pieces, received) = mpsc::channel::<Result<Bytes, UploadError>>(1);
    let body = futures::stream::unfold(received, |mut received| async move {
        received.recv().await.map(|piece| (piece, received))
    });
    let feed = async move {
        while let Some(piece) = archive.content(NFS_IO_MAX_BYTES as usize).await.transpose() {
            let last = piece.is_err();
            // Nobody takes it: the write has failed and says why.
            if pieces.send(piece).await.is_err() || last {
                break;
            }
        }
    };
    let (written, ()) = futures::join!(files.put(volume, path, request, body.boxed()), feed);
    metrics::bytes_written(written?.metadata.size);
    Ok(())
}

fn ownership(header: &Header) -> Ownership {
    Ownership { uid: Some(header.uid), gid: Some(header.gid), mode: Some(header.mode) }
}

/// The path of a member below `into`. The rules for paths keep it there.
fn within(into: &FilePath, member: &[u8]) -> Result<FilePath, ApiError> {
    let below = FilePath::from_bytes(member).map_err(|error| {
        let shown: String = String::from_utf8_lossy(member).chars().take(200).collect();
        ApiError::new(ErrorCode::InvalidPath, format!("the archive's entry `{shown}`: {error}"))
    })?;
    let path = below.components().iter().fold(into.clone(), |path, name| path.join(name.clone()));
    Ok(FilePath::from_bytes(&path.to_bytes())?)
}

/// An error with the entry that it is about; once.
fn named(path: &FilePath, error: ApiError) -> ApiError {
    let text = format!("`{path}`: ");
    if error.message().starts_with('`') { error } else { error.prefixed(&text) }
}
