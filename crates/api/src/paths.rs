//! The one place that reads paths. Behind it a path is a list of names that are safe to look up one by one.
//!
//! A path is bytes, absolute inside its filesystem; a missing leading `/` is added. It is percent-decoded once, then
//! split on `/`; empty and `.` components drop out. `..`, NUL, a component over 255 bytes and a path over 4,096 bytes
//! are errors. So is `%` without two hex digits: what a client meant by it cannot be known.

use std::fmt;

use bytes::Bytes;
use holdfast_base::limits::{NAME_MAX_BYTES, PATH_MAX_BYTES};

/// A path that satisfies the rules. The root has no components.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Vec<Bytes>);

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `%` without two hex digits.
    #[error("the path holds a `%` that two hex digits do not follow; write a literal `%` as `%25`")]
    BadEscape,
    /// A `..` component.
    #[error("the path holds a `..` component; give the path that it leads to instead")]
    DotDot,
    /// A NUL byte.
    #[error("the path holds a NUL byte, which no file name can")]
    Nul,
    /// A component over 255 bytes.
    #[error("the path holds a component of {0} bytes; the most is {max}", max = NAME_MAX_BYTES)]
    ComponentTooLong(usize),
    /// A path over 4,096 bytes.
    #[error("the path is {0} bytes long; the most is {max}", max = PATH_MAX_BYTES)]
    TooLong(usize),
}

impl FilePath {
    /// Reads a path from a URL: decodes it once, then checks it.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_url(encoded: &str) -> Result<Self, PathError> {
        Self::from_bytes(&percent_decode(encoded.as_bytes()).ok_or(PathError::BadEscape)?)
    }

    /// Reads a path that is not encoded.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn from_bytes(path: &[u8]) -> Result<Self, PathError> {
        let length = path.len() + usize::from(path.first() != Some(&b'/'));
        if length > PATH_MAX_BYTES {
            return Err(PathError::TooLong(length));
        }
        if path.contains(&0) {
            return Err(PathError::Nul);
        }
        let mut components = Vec::new();
        for component in path.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err(PathError::DotDot),
                name if name.len() > NAME_MAX_BYTES => return Err(PathError::ComponentTooLong(name.len())),
                name => components.push(Bytes::copy_from_slice(name)),
            }
        }
        Ok(Self(components))
    }

    /// The names from the root down.
    pub fn components(&self) -> &[Bytes] {
        &self.0
    }

    /// Whether this is the root directory.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last name; `None` for the root.
    pub fn name(&self) -> Option<&Bytes> {
        self.0.last()
    }

    /// The path of the directory that holds this; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, parents)| Self(parents.to_vec()))
    }

    /// The path of the entry `name` in this directory. `name` comes from a directory and so satisfies the rules.
    pub fn join(&self, name: Bytes) -> Self {
        let mut components = self.0.clone();
        components.push(name);
        Self(components)
    }

    /// The path as bytes, with its leading `/`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for component in &self.0 {
            bytes.push(b'/');
            bytes.extend_from_slice(component);
        }
        if bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes
    }

    /// The path for a URL: percent-encoded, with its leading `/`.
    pub fn to_url(&self) -> String {
        percent_encode(&self.to_bytes())
    }
}

impl fmt::Display for FilePath {
    /// For people: what is not UTF-8 shows as replacement characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// Decodes `%xx`; `None` where two hex digits are missing.
pub(crate) fn percent_decode(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(bytes.next())? << 4 | digit(bytes.next())?) as u8,
            other => *other,
        });
    }
    Some(decoded)
}

/// Encodes all but unreserved characters (RFC 3986 section 2.3) and `/`.
pub(crate) fn percent_encode(bytes: &[u8]) -> String {
    use fmt::Write;
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(*byte));
            }
            other => {
                // Writing to a String does not fail.
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(encoded: &str) -> Result<String, PathError> {
        FilePath::from_url(encoded).map(|path| path.to_url())
    }

    #[test]
    fn paths_are_normalised_without_looking_at_the_filesystem() {
        for (given, path) in [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("/a/b", "/a/b"),
            ("a//b/", "/a/b"),
            ("./a/./b/.", "/a/b"),
            ("a%2Fb", "/a/b"),
            ("...", "/..."),
            ("..a/b..", "/..a/b.."),
            ("a%20b", "/a%20b"),
            ("a+b", "/a%2Bb"),
            ("%FF%fe", "/%FF%FE"),
            ("%252e%252e", "/%252e%252e"),
            ("%25", "/%25"),
        ] {
            assert_eq!(shown(given).unwrap(), path, "{given}");
        }
    }

    #[test]
    fn no_spelling_of_dot_dot_passes() {
        for given in
            ["..", "/..", "a/..", "../a", "a/../b", "%2e%2e", "%2E.", ".%2e/a", "a%2f..%2fb", "a/%2e%2e"]
        {
            assert_eq!(shown(given), Err(PathError::DotDot), "{given}");
        }
    }

    #[test]
    fn what_no_filesystem_can_hold_is_refused() {
        assert_eq!(shown("a%00b"), Err(PathError::Nul));
        for given in ["%", "a%2", "%zz", "%2", "%%20", "%+1"] {
            assert_eq!(shown(given), Err(PathError::BadEscape), "{given}");
        }
        assert!(shown(&"n".repeat(255)).is_ok());
        assert_eq!(shown(&"n".repeat(256)), Err(PathError::ComponentTooLong(256)));
        let long = "/n".repeat(2048);
        assert!(shown(&long).is_ok());
        assert_eq!(shown(&format!("{long}/")), Err(PathError::TooLong(4097)));
    }

    proptest! {
        #[test]
        fn any_path_keeps_the_rules_and_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(path) = FilePath::from_bytes(&bytes) {
                for name in path.components() {
                    prop_assert!(!name.is_empty() && &name[..] != b"." && &name[..] != b"..");
                    prop_assert!(!name.contains(&b'/') && !name.contains(&0) && name.len() <= NAME_MAX_BYTES);
                }
                prop_assert_eq!(FilePath::from_url(&path.to_url()), Ok(path));
            }
        }
    }
}
