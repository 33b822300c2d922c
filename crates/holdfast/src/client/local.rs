//! One file between this machine and a filesystem, streamed: memory does not grow with it.
//!
//! A download appears under its name when it is whole; until then it has another name beside it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use futures::stream;
use reqwest::header::{CONTENT_LENGTH, IF_NONE_MATCH};
use reqwest::{Body, Method};
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::files::OwnerArgs;
use super::http::Client;
use super::place::Place;
use crate::exit::{Exit, Failure};

/// Bytes read from a file at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Whether the path stands for stdin or stdout.
pub(super) fn is_stdio(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A name of a filesystem as this machine's.
pub(super) fn os_name(name: &[u8]) -> OsString {
    OsString::from_vec(name.to_vec())
}

/// A name of this machine as a filesystem's.
pub(super) fn bytes_of(name: &OsStr) -> Vec<u8> {
    name.as_bytes().to_vec()
}

/// A failure of this machine's files.
pub(super) fn failed(path: &Path, error: &std::io::Error) -> Failure {
    let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
    Failure::because(exit, path.display(), error)
}

/// Writes a file's content to stdout.
pub(super) async fn to_stdout(client: &Client, place: &Place) -> Result<(), Failure> {
    let mut out = tokio::io::stdout();
    copy(client, place, Path::new("stdout"), &mut out).await?;
    Ok(())
}

/// Writes a file's content to `target`, with these permission bits; says how many bytes it has.
pub(super) async fn download(
    client: &Client,
    place: &Place,
    target: &Path,
    mode: Option<u32>,
) -> Result<u64, Failure> {
    let part = beside(target);
    let copied = async {
        let mut file = File::create(&part).await.map_err(|error| failed(&part, &error))?;
        let bytes = copy(client, place, &part, &mut file).await?;
        if let Some(mode) = mode {
            let permissions = std::fs::Permissions::from_mode(mode & 0o777);
            file.set_permissions(permissions).await.map_err(|error| failed(&part, &error))?;
        }
        Ok(bytes)
    };
    let copied = copied.await;
    let ended = match &copied {
        Ok(_) => tokio::fs::rename(&part, target).await,
        Err(_) => tokio::fs::remove_file(&part).await,
    };
    match (copied, ended) {
        (Ok(bytes), Ok(())) => Ok(bytes),
        (Ok(_), Err(error)) => Err(failed(target, &error)),
        // The first failure is the one to tell.
        (Err(failure), _) => Err(failure),
    }
}

async fn copy(
    client: &Client,
    place: &Place,
    name: &Path,
    out: &mut (impl AsyncWrite + Unpin),
) -> Result<u64, Failure> {
    let mut response = client.send(client.request(Method::GET, &place.route())).await?;
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| client.broken(&error))? {
        bytes += chunk.len() as u64;
        out.write_all(&chunk).await.map_err(|error| failed(name, &error))?;
    }
    out.flush().await.map_err(|error| failed(name, &error))?;
    Ok(bytes)
}

/// Makes a file of this machine, or stdin, the content of `place`; gives the entry it has become.
pub(super) async fn upload(
    client: &Client,
    source: &Path,
    place: &Place,
    owner: &OwnerArgs,
    new: bool,
) -> Result<Value, Failure> {
    let mut request = client.request(Method::PUT, &place.route());
    if new {
        request = request.header(IF_NONE_MATCH, "*");
    }
    if is_stdio(source) {
        return client.json(request.query(&owner.query(None)).body(body(tokio::io::stdin()))).await;
    }
    let file = File::open(source).await.map_err(|error| failed(source, &error))?;
    let metadata = file.metadata().await.map_err(|error| failed(source, &error))?;
    if metadata.is_dir() {
        let message = format!("{} is a directory: add --recursive", source.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    request = request.query(&owner.query(Some(metadata.permissions().mode() & 0o777)));
    if metadata.is_file() {
        // Announced, so that what cannot fit is refused before it is sent; and no more is sent than was announced.
        request = request.header(CONTENT_LENGTH, metadata.len()).body(body(file.take(metadata.len())));
    } else {
        request = request.body(body(file));
    }
    client.json(request).await
}

fn body(source: impl AsyncRead + Send + Unpin + 'static) -> Body {
    Body::wrap_stream(stream::try_unfold(source, |mut source| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        let read = source.read_buf(&mut chunk).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (chunk.freeze(), source)))
    }))
}

/// The name of an unfinished download.
fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".holdfast-part");
    target.with_file_name(name)
}
