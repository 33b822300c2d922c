//! Sizes: bytes inside, people's units at the edge.

use std::fmt;
use std::str::FromStr;

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// 10^9 bytes, the unit of `sizeGB`.
pub const GB: u64 = 1_000_000_000;
/// 2^30 bytes.
pub const GIB: u64 = 1 << 30;

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// No number in front, or an unknown unit behind it.
    #[error("`{0}` is not a size: write a number and a unit, such as 500mb, 5gb (10^9 bytes) or 5gib (2^30)")]
    Malformed(String),
    /// The number is not a whole count of bytes.
    #[error("`{0}` is not a whole number of bytes")]
    Fractional(String),
    /// The size does not fit 63 bits.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

const UNITS: [(&str, u64); 10] = [
    ("tib", 1 << 40),
    ("gib", GIB),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("tb", 1_000 * GB),
    ("gb", GB),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("b", 1),
    ("", 1),
];

impl FromStr for ByteSize {
    type Err = SizeError;

    /// Reads `5gb`, `1.5 GiB`, `1048576`; units are case-insensitive.
    fn from_str(text: &str) -> Result<Self, SizeError> {
        let shown: String = text.chars().take(40).collect();
        let lower = text.trim().to_ascii_lowercase();
        let split = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, unit) = (&lower[..split], lower[split..].trim());
        let scale = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, scale)| *scale)
            .ok_or_else(|| SizeError::Malformed(shown.clone()))?;
        scaled(number, scale, &shown).map(Self)
    }
}

/// `number * scale` in exact decimal arithmetic: a binary float would round 1.1 GB.
fn scaled(number: &str, scale: u64, shown: &str) -> Result<u64, SizeError> {
    let malformed = || SizeError::Malformed(shown.to_owned());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return Err(malformed());
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 18 || whole.len() > 20 {
        return Err(SizeError::Fractional(shown.to_owned()));
    }
    let whole: u128 = whole.parse().map_err(|_| malformed())?;
    let parts: u128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| malformed())? };
    let unit = 10u128.pow(fraction.len() as u32);
    let rest = parts * u128::from(scale);
    if !rest.is_multiple_of(unit) {
        return Err(SizeError::Fractional(shown.to_owned()));
    }
    let total = whole * u128::from(scale) + rest / unit;
    u64::try_from(total)
        .ok()
        .filter(|bytes| *bytes <= i64::MAX as u64)
        .ok_or_else(|| SizeError::TooLarge(shown.to_owned()))
}

impl fmt::Display for ByteSize {
    /// The shortest decimal form for people: `1.5 GB`, `512 B`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) = [("TB", 1_000 * GB), ("GB", GB), ("MB", 1_000_000), ("kB", 1_000)]
            .into_iter()
            .find(|(_, scale)| self.0 >= *scale)
            .unwrap_or(("B", 1));
        if self.0.is_multiple_of(scale) {
            write!(f, "{} {name}", self.0 / scale)
        } else {
            write!(f, "{:.1} {name}", self.0 as f64 / scale as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_binary_units_are_exact() {
        for (text, bytes) in [
            ("5gb", 5 * GB),
            ("1.5 GB", 1_500_000_000),
            ("1gib", GIB),
            ("1.1gb", 1_100_000_000),
            ("0.000000001gb", 1),
            ("1048576", 1 << 20),
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap().0, bytes, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_whole_number_of_bytes_is_refused() {
        assert!(matches!("0.0000000001gb".parse::<ByteSize>(), Err(SizeError::Fractional(_))));
        assert!(matches!("1.5b".parse::<ByteSize>(), Err(SizeError::Fractional(_))));
        assert!(matches!("9999999tb".parse::<ByteSize>(), Err(SizeError::TooLarge(_))));
        for wrong in ["", "gb", "-1gb", "1..2gb", "1.gb", "5 parsecs", "1e9"] {
            assert!(matches!(wrong.parse::<ByteSize>(), Err(SizeError::Malformed(_))), "{wrong}");
        }
    }
}
