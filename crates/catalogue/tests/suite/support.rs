//! A catalogue in a temporary directory, and short ways to fill it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdfast_base::{ByteSize, ManualClock, SeededRandom, TeamId};
use holdfast_catalogue::{Catalogue, Filesystem, Labels, NewFilesystem, TeamLimits};

pub const ROOMY: TeamLimits = TeamLimits { filesystems: 10_000, total: ByteSize(u64::MAX) };
pub const START_NANOS: u64 = 1_700_000_000_000_000_000;

pub struct Bench {
    pub catalogue: Catalogue,
    pub clock: Arc<ManualClock>,
    pub team: TeamId,
}

impl Bench {
    pub async fn in_memory() -> Self {
        Self::at("sqlite::memory:", 1).await
    }

    pub async fn in_file(folder: &Path, seed: u64) -> Self {
        Self::at(&format!("sqlite://{}/catalogue.db", folder.display()), seed).await
    }

    async fn at(url: &str, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::at(START_NANOS));
        let random = Arc::new(SeededRandom::new(seed));
        let catalogue = Catalogue::open(url, clock.clone(), random).await.unwrap();
        let (team, _) = catalogue.ensure_default_team().await.unwrap();
        Self { catalogue, clock, team: team.id }
    }

    pub fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    pub async fn filesystem(&self, name: &str) -> Filesystem {
        self.labelled(name, &[]).await
    }

    pub async fn labelled(&self, name: &str, pairs: &[(&str, &str)]) -> Filesystem {
        let made = self.catalogue.create_filesystem(self.team, labelled(name, pairs), ROOMY).await.unwrap();
        self.catalogue.activate_filesystem(made.id).await.unwrap();
        self.catalogue.get_filesystem_any_team(made.id).await.unwrap()
    }
}

pub fn new(name: &str) -> NewFilesystem {
    labelled(name, &[])
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    let map: BTreeMap<_, _> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Labels::new(map).unwrap()
}

fn labelled(name: &str, pairs: &[(&str, &str)]) -> NewFilesystem {
    NewFilesystem {
        name: name.to_owned(),
        size: ByteSize(5_000_000_000),
        inode_limit: 1_000_000,
        labels: labels(pairs),
    }
}
