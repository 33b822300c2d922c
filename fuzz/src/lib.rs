//! What every fuzz target asserts of a decoder.

use bytes::Bytes;
use holdfast_wire::{Encode, Reader};

/// What decodes must encode to as many bytes as were read, and those must decode to the same value and encode to
/// themselves. The bytes themselves may differ from the input: padding may hold anything and is written as zeros.
pub fn check<T: Encode + PartialEq + std::fmt::Debug, E: std::fmt::Debug + PartialEq>(
    bytes: &Bytes,
    decode: impl Fn(&mut Reader) -> Result<T, E>,
) {
    let mut input = Reader::new(bytes.clone());
    let Ok(value) = decode(&mut input) else { return };
    let read = bytes.slice(..input.position());
    let canonical = value.to_bytes();
    assert_eq!(canonical.len(), read.len());
    if canonical != read {
        // Only padding differs: where the canonical form has zeros.
        let differing = canonical.iter().zip(&read).filter(|(ours, theirs)| ours != theirs);
        assert!(differing.clone().all(|(ours, _)| *ours == 0), "a value changed on its way");
    }
    let mut again = Reader::new(canonical.clone());
    let decoded = decode(&mut again).expect("what we encode decodes");
    assert_eq!(again.finish(), Ok(()));
    assert_eq!(decoded, value);
    assert_eq!(decoded.to_bytes(), canonical);
}

/// The first byte chooses a procedure and a direction, so that one corpus covers a whole program.
pub fn choose(data: &[u8]) -> Option<(u32, bool, Bytes)> {
    let (choice, message) = data.split_first()?;
    Some((u32::from(choice >> 1), choice & 1 == 0, Bytes::copy_from_slice(message)))
}
