//! One header block of a tar archive (POSIX ustar, with GNU's and pax's ways of larger values), to and from bytes. Pure:
//! no I/O, and nothing here allocates what a length claims.

/// Size of a block: headers are one, content is padded to a multiple.
pub(super) const BLOCK_BYTES: usize = 512;
/// Largest value that seven or eleven octal digits hold, for owners and sizes.
const OCTAL_7_MAX: u64 = 0o7777777;
const OCTAL_11_MAX: u64 = 0o77777777777;

/// What a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file; content follows.
    File,
    /// Another name of a file that came before.
    Link,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// Values for the next entry (pax).
    Extended,
    /// Values for all entries that follow (pax); they do not matter here.
    Global,
    /// The long path of the next entry (GNU).
    LongName,
    /// The long link target of the next entry (GNU).
    LongLink,
    /// A device, pipe or something newer.
    Other,
}

/// The fields of a header that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    pub path: Vec<u8>,
    pub link: Vec<u8>,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
}

impl Header {
    /// Reads a block; `None` for a block of zeros, which ends an archive.
    ///
    /// # Errors
    /// What is wrong with the block, as the end of a sentence.
    pub fn read(block: &[u8; BLOCK_BYTES]) -> Result<Option<Self>, &'static str> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let in_sum: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
        if number(&block[148..156]) != Some(sum - in_sum + 8 * u64::from(b' ')) {
            return Err("is no tar header: its checksum is wrong");
        }
        let mut path = text(&block[..100]).to_vec();
        // Only POSIX has a prefix there.
        if &block[257..263] == b"ustar\0" && block[345] != 0 {
            path = [text(&block[345..500]), b"/", &path].concat();
        }
        let small = |range: std::ops::Range<usize>| {
            number(&block[range])
                .and_then(|value| u32::try_from(value).ok())
                .ok_or("has an owner that is no number")
        };
        Ok(Some(Self {
            kind: kind(block[156], &path),
            link: text(&block[157..257]).to_vec(),
            path,
            mode: number(&block[100..108]).ok_or("has a mode that is no number")? as u32 & 0o7777,
            uid: small(108..116)?,
            gid: small(116..124)?,
            size: number(&block[124..136]).ok_or("has a size that is no number")?,
        }))
    }

    /// The blocks of an entry: its header, with a pax header before it where the values do not fit.
    pub fn write(&self) -> Vec<u8> {
        let mut records = Vec::new();
        if self.path.len() > 100 || !self.path.is_ascii() {
            record(&mut records, "path", &self.path);
        }
        if self.link.len() > 100 || !self.link.is_ascii() {
            record(&mut records, "linkpath", &self.link);
        }
        for (key, value, max) in [
            ("size", self.size, OCTAL_11_MAX),
            ("uid", u64::from(self.uid), OCTAL_7_MAX),
            ("gid", u64::from(self.gid), OCTAL_7_MAX),
        ] {
            if value > max {
                record(&mut records, key, value.to_string().as_bytes());
            }
        }
        let mut out = Vec::new();
        if !records.is_empty() {
            let extended = Self {
                kind: Kind::Extended,
                path: b"././@PaxHeader".to_vec(),
                link: Vec::new(),
                mode: 0o644,
                uid: 0,
                gid: 0,
                size: records.len() as u64,
            };
            out.extend_from_slice(&extended.block());
            out.extend_from_slice(&records);
            out.resize(out.len() + padding(records.len() as u64), 0);
        }
        out.extend_from_slice(&self.block());
        out
    }

    fn block(&self) -> [u8; BLOCK_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        let path = &self.path[..self.path.len().min(100)];
        let link = &self.link[..self.link.len().min(100)];
        block[..path.len()].copy_from_slice(path);
        octal(&mut block[100..108], u64::from(self.mode));
        octal(&mut block[108..116], u64::from(self.uid).min(OCTAL_7_MAX));
        octal(&mut block[116..124], u64::from(self.gid).min(OCTAL_7_MAX));
        octal(&mut block[124..136], self.size.min(OCTAL_11_MAX));
        octal(&mut block[136..148], 0);
        block[156] = match self.kind {
            Kind::File => b'0',
            Kind::Link => b'1',
            Kind::Symlink => b'2',
            Kind::Directory => b'5',
            Kind::Extended => b'x',
            Kind::Global => b'g',
            Kind::LongName => b'L',
            Kind::LongLink => b'K',
            Kind::Other => b'6',
        };
        block[157..157 + link.len()].copy_from_slice(link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        block
    }
}

/// Zeros between content of this size and the next block.
pub(super) fn padding(size: u64) -> usize {
    (size.wrapping_neg() % BLOCK_BYTES as u64) as usize
}

/// A key and its value.
type Record<'a> = (&'a [u8], &'a [u8]);

