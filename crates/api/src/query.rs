//! Query parameters. Unknown, repeated and malformed ones are errors: a parameter that was ignored could have meant
//! another answer.

use std::str::FromStr;

use axum::http::Uri;

use crate::error::{ApiError, ErrorCode};
use crate::paths::percent_decode;

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of `uri`, in which only `known` names may appear.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Self, ApiError> {
        let query = Self::read_any(uri)?;
        for (name, _) in &query.0 {
            if !known.contains(&name.as_str()) {
                let shown: String = name.chars().take(80).collect();
                let rule = match known {
                    [] => "is unknown here; this request takes none".to_owned(),
                    known => format!("is unknown here; known are {}", known.join(", ")),
                };
                return Err(ApiError::parameter(&shown, &rule));
            }
        }
        Ok(query)
    }

    /// Reads the query of `uri`, whatever names are in it.
    pub fn read_any(uri: &Uri) -> Result<Self, ApiError> {
        let mut pairs = Vec::new();
        for pair in uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// Every value of a parameter that may repeat.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            Some(_) => Err(ApiError::parameter(name, "is given more than once")),
            None => Ok(first),
        }
    }

    /// A yes or no: `true`, `false`, or the bare name for yes.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.text(name)? {
            None => Ok(default),
            Some("" | "true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(ApiError::parameter(name, "must be true or false")),
        }
    }

    /// A decimal number from `min` to `max`.
    pub fn number<T>(&self, name: &str, min: T, max: T) -> Result<Option<T>, ApiError>
    where
        T: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse()
            .ok()
            .filter(|value| (&min..=&max).contains(&value))
            .map(Some)
            .ok_or_else(|| ApiError::parameter(name, &format!("must be a number from {min} to {max}")))
    }

    /// Permission bits in octal, as `chmod` takes them: `644`, `0755`, `1777`.
    pub fn mode(&self, name: &str) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        octal_mode(text)
            .map(Some)
            .ok_or_else(|| ApiError::parameter(name, "must be permission bits in octal, such as 0644"))
    }
}

/// Permission bits in octal, at most `7777`.
pub(crate) fn octal_mode(text: &str) -> Option<u32> {
    Some(text)
        .filter(|text| (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| u32::from_str_radix(text, 8).ok())
        .filter(|mode| *mode <= 0o7777)
}

fn decode(text: &str) -> Result<String, ApiError> {
    percent_decode(text.replace('+', " ").as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            let message = "the query holds a `%` without two hex digits or text that is not UTF-8";
            ApiError::new(ErrorCode::InvalidParameter, message)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &'static str) -> Result<Query, ApiError> {
        Query::read(&Uri::from_static(query), &["a", "n", "f", "m"])
    }

    #[test]
    fn values_are_decoded_and_typed() {
        let query = read("/?a=x%3Dy+z&a=2&n=7&f&m=0755").unwrap();
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["x=y z", "2"]);
        assert_eq!(query.number("n", 1, 10).unwrap(), Some(7));
        assert!(query.flag("f", false).unwrap());
        assert_eq!(query.mode("m").unwrap(), Some(0o755));
        assert_eq!(read("/").unwrap().number("n", 1, 10).unwrap(), None);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        assert!(read("/?zzz=1").unwrap_err().message().contains("zzz"));
        assert!(read("/?a=%ff").is_err() && read("/?a=%f").is_err());
        let query = read("/?n=11&n=2&f=maybe&m=999").unwrap();
        assert!(query.text("n").unwrap_err().message().contains("more than once"));
        assert!(query.flag("f", false).is_err() && query.mode("m").is_err());
        for wrong in ["/?n=0", "/?n=11", "/?n=", "/?n=-1", "/?n=1.5"] {
            assert!(read(wrong).unwrap().number("n", 1, 10).is_err(), "{wrong}");
        }
        for wrong in ["/?m=", "/?m=8", "/?m=17777", "/?m=rw", "/?m=-1"] {
            assert!(read(wrong).unwrap().mode("m").is_err(), "{wrong}");
        }
    }
}
