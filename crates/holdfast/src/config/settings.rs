//! The options as values that the layers take.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_base::{ByteSize, Network, NetworkError};

use super::{ConfigError, Given, table};

/// Longest drain, seconds: an hour is a typing error.
const DRAIN_SECONDS_MAX: u64 = 3600;

/// Longest time in which a deletion can be taken back, seconds: a year.
const UNDELETE_SECONDS_MAX: u64 = 31_536_000;

/// Shortest and longest life of a token, seconds: a minute and a year.
const TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 60..=31_536_000;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where a master key is read from at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// A file that holds nothing else.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Absolute.
    pub data_dir: PathBuf,
    /// Where NFS and MOUNT are answered.
    pub nfs_addr: SocketAddr,
    /// Where PORTMAP is answered, if anywhere but on the NFS port.
    pub portmap_addr: Option<SocketAddr>,
    /// Where HTTP is answered.
    pub http_addr: SocketAddr,
    /// The object store's URL.
    pub store: String,
    /// The database's URL.
    pub catalogue: String,
    /// Whether every filesystem's journal is shipped to the store.
    pub ship: bool,
    /// How often it is.
    pub ship_every: Duration,
    /// Where the master key is; `None` to encrypt nothing.
    pub master_key: Option<MasterKeySource>,
    /// Who may mount by id or name.
    pub nfs_allow: Vec<Network>,
    /// The host that clients are told to mount from.
    pub nfs_host: Option<String>,
    /// Memory for file data.
    pub cache_data: ByteSize,
    /// Memory for inodes, directories and extent maps.
    pub cache_metadata: ByteSize,
    /// Memory for blocks of indexes.
    pub cache_index: ByteSize,
    /// Size of a filesystem for which none is given.
    pub filesystem_size_default: ByteSize,
    /// Smallest size of a filesystem.
    pub filesystem_size_min: ByteSize,
    /// Largest size of a filesystem.
    pub filesystem_size_max: ByteSize,
    /// Most filesystems of one team.
    pub team_filesystems_max: u64,
    /// Most that the sizes of one team's filesystems may add up to.
    pub team_size_max: ByteSize,
    /// How long a deleted filesystem can be undeleted.
    pub undelete_grace: Duration,
    /// Most HTTP requests a second of one key; 0 is no limit.
    pub key_requests_per_second: u32,
    /// How long a token for the content of one volume is good.
    pub token_lifetime: Duration,
    /// How long requests may go on after a signal to stop.
    pub drain: Duration,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
}

impl Settings {
    /// Reads every option.
    ///
    /// # Errors
    /// The first value that breaks its rule, with the place it came from.
    pub fn read(given: &Given) -> Result<Self, ConfigError> {
        let size = |spec| given.value(spec, str::parse::<ByteSize>);
        let address = |spec| given.value(spec, read_address);
        let data_dir = given.value(table::DATA_DIR, read_dir)?;
        let store = match given.explicit(table::STORE) {
            Some(url) => url,
            None => format!("file://{}", in_url(&data_dir.join("store"))?),
        };
        let catalogue = match given.explicit(table::CATALOGUE) {
            Some(url) => url,
            // The database's URL is percent-decoded, and ends where its parameters begin.
            None => {
                let path = in_url(&data_dir.join("catalogue.db"))?;
                format!("sqlite://{}", path.replace('%', "%25").replace('?', "%3f"))
            }
        };
        let settings = Self {
            ship: given.value(table::SHIP, |text| read_ship(text, &store))?,
            ship_every: given.value(table::SHIP_SECONDS, read_ship_seconds)?,
            store,
            catalogue,
            nfs_addr: address(table::NFS_ADDR)?,
            portmap_addr: given.value(table::PORTMAP_ADDR, read_address_or_off)?,
            http_addr: address(table::HTTP_ADDR)?,
            master_key: given.value(table::MASTER_KEY, read_master_key)?,
            nfs_allow: given.value(table::NFS_ALLOW, read_networks)?,
            nfs_host: given.value(table::NFS_HOST, read_host)?,
            cache_data: size(table::CACHE_DATA)?,
            cache_metadata: size(table::CACHE_METADATA)?,
            cache_index: size(table::CACHE_INDEX)?,
            filesystem_size_default: size(table::FILESYSTEM_SIZE_DEFAULT)?,
            filesystem_size_min: size(table::FILESYSTEM_SIZE_MIN)?,
            filesystem_size_max: size(table::FILESYSTEM_SIZE_MAX)?,
            team_filesystems_max: given.value(table::TEAM_FILESYSTEMS_MAX, read_count)?,
            team_size_max: size(table::TEAM_SIZE_MAX)?,
            undelete_grace: given.value(table::UNDELETE_SECONDS, read_undelete_seconds)?,
            key_requests_per_second: given.value(table::KEY_REQUESTS_PER_SECOND, read_rate)?,
            token_lifetime: given.value(table::TOKEN_SECONDS, read_token_seconds)?,
            drain: given.value(table::DRAIN_SECONDS, read_seconds)?,
            log: given.value(table::LOG, read_filter)?,
            log_format: given.value(table::LOG_FORMAT, read_format)?,
            data_dir,
        };
        settings.check_sizes()?;
        Ok(settings)
    }

