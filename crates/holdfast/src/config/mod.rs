//! The server's configuration: an option comes from its flag, else from the environment, else from the file, else
//! from the table's default. Whatever is wrong is told with the place it came from.

mod args;
mod settings;
pub mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use args::ServeArgs;
pub use settings::{LogFormat, MasterKeySource, Settings};

use table::{OPTIONS, Spec};

/// The file that is read where `--config` names none and it exists.
pub const DEFAULT_FILE: &str = "holdfast.toml";
/// The environment variable that names the file.
pub const FILE_ENV: &str = "HOLDFAST_CONFIG";

/// What is wrong with the configuration, where, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Flag(String),
    Env(String),
    File(PathBuf, String),
    Default(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Env(name) => f.write_str(name),
            Self::File(path, key) => write!(f, "{key} in {}", path.display()),
            Self::Default(flag) => write!(f, "the default of --{flag}"),
        }
    }
}

/// Looks an environment variable up.
type Lookup = Box<dyn Fn(&str) -> Option<String>>;

/// All options as texts, each with its origin.
pub struct Given {
    flags: BTreeMap<&'static str, String>,
    env: Lookup,
    file: BTreeMap<String, String>,
    path: PathBuf,
}

impl Given {
    /// What flags, environment and file say. Reads the file.
    ///
    /// # Errors
    /// A file that cannot be read, is not TOML, or has a key that is no option.
    pub fn collect(
        flags: BTreeMap<&'static str, String>,
        file: Option<&Path>,
        env: impl Fn(&str) -> Option<String> + 'static,
    ) -> Result<Self, ConfigError> {
        let named = file.map(Path::to_path_buf).or_else(|| env(FILE_ENV).map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => read_file(&path, &text)?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => {
                return Err(ConfigError(format!("{}: cannot be read: {error}", path.display())));
            }
        };
        Ok(Self { flags, env: Box::new(env), file, path })
    }

    /// The text of one option, and whether it was given at all.
    fn text(&self, spec: &Spec) -> (String, Origin) {
        if let Some(text) = self.flags.get(spec.flag) {
            return (text.clone(), Origin::Flag(spec.flag.to_owned()));
        }
        // An empty variable is how a shell script says that there is none.
        if let Some(text) = (self.env)(&spec.env()).filter(|text| !text.is_empty()) {
            return (text, Origin::Env(spec.env()));
        }
        if let Some(text) = self.file.get(&spec.key()) {
            return (text.clone(), Origin::File(self.path.clone(), spec.key()));
        }
        (spec.default.to_owned(), Origin::Default(spec.flag.to_owned()))
    }

    /// The value of one option as `read` takes it.
    fn value<T, E: fmt::Display>(
        &self,
        spec: &Spec,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let (text, origin) = self.text(spec);
        read(&text).map_err(|error| ConfigError(format!("{origin}: {error}")))
    }

    /// The text of an option unless it is the default.
    fn explicit(&self, spec: &Spec) -> Option<String> {
        match self.text(spec) {
            (_, Origin::Default(_)) => None,
            (text, _) => Some(text),
        }
    }
}

fn read_file(path: &Path, text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let wrong = |what: String| ConfigError(format!("{}: {what}", path.display()));
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if !OPTIONS.iter().any(|spec| spec.key() == key) {
            let keys: Vec<_> = OPTIONS.iter().map(|spec| spec.key()).collect();
            return Err(wrong(format!("`{key}` is not an option; the options are {}", keys.join(", "))));
        }
        let text = scalar(&value)
            .ok_or_else(|| wrong(format!("`{key}` must be a string, a number or a list of strings")))?;
        values.insert(key, text);
    }
    Ok(values)
}

/// A value of the file as a flag would spell it.
fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
