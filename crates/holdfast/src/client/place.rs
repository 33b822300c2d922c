//! `NAME:/path`: a filesystem and a path in it, as people write it.

use std::fmt;
use std::str::FromStr;

use holdfast_api::paths::FilePath;
use holdfast_catalogue::NAME_RULE;

/// A filesystem's name or id, checked so that it is safe in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsName(String);

impl FsName {
    /// The route of the filesystem.
    pub fn route(&self) -> String {
        format!("/filesystems/{}", self.0)
    }
}

impl fmt::Display for FsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FsName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if text.is_empty() || !text.chars().all(legal) {
            return Err(format!("a name {NAME_RULE}"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A path in a filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The filesystem.
    pub filesystem: FsName,
    /// The path in it.
    pub path: FilePath,
}

impl Place {
    /// The route of the file.
    pub fn route(&self) -> String {
        format!("{}/files{}", self.filesystem.route(), self.path.to_url())
    }

    /// The entry `name` of the directory at this place.
    pub fn join(&self, name: Vec<u8>) -> Self {
        Self { filesystem: self.filesystem.clone(), path: self.path.join(name.into()) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.filesystem, self.path)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) =
            text.split_once(':').ok_or("write a filesystem and a path in it: NAME:/path".to_owned())?;
        let path = FilePath::from_bytes(path.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self { filesystem: name.parse()?, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_become_routes() {
        let place: Place = "demo:a b/ü%".parse().unwrap();
        assert_eq!(place.route(), "/filesystems/demo/files/a%20b/%C3%BC%25");
        assert_eq!(place.to_string(), "demo:/a b/ü%");
        assert_eq!("demo:".parse::<Place>().unwrap().route(), "/filesystems/demo/files/");
        for wrong in ["demo", "/demo:/a", "de mo:/a", ":/a", "demo:/a/../b", "demo/x:/a"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
