//! Precedence, refusals and what they say.

use super::*;

fn collect(
    flags: &[(&'static str, &str)],
    env: &[(&str, &str)],
    file: &str,
) -> Result<Settings, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("holdfast.toml");
    std::fs::write(&path, file).unwrap();
    let flags = flags.iter().map(|(flag, text)| (*flag, (*text).to_owned())).collect();
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Settings::read(&Given::collect(flags, Some(&path), move |name| env.get(name).cloned())?)
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let port = |flags: &[_], env: &[_], file: &str| collect(flags, env, file).unwrap().http_addr.port();
    let (flag, env, file) = (
        [("http-addr", "127.0.0.1:1")],
        [("HOLDFAST_HTTP_ADDR", "127.0.0.1:2")],
        "http_addr = '127.0.0.1:3'",
    );
    assert_eq!(port(&flag, &env, file), 1);
    assert_eq!(port(&[], &env, file), 2);
    assert_eq!(port(&[], &[("HOLDFAST_HTTP_ADDR", "")], file), 3);
    assert_eq!(port(&[], &[], ""), 7070);
}

#[test]
fn a_master_key_is_named_and_never_given() {
    let source = |text: &str| collect(&[("master-key", text)], &[], "").map(|settings| settings.master_key);
    assert_eq!(source("none"), Ok(None));
    assert_eq!(source("file:/etc/key"), Ok(Some(MasterKeySource::File("/etc/key".into()))));
    assert_eq!(source("env:KEY"), Ok(Some(MasterKeySource::Env("KEY".to_owned()))));
    for wrong in ["file:", "env:", "5a5a5a5a", "kms:x"] {
        let refused = source(wrong).unwrap_err().to_string();
        assert!(refused.contains("file:PATH") && !refused.contains("5a5a"), "{refused}");
    }
}

#[test]
fn defaults_follow_the_data_directory() {
    let settings = collect(&[("data-dir", "/var/lib/./hold%fast/")], &[], "").unwrap();
    assert_eq!(settings.data_dir, Path::new("/var/lib/hold%fast"));
    assert_eq!(settings.store, "file:///var/lib/hold%fast/store");
    assert_eq!(settings.catalogue, "sqlite:///var/lib/hold%25fast/catalogue.db");
    assert_eq!(settings.nfs_allow.len(), 2);
}

#[test]
fn shipping_follows_the_store() {
    let ships = |flags: &[_]| collect(flags, &[], "").unwrap().ship;
    assert!(!ships(&[]) && !ships(&[("store", "memory://")]));
    assert!(ships(&[("store", "gs://bucket/prefix")]) && ships(&[("ship", "on")]));
    assert!(!ships(&[("store", "gs://bucket"), ("ship", "off")]));
}

#[test]
fn values_of_the_file_have_their_natural_types() {
    let settings =
        collect(&[], &[], "nfs_allow = ['10.0.0.0/8', '::1']\ndrain_seconds = 3\nlog_format = 'json'");
    let settings = settings.unwrap();
    assert_eq!(settings.nfs_allow, ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
    assert_eq!(settings.drain.as_secs(), 3);
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (flags, env, file, says) in [
        (&[][..], &[][..], "nfs_adr = 'x'", "`nfs_adr` is not an option; the options are data_dir"),
        (&[], &[], "store = true", "`store` must be a string"),
        (&[], &[], "store = ", "holdfast.toml: "),
        (&[], &[("HOLDFAST_NFS_ADDR", "localhost")], "", "HOLDFAST_NFS_ADDR: `localhost` is not an address"),
        (&[("portmap-addr", "on")], &[], "", "--portmap-addr: `on` is not an address"),
        (&[("cache-data", "lots")], &[], "", "--cache-data: `lots` is not a size"),
        (&[("ship", "yes")], &[], "", "write auto, on or off"),
        (&[("ship-seconds", "0")], &[], "", "from 0.1 to 60"),
        (&[], &[], "log = 'a=b=c'", "log in "),
        (&[("nfs-allow", "10.0.0.0/99")], &[], "", "--nfs-allow: `10.0.0.0/99` is not a network"),
        (&[("filesystem-size-min", "20gb")], &[], "", "must be in this order"),
        (&[("drain-seconds", "1h")], &[], "", "--drain-seconds: `1h` is not a number of seconds"),
    ] {
        let error = collect(flags, env, file).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_file_that_was_named_must_exist() {
    let error = Given::collect(BTreeMap::new(), Some(Path::new("/nonexistent/h.toml")), |_| None);
    assert!(error.err().unwrap().to_string().contains("/nonexistent/h.toml: cannot be read"));
}
