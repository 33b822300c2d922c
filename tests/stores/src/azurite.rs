//! Microsoft's emulator of Azure Blob Storage as a child process.
//!
//! `tests/stores/setup` puts it into `target/azurite`. It keeps everything in memory. The child ends with the value,
//! also when a test fails.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The emulator's well-known account.
const ACCOUNT: &str = "devstoreaccount1";
/// The account's well-known key.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const READY: &str = "successfully listens on ";
const API_VERSION: &str = "2021-08-06";

/// A running emulator. Dropping it kills it.
pub struct Azurite {
    url: String,
    _child: Child,
}

impl Azurite {
    /// The program, where the set-up puts it.
    pub fn program() -> PathBuf {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        root.join("target/azurite/node_modules/azurite/dist/src/blob/main.js")
    }

    /// Starts the emulator on a free port and makes a container.
    ///
    /// # Errors
    /// If it is not there, does not start, or refuses the container.
    pub async fn start(container: &str) -> io::Result<Self> {
        let program = Self::program();
        if !program.is_file() {
            let what = format!("{} is missing: run tests/stores/setup", program.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, what));
        }
        let mut child = Command::new("node")
            .arg(program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence"])
            .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
        let mut lines = BufReader::new(stdout).lines();
        let url = loop {
            let line = lines.next_line().await?.ok_or_else(|| io::Error::other("the emulator ended"))?;
            if let Some((_, url)) = line.split_once(READY) {
                break url.trim().to_owned();
            }
        };
        // What it says later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let started = Self { url, _child: child };
        started.make_container(container).await?;
        Ok(started)
    }

    /// The environment of a client, as for any account.
    pub fn variables(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
            ("AZURE_STORAGE_ENDPOINT", format!("{}/{ACCOUNT}", self.url)),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// PUT of a container, signed with the shared key as Azure documents it.
    async fn make_container(&self, container: &str) -> io::Result<()> {
        let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = format!("x-ms-date:{date}\nx-ms-version:{API_VERSION}");
        let resource = format!("/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container");
        // The verb, and eleven headers that are not there.
        let to_sign = format!("PUT{}\n{headers}\n{resource}", "\n".repeat(11));
        let key = BASE64_STANDARD.decode(KEY).map_err(io::Error::other)?;
        let signature = BASE64_STANDARD.encode(hmac_sha256(&key, to_sign.as_bytes()));
        let answer = reqwest::Client::new()
            .put(format!("{}/{ACCOUNT}/{container}?restype=container", self.url))
            .header("x-ms-date", date)
            .header("x-ms-version", API_VERSION)
            .header("content-length", "0")
            .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
            .send()
            .await
            .map_err(io::Error::other)?;
        if answer.status().is_success() {
            return Ok(());
        }
        let status = answer.status();
        let body = answer.text().await.map_err(io::Error::other)?;
        Err(io::Error::other(format!("the emulator refused the container: {status} {body}")))
    }
}

/// RFC 2104, for keys of up to a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK_BYTES: usize = 64;
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let digest = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
