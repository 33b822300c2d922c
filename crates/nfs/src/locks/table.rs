//! The locks that are held, by file, and how many each client and volume has.
//!
//! Changed by [`Change`] and by nothing else. It judges nothing: what may be set is the manager's business. A client
//! without anything, and a file without locks, are not in it.

use std::collections::HashMap;
use std::sync::Arc;

use holdfast_base::VolumeId;

use super::change::Change;
use super::owner::{ClientKey, Contact, FileKey, Owner};
use super::ranges::RangeLocks;
use super::shares::{Share, Shares};

/// What is held on one file.
#[derive(Debug, Default)]
pub(crate) struct FileLocks {
    pub ranges: RangeLocks,
    pub shares: Shares,
}

impl FileLocks {
    fn len(&self) -> usize {
        self.ranges.len() + self.shares.len()
    }

    /// The owner of each lock and reservation.
    fn owners(&self) -> impl Iterator<Item = &Owner> {
        let ranges = self.ranges.iter().map(|held| &*held.owner);
        ranges.chain(self.shares.iter().map(|share| &*share.owner))
    }
}

/// What is known of a client that holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub contact: Contact,
    /// Its NSM state; 0 if it has not said.
    pub state: u32,
    /// Locks and reservations.
    pub held: usize,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    files: HashMap<FileKey, FileLocks>,
    clients: HashMap<Arc<ClientKey>, Client>,
    volumes: HashMap<VolumeId, usize>,
    held: usize,
}

impl Table {
    pub fn file(&self, file: &FileKey) -> Option<&FileLocks> {
        self.files.get(file)
    }

    pub fn client(&self, client: &ClientKey) -> Option<&Client> {
        self.clients.get(client)
    }

    pub fn clients(&self) -> impl Iterator<Item = (&Arc<ClientKey>, &Client)> {
        self.clients.iter()
    }

    /// Locks and reservations of a volume.
    pub fn held_in(&self, volume: VolumeId) -> usize {
        self.volumes.get(&volume).copied().unwrap_or(0)
    }

    /// All locks and reservations.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The files of which one of these clients holds something.
    pub fn files_of(&self, whose: impl Fn(&Owner) -> bool) -> Vec<FileKey> {
        self.files.iter().filter(|(_, locks)| locks.owners().any(&whose)).map(|(file, _)| *file).collect()
    }

    /// The files that have locks in a volume, or of a client, by their numbers.
    pub fn files_around(&self, volume: VolumeId, client: &ClientKey) -> Vec<FileKey> {
        let of_client = |locks: &FileLocks| locks.owners().any(|owner| *owner.client == *client);
        let around = self.files.iter().filter(|(file, locks)| file.volume == volume || of_client(locks));
        let mut files: Vec<_> = around.map(|(file, _)| *file).collect();
        files.sort_unstable_by_key(|file| (file.volume.0, file.file.ino));
        files
    }

    /// The files of a volume that have locks.
    pub fn files_in(&self, volume: VolumeId) -> Vec<FileKey> {
        self.files.keys().filter(|file| file.volume == volume).copied().collect()
    }

    /// Makes a change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Client { client, contact, state } => {
                let fresh = Client { contact: *contact, state: *state, held: 0 };
                let known = self.clients.entry(client.clone()).or_insert(fresh);
                (known.contact, known.state) = (*contact, *state);
            }
            Change::Set { file, owner, range, exclusive } => {
                self.edit(*file, &owner.client, |locks| locks.ranges.set(owner, *range, *exclusive));
            }
            Change::Clear { file, owner, range } => {
                self.edit(*file, &owner.client, |locks| locks.ranges.clear(owner, *range));
            }
            Change::Share { file, owner, mode, access } => {
                let share = Share { owner: owner.clone(), mode: *mode, access: *access };
                self.edit(*file, &owner.client, |locks| locks.shares.set(share));
            }
            Change::Unshare { file, owner } => {
                self.edit(*file, &owner.client, |locks| {
                    locks.shares.clear_all(|holder| *holder == **owner);
                });
            }
            Change::FreeClient { client } => {
                for file in self.files_of(|owner| owner.client == *client) {
                    self.edit(file, client, |locks| {
                        locks.ranges.clear_all(|owner| owner.client == *client);
                        locks.shares.clear_all(|owner| owner.client == *client);
                    });
                }
                self.clients.remove(client);
            }
            Change::FreeFile { file } => self.free_file(file),
            Change::FreeVolume { volume } => {
                self.files_in(*volume).iter().for_each(|file| self.free_file(file));
            }
        }
    }

    /// Edits what one client holds of a file.
    fn edit(&mut self, file: FileKey, client: &Arc<ClientKey>, edit: impl FnOnce(&mut FileLocks)) {
        let locks = self.files.entry(file).or_default();
        let before = locks.len();
        edit(locks);
        let after = locks.len();
        if after == 0 {
            self.files.remove(&file);
        }
        self.count(file.volume, client, before, after);
    }

    fn free_file(&mut self, file: &FileKey) {
        let Some(locks) = self.files.remove(file) else { return };
        let owners: Vec<_> = locks.ranges.iter().map(|held| held.owner.client.clone()).collect();
        let shares: Vec<_> = locks.shares.iter().map(|share| share.owner.client.clone()).collect();
        for client in owners.iter().chain(&shares) {
            self.count(file.volume, client, 1, 0);
        }
    }

    fn count(&mut self, volume: VolumeId, client: &Arc<ClientKey>, before: usize, after: usize) {
        let adjusted = |count: usize| (count + after).saturating_sub(before);
        self.held = adjusted(self.held);
        let in_volume = self.volumes.entry(volume).or_default();
        *in_volume = adjusted(*in_volume);
        if *in_volume == 0 {
            self.volumes.remove(&volume);
        }
        if let Some(known) = self.clients.get_mut(client) {
            known.held = adjusted(known.held);
            if known.held == 0 {
                self.clients.remove(client);
            }
        }
    }

    /// The changes that make this table out of an empty one.
    pub fn snapshot(&self) -> Vec<Change> {
        let clients = self.clients.iter().map(|(client, known)| Change::Client {
            client: client.clone(),
            contact: known.contact,
            state: known.state,
        });
        let ranges = self.files.iter().flat_map(|(file, locks)| {
            locks.ranges.iter().map(|held| Change::Set {
                file: *file,
                owner: held.owner.clone(),
                range: held.range,
                exclusive: held.exclusive,
            })
        });
        let shares = self.files.iter().flat_map(|(file, locks)| {
            locks.shares.iter().map(|share| Change::Share {
                file: *file,
                owner: share.owner.clone(),
                mode: share.mode,
                access: share.access,
            })
        });
        clients.chain(ranges).chain(shares).collect()
    }
}
