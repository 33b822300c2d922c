//! A catalogue of its own for each test, and short ways to fill it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use holdfast_base::{ByteSize, ManualClock, SeededRandom, TeamId, VolumeSettings};
use holdfast_catalogue::{Catalogue, Filesystem, Labels, NewFilesystem, TeamLimits};
use sqlx::AnyPool;

#[path = "server.rs"]
mod server;

pub const ROOMY: TeamLimits = TeamLimits { filesystems: 10_000, total: ByteSize(u64::MAX) };
pub const START_NANOS: u64 = 1_700_000_000_000_000_000;

/// Which database a test binary asks.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each binary uses its own")]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub struct Bench {
    pub catalogue: Catalogue,
    pub clock: Arc<ManualClock>,
    pub team: TeamId,
    /// How an onlooker reaches the same database.
    raw_url: String,
}

impl Bench {
    /// An empty catalogue; on SQLite one that nobody else can open.
    pub async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        match crate::ENGINE {
            Engine::Sqlite => Self::at("sqlite::memory:", 1, String::new()).await,
            Engine::Postgres => {
                let name = format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed));
                let (url, raw_url) = server::database(&name).await;
                Self::at(&url, 1, raw_url).await
            }
        }
    }

    /// The catalogue that belongs to this folder, however often it is opened.
    pub async fn in_folder(folder: &Path, seed: u64) -> Self {
        match crate::ENGINE {
            Engine::Sqlite => {
                let url = format!("sqlite://{}/catalogue.db", folder.display());
                Self::at(&url, seed, url.clone()).await
            }
            Engine::Postgres => {
                let name = folder.file_name().unwrap().to_str().unwrap();
                let (url, raw_url) = server::database(name).await;
                Self::at(&url, seed, raw_url).await
            }
        }
    }

    async fn at(url: &str, seed: u64, raw_url: String) -> Self {
        let clock = Arc::new(ManualClock::at(START_NANOS));
        let random = Arc::new(SeededRandom::new(seed));
        let catalogue = Catalogue::open(url, clock.clone(), random).await.unwrap();
        let (team, _) = catalogue.ensure_default_team().await.unwrap();
        Self { catalogue, clock, team: team.id, raw_url }
    }

    /// A connection past the catalogue, to which no rule of rows applies.
    pub async fn raw(&self) -> AnyPool {
        sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&self.raw_url).await.unwrap()
    }

    /// A connection with the server's own login.
    #[allow(dead_code, reason = "SQLite has no logins")]
    pub async fn login(&self) -> AnyPool {
        AnyPool::connect(&self.raw_url.replace("//postgres@", "//holdfast@")).await.unwrap()
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
        settings: VolumeSettings::default(),
    }
}
