//! Entity tags (RFC 9110 section 8.8.3): strong ones made from a file's version, and the conditions that name them.

use axum::http::{HeaderMap, HeaderName};

use crate::error::{ApiError, ErrorCode};
use crate::files::FileVersion;

/// The tag of a version, with its quotes.
pub(super) fn format(version: FileVersion) -> String {
    format!("\"{:x}.{:x}\"", version.inode, version.change)
}

fn parse(opaque: &str) -> Option<FileVersion> {
    let (inode, change) = opaque.split_once('.')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let version = FileVersion { inode: number(inode)?, change: number(change)? };
    // Only the one spelling that is given out.
    (format(version).trim_matches('"') == opaque).then_some(version)
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// `*`: any version.
    Any,
    /// A list of tags. Tags that this server never gave out are not in it: they match nothing.
    Tags(Vec<Tag>),
}

/// One tag of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub weak: bool,
    pub version: FileVersion,
}

impl Condition {
    /// The condition in `header`; `None` where it is absent.
    pub fn read(headers: &HeaderMap, header: &HeaderName) -> Result<Option<Self>, ApiError> {
        let values: Vec<_> = headers.get_all(header).iter().collect();
        if values.is_empty() {
            return Ok(None);
        }
        let malformed = || {
            let message = format!("the header `{header}` must hold `*` or entity tags in double quotes");
            ApiError::new(ErrorCode::InvalidHeader, message)
        };
        let mut tags = Vec::new();
        for value in &values {
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return if values.len() == 1 { Ok(Some(Self::Any)) } else { Err(malformed()) };
            }
            read_list(text, &mut tags).ok_or_else(malformed)?;
        }
        Ok(Some(Self::Tags(tags)))
    }

    /// Strong comparison, for `If-Match`.
    pub fn matches_strongly(&self, version: FileVersion) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| !tag.weak && tag.version == version),
        }
    }

    /// Weak comparison, for `If-None-Match`.
    pub fn matches_weakly(&self, version: FileVersion) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag.version == version),
        }
    }
}

/// Adds the tags of a comma-separated list; `None` where it is malformed. A comma may stand inside the quotes.
fn read_list(mut text: &str, tags: &mut Vec<Tag>) -> Option<()> {
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(());
        }
        let (weak, rest) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (opaque, rest) = rest.strip_prefix('"')?.split_once('"')?;
        tags.extend(parse(opaque).map(|version| Tag { weak, version }));
        text = rest.trim_start();
        if !text.is_empty() && !text.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;

    use super::*;

    const VERSION: FileVersion = FileVersion { inode: 42, change: 0x17a0c };

    fn read(value: &str) -> Result<Option<Condition>, ApiError> {
        Condition::read(&HeaderMap::from_iter([(IF_MATCH, value.parse().unwrap())]), &IF_MATCH)
    }

    #[test]
    fn a_tag_round_trips_and_no_other_spelling_does() {
        assert_eq!(format(VERSION), "\"2a.17a0c\"");
        assert_eq!(parse("2a.17a0c"), Some(VERSION));
        for other in ["", "2a", "2A.17a0c", "02a.17a0c", "+2a.17a0c", "2a.17a0c.1", "g.1"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn lists_are_read_and_compared() {
        let tag = format(VERSION);
        for (value, strong, weak) in [
            ("*", true, true),
            (tag.as_str(), true, true),
            (&format!("W/{tag}"), false, true),
            (&format!("\"x,y\" , {tag}"), true, true),
            (&format!("\"1.1\",{tag},"), true, true),
            ("\"1.1\"", false, false),
            ("\"\"", false, false),
        ] {
            let condition = read(value).unwrap().unwrap();
            assert_eq!(condition.matches_strongly(VERSION), strong, "{value}");
            assert_eq!(condition.matches_weakly(VERSION), weak, "{value}");
        }
        for wrong in ["abc", "\"abc", "*, \"a\"", "\"a\" \"b\"", "w/\"a\""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Condition::read(&HeaderMap::new(), &IF_MATCH).unwrap(), None);
    }
}
