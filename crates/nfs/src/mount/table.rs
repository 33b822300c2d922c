//! Who has mounted what, as far as clients said. Bounded: the oldest entry makes room for the next.

use std::collections::VecDeque;
use std::net::IpAddr;

use parking_lot::Mutex;

use crate::limits::MOUNTS_MAX;

/// The mounts of all clients.
#[derive(Default)]
pub(crate) struct MountTable {
    mounts: Mutex<VecDeque<(IpAddr, String)>>,
}

impl MountTable {
    /// Remembers a mount once.
    pub fn add(&self, client: IpAddr, path: String) {
        let mut mounts = self.mounts.lock();
        let mount = (client, path);
        if mounts.contains(&mount) {
            return;
        }
        if mounts.len() == MOUNTS_MAX {
            mounts.pop_front();
        }
        mounts.push_back(mount);
    }

    /// Forgets a mount.
    pub fn remove(&self, client: IpAddr, path: &str) {
        self.mounts.lock().retain(|(host, mounted)| *host != client || mounted != path);
    }

    /// Forgets all mounts of a client.
    pub fn remove_all(&self, client: IpAddr) {
        self.mounts.lock().retain(|(host, _)| *host != client);
    }

    /// The paths that a client has mounted.
    pub fn of(&self, client: IpAddr) -> Vec<String> {
        let mounts = self.mounts.lock();
        mounts.iter().filter(|(host, _)| *host == client).map(|(_, path)| path.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded_and_keeps_clients_apart() {
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let table = MountTable::default();
        table.add(two, "/x".into());
        for number in 0..MOUNTS_MAX {
            table.add(one, format!("/{number}"));
            table.add(one, format!("/{number}"));
        }
        assert_eq!(table.of(two), Vec::<String>::new());
        assert_eq!(table.of(one).len(), MOUNTS_MAX);
        table.remove(two, "/0");
        table.remove(one, "/1");
        assert_eq!(table.of(one)[..2], ["/0", "/2"]);
        table.remove_all(one);
        assert!(table.of(one).is_empty());
    }
}
