//! How locks end without an UNLOCK: their client has begun anew, their attachment has ended, their file or volume is
//! gone.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use holdfast_base::VolumeId;
use uuid::Uuid;

use super::change::Change;
use super::manager::Manager;
use super::owner::{ClientKey, FileKey, Scope};

impl Manager {
    /// FREE_ALL and NOTIFY: the client of this name at this address has begun anew. A name may be given with or
    /// without its domain. Nobody but the machine itself can say so: clients at other addresses are not meant.
    pub fn free_named(&mut self, name: &[u8], address: IpAddr, now: Instant) -> usize {
        self.free_where(now, |client, at| at == address && same_host(&client.name, name))
    }

    /// An attachment has ended.
    pub fn free_attachment(&mut self, attachment: Uuid, now: Instant) -> usize {
        self.free_where(now, |client, _| client.scope == Scope::Attachment(attachment))
    }

    /// A file is gone.
    pub fn free_file(&mut self, file: FileKey) {
        self.waiting.retain_in(file, |_| false);
        self.promises.forget(|waiter| waiter.file == file);
        if self.table.file(&file).is_some() {
            self.make(Change::FreeFile { file });
        }
    }

    /// A volume is gone.
    pub fn free_volume(&mut self, volume: VolumeId) {
        self.waiting.retain(|waiter| waiter.file.volume != volume);
        self.promises.forget(|waiter| waiter.file.volume == volume);
        if self.table.held_in(volume) > 0 {
            self.make(Change::FreeVolume { volume });
        }
    }

    /// Frees the clients of a kind, at an address; how many there were.
    fn free_where(&mut self, now: Instant, whose: impl Fn(&ClientKey, IpAddr) -> bool) -> usize {
        let holding = self.table.clients();
        let holding = holding.filter(|(client, known)| whose(client, known.contact.client));
        let mut clients: HashSet<Arc<ClientKey>> = holding.map(|(client, _)| client.clone()).collect();
        let waiting = self.waiting.iter().filter(|w| whose(&w.owner.client, w.contact.client));
        clients.extend(waiting.map(|waiter| waiter.owner.client.clone()));
        clients.iter().map(|client| self.free_client(client, now)).count()
    }

    /// A client has nothing any more; others may have it.
    pub(super) fn free_client(&mut self, client: &Arc<ClientKey>, now: Instant) {
        self.waiting.retain(|waiter| waiter.owner.client != *client);
        self.promises.forget(|waiter| waiter.owner.client == *client);
        let files = self.table.files_of(|owner| owner.client == *client);
        self.make(Change::FreeClient { client: client.clone() });
        files.into_iter().for_each(|file| self.serve(file, now));
    }
}

/// Whether two names are of one host, one of them perhaps with its domain.
fn same_host(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    match long.strip_prefix(short) {
        Some([]) => true,
        // A number's beginning is not a host.
        Some([b'.', ..]) => !short.is_empty() && !short.iter().all(u8::is_ascii_digit) && !is_address(long),
        _ => false,
    }
}

fn is_address(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::same_host;

    #[test]
    fn a_host_is_known_with_and_without_its_domain() {
        for (one, other, same) in [
            ("box", "box", true),
            ("box", "box.example", true),
            ("box.example", "box", true),
            ("box", "boxer", false),
            ("box", "", false),
            ("10", "10.0.0.1", false),
            ("10.0", "10.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
        ] {
            assert_eq!(same_host(one.as_bytes(), other.as_bytes()), same, "{one} {other}");
        }
    }
}
