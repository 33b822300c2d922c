//! Which store a URL names, and the client for it.
//!
//! Credentials and endpoints come from each vendor's usual environment variables, which are passed in; none is in the
//! URL, and none is logged. The clients' own retries are off: [`super::resilient`] does that for all stores alike.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_base::limits;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

/// Google's own variable for emulators, with or without `http://`.
const GCS_EMULATOR: &str = "STORAGE_EMULATOR_HOST";
/// Time to reach a store's address.
const CONNECT_TIMEOUT: &str = "5 seconds";

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no store.
    #[error(
        "it must be file:///path, gs://bucket/prefix, s3://bucket/prefix, az://container/prefix or memory://{0}"
    )]
    Url(&'static str),
    /// The directory of a `file://` store cannot be made.
    #[error("its directory cannot be made")]
    Directory(#[source] std::io::Error),
    /// The client refuses its settings or credentials.
    #[error(
        "the client for it cannot be set up; its settings come from the environment variables {variables}"
    )]
    Client {
        /// Where the settings come from.
        variables: &'static str,
        /// What is wrong.
        #[source]
        source: object_store::Error,
    },
}

/// A store as the client gives it.
pub(super) struct Location {
    pub objects: Arc<dyn ObjectStore>,
    /// The directory behind a `file://` store.
    pub directory: Option<PathBuf>,
}

impl Location {
    /// The store that `url` names, with its settings from `variables`.
    pub(super) fn find(url: &str, variables: &[(String, String)]) -> Result<Self, OpenError> {
        let (scheme, rest) = url.split_once("://").ok_or(OpenError::Url(""))?;
        match scheme {
            "file" => directory(rest),
            "memory" if rest.is_empty() => Ok(Self { objects: Arc::new(InMemory::new()), directory: None }),
            "memory" => Err(OpenError::Url("; memory:// has no path")),
            "gs" => bucket(rest, |name| google(name, variables)),
            "s3" => bucket(rest, |name| amazon(name, variables)),
            "az" => bucket(rest, |name| azure(name, variables)),
            _ => Err(OpenError::Url("")),
        }
    }
}

fn directory(path: &str) -> Result<Location, OpenError> {
    let directory = PathBuf::from(path);
    if !directory.is_absolute() {
        return Err(OpenError::Url("; a directory needs its absolute path"));
    }
    std::fs::create_dir_all(&directory).map_err(OpenError::Directory)?;
    let local = LocalFileSystem::new_with_prefix(&directory).map_err(client("of the server"))?;
    Ok(Location { objects: Arc::new(local.with_fsync(true)), directory: Some(directory) })
}

fn client(variables: &'static str) -> impl Fn(object_store::Error) -> OpenError {
    move |source| OpenError::Client { variables, source }
}

/// Splits `bucket/prefix` and puts all names below the prefix.
fn bucket(
    rest: &str,
    connect: impl Fn(&str) -> Result<Arc<dyn ObjectStore>, OpenError>,
) -> Result<Location, OpenError> {
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if name.is_empty() {
        return Err(OpenError::Url("; the bucket's name is missing"));
    }
    if rest.contains(['?', '#', '@']) {
        return Err(OpenError::Url("; credentials and options come from the environment, not from the URL"));
    }
    let prefix = Path::parse(prefix.trim_end_matches('/'))
        .map_err(|_| OpenError::Url("; the prefix has an empty part, `.` or `..`"))?;
    let whole = connect(name)?;
    let objects: Arc<dyn ObjectStore> =
        if prefix.is_root() { whole } else { Arc::new(PrefixStore::new(whole, prefix)) };
    Ok(Location { objects, directory: None })
}

/// Settings of every client, as pairs of its own keys.
fn settings() -> [(ClientConfigKey, String); 2] {
    // A second line only: attempts are bounded above, by what they move.
    let longest = limits::SEGMENT_MAX_BYTES / limits::STORE_MIN_BYTES_PER_SECOND;
    let timeout = Duration::from_millis(limits::STORE_ATTEMPT_TIMEOUT_MS) + Duration::from_secs(2 * longest);
    [
        (ClientConfigKey::ConnectTimeout, CONNECT_TIMEOUT.to_owned()),
        (ClientConfigKey::Timeout, format!("{} seconds", timeout.as_secs())),
    ]
}

fn no_retries() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 0, retry_timeout: Duration::ZERO }
}

/// What `variables` say to a client, in its own keys; variables that it does not know are somebody else's.
fn known<K: FromStr>(
    prefix: &'static str,
    variables: &[(String, String)],
) -> impl Iterator<Item = (K, String)> {
    let ours = variables.iter().filter(move |(name, _)| name.starts_with(prefix));
    ours.filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value.clone())))
}

fn amazon(bucket: &str, variables: &[(String, String)]) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket).with_retry(no_retries());
    let settings = settings().map(|(key, value)| (AmazonS3ConfigKey::Client(key), value));
    for (key, value) in known("AWS_", variables).chain(settings) {
        builder = builder.with_config(key, value);
    }
    Ok(Arc::new(builder.build().map_err(client("AWS_*"))?))
}

fn azure(container: &str, variables: &[(String, String)]) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let mut builder = MicrosoftAzureBuilder::new().with_container_name(container).with_retry(no_retries());
    let settings = settings().map(|(key, value)| (AzureConfigKey::Client(key), value));
    for (key, value) in known("AZURE_", variables).chain(settings) {
        builder = builder.with_config(key, value);
    }
    Ok(Arc::new(builder.build().map_err(client("AZURE_*"))?))
}

fn google(bucket: &str, variables: &[(String, String)]) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let mut builder = GoogleCloudStorageBuilder::new().with_bucket_name(bucket).with_retry(no_retries());
    let settings = settings().map(|(key, value)| (GoogleConfigKey::Client(key), value));
    for (key, value) in known("GOOGLE_", variables).chain(settings) {
        builder = builder.with_config(key, value);
    }
    if let Some((_, host)) = variables.iter().find(|(name, _)| name == GCS_EMULATOR) {
        let url = if host.contains("://") { host.clone() } else { format!("http://{host}") };
        // An emulator asks nobody who they are, and there is no metadata server to get a token from.
        builder = builder
            .with_config(GoogleConfigKey::BaseUrl, url.trim_end_matches('/'))
            .with_config(GoogleConfigKey::Client(ClientConfigKey::AllowHttp), "true")
            .with_bearer_token("emulator");
    }
    Ok(Arc::new(builder.build().map_err(client("GOOGLE_* and STORAGE_EMULATOR_HOST"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Location::find(url, &[]).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn urls_that_name_no_store_are_refused_with_a_reason() {
        for url in ["", "store", "ftp://x", "file://relative", "memory://x", "gs://", "s3:///prefix"] {
            assert!(refusal(url).starts_with("it must be file:///path"), "{url}: {}", refusal(url));
        }
        assert!(refusal("s3://key:secret@bucket/x").ends_with("not from the URL"));
        assert!(refusal("az://c?sig=abc").ends_with("not from the URL"));
        assert!(refusal("gs://bucket/a//b").contains("empty part"));
        assert!(!refusal("s3://key:secret@bucket/x").contains("secret"));
    }

    #[test]
    fn memory_and_directories_need_no_settings() {
        assert!(Location::find("memory://", &[]).is_ok());
        let dir = std::env::temp_dir().join(format!("holdfast-location-{}", std::process::id()));
        let found = Location::find(&format!("file://{}", dir.display()), &[]).unwrap();
        assert_eq!(found.directory.as_deref(), Some(dir.as_path()));
        std::fs::remove_dir(dir).unwrap();
    }
}