/// The values of a pax header: `length key=value\n`, again and again.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn records(mut bytes: &[u8]) -> Result<Vec<Record<'_>>, &'static str> {
    const BROKEN: &str = "has an extended header that is malformed";
    let mut found = Vec::new();
    while !bytes.is_empty() && bytes[0] != 0 {
        let space = bytes.iter().take(20).position(|byte| *byte == b' ').ok_or(BROKEN)?;
        let length: usize =
            std::str::from_utf8(&bytes[..space]).ok().and_then(|text| text.parse().ok()).ok_or(BROKEN)?;
        if length <= space + 1 || length > bytes.len() || bytes[length - 1] != b'\n' {
            return Err(BROKEN);
        }
        let pair = &bytes[space + 1..length - 1];
        let equals = pair.iter().position(|byte| *byte == b'=').ok_or(BROKEN)?;
        found.push((&pair[..equals], &pair[equals + 1..]));
        bytes = &bytes[length..];
    }
    Ok(found)
}

fn record(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    // The length counts its own digits.
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length.to_string().len() + rest != length {
        length = length.to_string().len() + rest;
    }
    out.extend_from_slice(format!("{length} {key}=").as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

fn kind(flag: u8, path: &[u8]) -> Kind {
    match flag {
        // Before POSIX a directory was a file whose name ends in a slash.
        b'0' | 0 | b'7' if path.ends_with(b"/") => Kind::Directory,
        b'0' | 0 | b'7' => Kind::File,
        b'1' => Kind::Link,
        b'2' => Kind::Symlink,
        b'5' => Kind::Directory,
        b'x' => Kind::Extended,
        b'g' => Kind::Global,
        b'L' => Kind::LongName,
        b'K' => Kind::LongLink,
        _ => Kind::Other,
    }
}

/// A field up to its first NUL.
fn text(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

/// A number in octal, or in base 256 where the first bit is set (GNU). An empty field is 0.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        return rest.iter().try_fold(u64::from(first & 0x7f), |sum, byte| {
            sum.checked_mul(256).map(|sum| sum | u64::from(*byte))
        });
    }
    let digits =
        field.iter().skip_while(|byte| **byte == b' ').take_while(|byte| !matches!(**byte, 0 | b' '));
    digits.copied().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'7' => sum.checked_mul(8).map(|sum| sum | u64::from(byte - b'0')),
        _ => None,
    })
}

/// Octal digits with leading zeros and a NUL behind them.
fn octal(field: &mut [u8], value: u64) {
    let digits = field.len() - 1;
    let text = format!("{value:0digits$o}");
    field[..digits].copy_from_slice(text.as_bytes());
    field[digits] = 0;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(path: &[u8]) -> Header {
        Header {
            kind: Kind::File,
            path: path.to_vec(),
            link: b"to".to_vec(),
            mode: 0o4755,
            uid: 1000,
            gid: 7,
            size: 12,
        }
    }

    fn block(bytes: &[u8]) -> &[u8; BLOCK_BYTES] {
        bytes.try_into().unwrap()
    }

    #[test]
    fn a_header_reads_back_as_it_was_written() {
        let header = sample(b"a/b");
        let written = header.write();
        assert_eq!(written.len(), BLOCK_BYTES);
        assert_eq!(Header::read(block(&written)).unwrap(), Some(header));
        assert_eq!(Header::read(&[0; BLOCK_BYTES]).unwrap(), None);
        let mut broken = written;
        broken[0] ^= 1;
        assert!(Header::read(block(&broken)).is_err());
    }

    #[test]
    fn what_does_not_fit_goes_into_records() {
        let long = [b"d/".repeat(60), "é".into()].concat();
        let header = Header { size: 1 << 40, uid: 1 << 30, ..sample(&long) };
        let written = header.write();
        let first = Header::read(block(&written[..BLOCK_BYTES])).unwrap().unwrap();
        assert_eq!(first.kind, Kind::Extended);
        let content = &written[BLOCK_BYTES..BLOCK_BYTES + first.size as usize];
        let found = records(content).unwrap();
        let wanted: [(&[u8], &[u8]); 3] =
            [(b"path", &long), (b"size", b"1099511627776"), (b"uid", b"1073741824")];
        assert_eq!(found, wanted);
        assert_eq!(written.len() % BLOCK_BYTES, 0);
    }

    #[test]
    fn other_programs_numbers_are_read() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b" 644 \0\0\0", Some(0o644)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"9", None),
            (b"\x80\0\0\0\0\0\0\0\0\x01\0\0", Some(65536)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
        for broken in ["5 a=b\n", "99 a=b\n", "x a=b\n", "6 a=bc", "4 a\n", "0 \n"] {
            assert!(records(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn no_block_and_no_record_panics(bytes in proptest::collection::vec(any::<u8>(), BLOCK_BYTES)) {
            let mut block: [u8; BLOCK_BYTES] = bytes.clone().try_into().unwrap();
            let _ = records(&bytes);
            let _ = Header::read(&block);
            // With a good checksum the other fields are looked at.
            block[148..156].fill(b' ');
            let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
            octal(&mut block[148..155], sum);
            let _ = Header::read(&block);
        }
    }
}