    fn check_sizes(&self) -> Result<(), ConfigError> {
        let (min, default, max) =
            (self.filesystem_size_min, self.filesystem_size_default, self.filesystem_size_max);
        if ByteSize(1) <= min && min <= default && default <= max {
            return Ok(());
        }
        Err(ConfigError(format!(
            "filesystem_size_min ({min}), filesystem_size_default ({default}) and filesystem_size_max ({max}) \
             must be in this order, and the first above 0"
        )))
    }
}

fn read_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address and a port: write one such as 127.0.0.1:2049"))
}

fn read_address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" { Ok(None) } else { read_address(text).map(Some) }
}

fn read_dir(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the directory's path is empty".to_owned());
    }
    // Without `.` and doubled slashes, so that what is printed can be read.
    std::path::absolute(text)
        .map(|path| path.components().collect())
        .map_err(|error| format!("`{text}` is not a directory's path: {error}"))
}

fn read_master_key(text: &str) -> Result<Option<MasterKeySource>, String> {
    match text.split_once(':') {
        None if text == "none" => Ok(None),
        Some(("file", path)) if !path.is_empty() => Ok(Some(MasterKeySource::File(path.into()))),
        Some(("env", name)) if !name.is_empty() => Ok(Some(MasterKeySource::Env(name.to_owned()))),
        // The text is not repeated: somebody may have written the key itself.
        _ => {
            Err("a master key is named as file:PATH or env:NAME, not given itself; or write none".to_owned())
        }
    }
}

fn read_networks(text: &str) -> Result<Vec<Network>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|error: NetworkError| error.to_string())).collect()
}

/// It goes into commands for shells.
fn read_host(text: &str) -> Result<Option<String>, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    match text {
        "auto" => Ok(None),
        host if !host.is_empty() && !host.starts_with('-') && host.bytes().all(good) => {
            Ok(Some(host.to_owned()))
        }
        _ => Err(format!("`{text}` is not a host: write a name, an address ([..] around IPv6) or auto")),
    }
}

fn read_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a count"))
}

fn read_seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if seconds <= DRAIN_SECONDS_MAX => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{text}` is not a number of seconds from 0 to {DRAIN_SECONDS_MAX}")),
    }
}

fn read_rate(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is not a count of requests"))
}

fn read_undelete_seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if seconds <= UNDELETE_SECONDS_MAX => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{text}` is not a number of seconds from 0 to {UNDELETE_SECONDS_MAX}")),
    }
}

fn read_token_seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if TOKEN_SECONDS.contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "`{text}` is not a number of seconds from {} to {}",
            TOKEN_SECONDS.start(),
            TOKEN_SECONDS.end()
        )),
    }
}

/// Whether to ship to `store`. On the same disk there is nothing to gain.
fn read_ship(text: &str, store: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        "auto" => Ok(!store.starts_with("file://") && !store.starts_with("memory://")),
        _ => Err(format!("`{text}` does not say when to ship: write auto, on or off")),
    }
}

fn read_ship_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=60.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("`{text}` is not a number of seconds from 0.1 to 60")),
    }
}

fn read_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("`{text}` is not a log filter ({error}): write one such as info")),
    }
}

fn read_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("`{text}` is not a log format: write text or json")),
    }
}

fn in_url(path: &Path) -> Result<String, ConfigError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ConfigError(format!("the path of the data directory is not UTF-8: {}", path.display()))
    })
}
