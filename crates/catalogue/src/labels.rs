//! Labels of a filesystem: a small map of texts, stored as one JSON object with sorted keys.

use std::collections::BTreeMap;

use crate::CatalogueError;

/// Most labels of one filesystem.
const LABELS_MAX: usize = 64;
/// Longest label key, bytes.
const KEY_MAX_BYTES: usize = 63;
/// Longest label value, bytes.
const VALUE_MAX_BYTES: usize = 255;

/// Labels that satisfy the rule: at most 64; keys of 1 to 63 letters, digits or `._/-`; values of at most 255 bytes
/// without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    /// Checks `map` against the rule.
    ///
    /// # Errors
    /// `Invalid` for `labels`, naming the key at fault.
    pub fn new(map: BTreeMap<String, String>) -> Result<Self, CatalogueError> {
        if map.len() > LABELS_MAX {
            return Err(CatalogueError::invalid("labels", format!("must be at most {LABELS_MAX}")));
        }
        for (key, value) in &map {
            check_pair(key, value)?;
        }
        Ok(Self(map))
    }

    /// The labels as a map.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    pub(crate) fn to_json(&self) -> String {
        object(&self.0)
    }

    pub(crate) fn from_json(text: &str) -> Result<Self, CatalogueError> {
        serde_json::from_str(text).map(Self).map_err(|error| CatalogueError::Unavailable(Box::new(error)))
    }
}

fn object(map: &BTreeMap<String, String>) -> String {
    serde_json::Value::from_iter(map.iter().map(|(k, v)| (k.as_str(), v.as_str()))).to_string()
}

/// What the stored text of a filesystem labelled `key=value` contains, and no other one does: a key holds no quote,
/// so the first quote below opens a key, and a quote inside a value is stored escaped, so the last one closes it.
pub(crate) fn needle(key: &str, value: &str) -> Result<String, CatalogueError> {
    check_pair(key, value)?;
    let one = object(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
    Ok(one[1..one.len() - 1].to_owned())
}

fn check_pair(key: &str, value: &str) -> Result<(), CatalogueError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    let shown: String = key.chars().take(KEY_MAX_BYTES).collect();
    if !(1..=KEY_MAX_BYTES).contains(&key.len()) || !key.bytes().all(legal) {
        let rule = format!("have the key `{shown}`; keys are 1 to {KEY_MAX_BYTES} letters, digits or `._/-`");
        return Err(CatalogueError::invalid("labels", rule));
    }
    if value.len() > VALUE_MAX_BYTES || value.chars().any(char::is_control) {
        let rule = format!(
            "have a value under `{shown}` that is over {VALUE_MAX_BYTES} bytes or holds control characters"
        );
        return Err(CatalogueError::invalid("labels", rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()).unwrap()
    }

    #[test]
    fn a_needle_is_found_exactly_in_the_texts_that_have_the_label() {
        let texts = [
            labels(&[("a", "b")]),
            labels(&[("xa", "b")]),
            labels(&[("a", "bc")]),
            labels(&[("a", "b\"")]),
            labels(&[("a", "b\\")]),
            labels(&[("a", "B")]),
            labels(&[("q", "\"a\":\"b\"")]),
            labels(&[("q", ",\"a\":\"b")]),
        ];
        for wanted in &texts {
            let (key, value) = wanted.as_map().first_key_value().unwrap();
            let needle = needle(key, value).unwrap();
            for text in &texts {
                assert_eq!(
                    text.to_json().contains(&needle),
                    text == wanted,
                    "{needle} in {}",
                    text.to_json()
                );
            }
        }
    }

    #[test]
    fn labels_outside_the_rule_are_refused() {
        let refused = |key: &str, value: &str| {
            Labels::new(BTreeMap::from([(key.to_owned(), value.to_owned())])).is_err()
        };
        assert!(
            refused("", "v") && refused("a b", "v") && refused("a\"", "v") && refused(&"k".repeat(64), "v")
        );
        assert!(refused("k", "\n") && refused("k", &"v".repeat(256)));
        assert!(!refused("team/env.x-1_", ""));
        let many = (0..65).map(|n| (n.to_string(), String::new())).collect();
        assert!(Labels::new(many).is_err());
    }
}
