//! Every option of the server, declared once. Flags, environment variables, keys of the file, help and the reference
//! in README.md are made from this table.

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The flag without its dashes; the other spellings follow from it.
    pub flag: &'static str,
    /// What stands for the value in help.
    pub value: &'static str,
    /// The value where nobody gives one.
    pub default: &'static str,
    /// What it means, in one or two sentences.
    pub help: &'static str,
}

impl Spec {
    /// The key in the configuration file.
    pub fn key(&self) -> String {
        self.flag.replace('-', "_")
    }

    /// The environment variable.
    pub fn env(&self) -> String {
        format!("HOLDFAST_{}", self.key().to_ascii_uppercase())
    }
}

macro_rules! options {
    ($($name:ident: $flag:literal $value:literal = $default:literal, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $name: &Spec = &Spec { flag: $flag, value: $value, default: $default, help: $help };
        )*

        /// The table.
        pub const OPTIONS: &[&Spec] = &[$($name,)*];
    };
}

options! {
    DATA_DIR: "data-dir" "DIR" = "./holdfast-data",
        "Directory for the journal, the keys and, by default, the store and the catalogue; made if missing.";
    NFS_ADDR: "nfs-addr" "ADDR:PORT" = "127.0.0.1:2049",
        "Where NFS and MOUNT are answered; port 0 takes a free one.";
    PORTMAP_ADDR: "portmap-addr" "ADDR:PORT" = "off",
        "Where PORTMAP is answered, over TCP and UDP; clients find the lock manager only through port 111 of the server's address.";
    HTTP_ADDR: "http-addr" "ADDR:PORT" = "127.0.0.1:7070",
        "Where HTTP is answered; port 0 takes a free one.";
    STORE: "store" "URL" = "file://<data-dir>/store",
        "Where the bytes live: file:///absolute/path, gs://bucket/prefix, s3://bucket/prefix, az://container/prefix or memory:// (gone with the process). Credentials come from the vendor's environment variables.";
    CATALOGUE: "catalogue" "URL" = "sqlite://<data-dir>/catalogue.db",
        "Database of teams, keys and filesystems: sqlite:///path, sqlite::memory:, or postgres://user@host/database.";
    SHIP: "ship" "WHEN" = "auto",
        "Whether the journal goes to the store as well, so that a lost disk costs little: on, off, or auto (on unless the store is file:// or memory://). Filesystems of durability object always ship.";
    SHIP_SECONDS: "ship-seconds" "SECONDS" = "1",
        "How often it does: what a lost disk costs at most, from 0.1 to 60.";
    MASTER_KEY: "master-key" "SOURCE" = "none",
        "What encrypts new filesystems, and opens those that it encrypted: file:PATH or env:NAME, holding 32 bytes as 64 hexadecimal digits or as base64. With none, new filesystems are not encrypted.";
    NFS_ALLOW: "nfs-allow" "NETWORKS" = "127.0.0.0/8,::1/128",
        "Networks, separated by commas, whose clients may mount /<filesystem id> and /<name of a filesystem of the team default>.";
    NFS_HOST: "nfs-host" "HOST" = "auto",
        "The host that clients are told to mount from: a name or an address, or auto (the address of nfs-addr or, where that is every address, the host by which the client reached HTTP).";
    CACHE_DATA: "cache-data" "SIZE" = "256mib",
        "Memory for file data.";
    CACHE_METADATA: "cache-metadata" "SIZE" = "128mib",
        "Memory for inodes, directories and extent maps.";
    CACHE_INDEX: "cache-index" "SIZE" = "64mib",
        "Memory for blocks of the volumes' indexes.";
    FILESYSTEM_SIZE_DEFAULT: "filesystem-size-default" "SIZE" = "10gb",
        "Size of a filesystem for which none is given.";
    FILESYSTEM_SIZE_MIN: "filesystem-size-min" "SIZE" = "1gb",
        "Smallest size of a filesystem.";
    FILESYSTEM_SIZE_MAX: "filesystem-size-max" "SIZE" = "100gb",
        "Largest size of a filesystem.";
    TEAM_FILESYSTEMS_MAX: "team-filesystems-max" "COUNT" = "10000",
        "Most filesystems of one team.";
    TEAM_SIZE_MAX: "team-size-max" "SIZE" = "100tb",
        "Most that the sizes of one team's filesystems may add up to.";
    UNDELETE_SECONDS: "undelete-seconds" "SECONDS" = "86400",
        "How long a deleted filesystem is kept and can be undeleted, 0 to 31536000; then its space is reclaimed.";
    KEY_REQUESTS_PER_SECOND: "key-requests-per-second" "COUNT" = "5000",
        "Most HTTP requests a second of one API key, and of the tokens made with it; 0 is no limit.";
    TOKEN_SECONDS: "token-seconds" "SECONDS" = "3600",
        "How long a token for the content of one volume is good (E2B's API), 60 to 31536000.";
    DRAIN_SECONDS: "drain-seconds" "SECONDS" = "20",
        "How long requests that run may go on after SIGTERM or SIGINT.";
    LOG: "log" "FILTER" = "info,slatedb=warn",
        "What is logged to stderr: error, warn, info, debug, trace, or a list such as info,holdfast_nfs=debug.";
    LOG_FORMAT: "log-format" "FORMAT" = "text",
        "How it is logged: text or json.";
}

/// The reference as a Markdown table, as it stands in README.md.
#[cfg(test)]
pub fn markdown() -> String {
    let mut text = String::from("| flag | default | meaning |\n| --- | --- | --- |\n");
    for spec in OPTIONS {
        text.push_str(&format!(
            "| `--{} {}` | `{}` | {} |\n",
            spec.flag, spec.value, spec.default, spec.help
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_in_the_readme_is_this_table() {
        let readme = include_str!("../../../../README.md");
        let (_, rest) = readme.split_once("<!-- options -->\n").expect("README.md marks the table's start");
        let (shown, _) = rest.split_once("<!-- /options -->").expect("README.md marks the table's end");
        assert_eq!(shown, markdown(), "copy the right side between the marks in README.md");
    }

    #[test]
    fn spellings_follow_from_the_flag() {
        assert_eq!(NFS_ADDR.key(), "nfs_addr");
        assert_eq!(NFS_ADDR.env(), "HOLDFAST_NFS_ADDR");
        let mut flags: Vec<_> = OPTIONS.iter().map(|spec| spec.flag).collect();
        flags.sort_unstable();
        flags.dedup();
        assert_eq!(flags.len(), OPTIONS.len());
    }
}
