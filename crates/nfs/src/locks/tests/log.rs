//! The lock log: what is written is read, a crash loses nothing that was synced, damage is noticed.

use std::path::Path;
use std::sync::Arc;

use holdfast_base::{SeededRandom, VolumeId};
use holdfast_engine::{Disk, MemoryDisk};
use holdfast_wire::nlm4::{ShareAccess, ShareMode};
use proptest::prelude::*;
use uuid::Uuid;

use crate::locks::change::Change;
use crate::locks::log::{self, Kept, Log};
use crate::locks::owner::{ClientKey, Scope};
use crate::locks::record;
use crate::locks::tests::support::{client, contact, file, owner, range};

const STATE: u32 = 7;

fn dir() -> &'static Path {
    Path::new("/node")
}

/// One change of each kind.
fn changes() -> Vec<Change> {
    let attached =
        ClientKey { scope: Scope::Attachment(Uuid::from_u128(5)), name: b"\0\xff".as_slice().into() };
    let six = ClientKey { scope: Scope::Address("fd00::1".parse().unwrap()), name: b"".as_slice().into() };
    vec![
        Change::Client { client: client(1), contact: contact(1), state: 3 },
        Change::Set { file: file(9), owner: owner(1), range: range(3, u64::MAX), exclusive: true },
        Change::Clear { file: file(9), owner: owner(1), range: range(0, 3) },
        Change::Share {
            file: file(8),
            owner: owner(2),
            mode: ShareMode::DenyWrite,
            access: ShareAccess::Both,
        },
        Change::Unshare { file: file(8), owner: owner(2) },
        Change::FreeClient { client: Arc::new(attached) },
        Change::FreeClient { client: Arc::new(six) },
        Change::FreeFile { file: file(8) },
        Change::FreeVolume { volume: VolumeId(Uuid::from_u128(3)) },
    ]
}

fn bytes(changes: &[Change]) -> Vec<u8> {
    let mut bytes = Vec::new();
    log::write(changes, &mut bytes);
    bytes
}

fn kept(changes: &[Change], whole: bool) -> Kept {
    Kept { state: Some(STATE), changes: changes.to_vec(), whole }
}

/// The log with each of these bytes in its place.
fn damaged(content: &[u8]) -> Kept {
    let disk = MemoryDisk::new();
    let file = disk.create(&dir().join("locks")).unwrap();
    file.write_all_at(content, 0).unwrap();
    Log::read(&disk, dir()).unwrap()
}

#[test]
fn what_is_written_is_read() {
    let disk = Arc::new(MemoryDisk::new());
    assert_eq!(Log::read(&*disk, dir()).unwrap(), Kept { state: None, changes: vec![], whole: true });
    let all = changes();
    let mut log = Log::begin(disk.clone(), dir(), STATE, &bytes(&all[..2])).unwrap();
    log.append(&bytes(&all[2..5])).unwrap();
    log.append(&bytes(&all[5..])).unwrap();
    assert_eq!(Log::read(&*disk, dir()).unwrap(), kept(&all, true));
    log.replace(STATE, &bytes(&all[..1])).unwrap();
    log.append(&bytes(&all[1..2])).unwrap();
    assert_eq!(Log::read(&*disk, dir()).unwrap(), kept(&all[..2], true));
}

#[test]
fn power_loss_takes_nothing_that_was_synced() {
    for seed in 0..200 {
        let (random, all) = (SeededRandom::new(seed), changes());
        let disk = Arc::new(MemoryDisk::new());
        let mut log = Log::begin(disk.clone(), dir(), STATE, &bytes(&all[..3])).unwrap();
        log.append(&bytes(&all[3..6])).unwrap();
        // The next append was written, and its sync never came.
        let file = disk.open(&dir().join("locks")).unwrap();
        let tail: Vec<_> = std::iter::repeat_n(&all[6..], 100).flatten().cloned().collect();
        file.write_all_at(&bytes(&tail), log.len_bytes()).unwrap();
        let after = Log::read(&disk.crash(&random), dir()).unwrap();
        assert_eq!(after.changes[..6], all[..6], "seed {seed}");
    }
}

proptest! {
    /// Whatever is in the file: no panic, and nothing that was not written.
    #[test]
    fn any_bytes_are_survived(
        words in prop::collection::vec(prop_oneof![0u32..9, 0u32..64, any::<u32>()], 0..60),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let noise: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        if let Ok(change) = record::decode(noise.clone().into()) {
            prop_assert_eq!(record::decode(record::encode(&change)), Ok(change));
        }
        damaged(&noise);
        let mut content = bytes(&changes());
        for (at, byte) in flips {
            let at = at.index(content.len());
            content[at] = byte;
        }
        damaged(&[&noise, &content[..]].concat());
    }
}

#[test]
fn a_cut_is_no_loss_and_damage_is() {
    let all = changes();
    let disk = Arc::new(MemoryDisk::new());
    Log::begin(disk.clone(), dir(), STATE, &bytes(&all)).unwrap();
    let file = disk.open(&dir().join("locks")).unwrap();
    let whole = file.read_vec_at(file.size_bytes().unwrap() as usize, 0).unwrap();
    for length in 16..whole.len() {
        let cut = damaged(&whole[..length]);
        assert!(cut.whole && all.starts_with(&cut.changes), "{length}");
    }
    for bit in 0..whole.len() * 8 {
        let mut content = whole.clone();
        content[bit / 8] ^= 1 << (bit % 8);
        let found = damaged(&content);
        assert_ne!(found, kept(&all, true), "bit {bit}");
        assert!(all.starts_with(&found.changes), "bit {bit}");
        // A length that still fits into a record may reach past the end, which looks like a cut.
        let fits = found.whole && found.changes.len() < all.len();
        assert!(!found.whole || fits, "bit {bit}");
    }
    assert_eq!(damaged(b"HFlock"), Kept { state: None, changes: vec![], whole: false });
}
