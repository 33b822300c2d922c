//! From settings to a server that is ready.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_api::{ApiLimits, ApiParts, ApiState, Settle, Tokens};
use holdfast_base::{Clock, OsRandom, Random, SystemClock};
use holdfast_catalogue::{Catalogue, CatalogueError, ListFilesystems, TeamLimits};
use holdfast_engine::{CacheConfig, Engine, EngineConfig, Environment, RealDisk, Store, StoreOptions};
use holdfast_nfs::{Attachments, LockConfig, Locks, NfsConfig, NfsServer};
use tokio::net::TcpListener;

use super::catalogue_copy::{self, CatalogueCopy};
use super::data_dir::{Addresses, DataDir};
use super::exports::CatalogueExports;
use super::mounts::{ServerMounts, Upkeep};
use super::{keys, master_key, metrics};
use crate::config::{Settings, table};
use crate::exit::{Exit, Failure};
use crate::files::EngineFiles;

/// A server that is ready and serves nothing yet.
pub(super) struct Server {
    pub data_dir: DataDir,
    pub addresses: Addresses,
    pub http: TcpListener,
    pub nfs: NfsServer,
    pub api: ApiState,
    pub limits: ApiLimits,
    pub engine: Arc<Engine>,
    pub catalogue: Arc<Catalogue>,
    pub copy: CatalogueCopy,
    pub recorder: metrics::Recorder,
    pub upkeep: Upkeep,
    /// Set when the server stops, for `/readyz`.
    pub draining: Arc<AtomicBool>,
}

impl Server {
    /// Opens everything. Front ends make their metrics when they are made, so the recorder comes first.
    pub async fn start(settings: Settings) -> Result<Self, Failure> {
        let data_dir = DataDir::claim(&settings.data_dir)?;
        let recorder = metrics::install()?;
        let http = listen(settings.http_addr).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let random: Arc<dyn Random> = Arc::new(OsRandom);
        let store = open_store(&settings, random.clone())?;
        catalogue_copy::restore(&settings.catalogue, &store, &settings.store).await?;
        let catalogue = Catalogue::open(&settings.catalogue, clock.clone(), random.clone()).await;
        let catalogue = Arc::new(catalogue.map_err(|error| {
            cannot(format!("the catalogue {} cannot be opened", settings.catalogue), &error)
        })?);
        keys::ensure(&catalogue, data_dir.path()).await?;
        let copy = CatalogueCopy::new(&settings.catalogue, catalogue.clone(), store.clone(), data_dir.path());
        let tokens = Tokens::new(&keys::token_seed(data_dir.path(), &*random)?, settings.token_lifetime);
        let engine = start_engine(&settings, store, clock.clone(), random.clone(), true).await?;
        // Not before the engine has made sure that the store is this directory's: it may hold another node's copy.
        copy.settle().await;
        let locks = open_locks(&settings, &catalogue, clock.clone()).await?;
        let attachments = Attachments::new(clock.clone(), locks.clone());
        // It answers nobody before it runs.
        let nfs = bind_nfs(&settings, &engine, &catalogue, locks.clone(), attachments.clone()).await?;
        let host = settings.nfs_host.clone();
        let has_locks = nfs.portmap_addr().is_some();
        let mounts = ServerMounts::new(nfs.local_addr(), host, has_locks, attachments.clone());
        let upkeep = Upkeep { catalogue: catalogue.clone(), attachments, clock: clock.clone() };
        let closed = upkeep.close_what_is_deleted().await;
        closed.map_err(|error| cannot("the deleted filesystems cannot be listed", &error))?;
        let limits = api_limits(&settings);
        let draining = Arc::new(AtomicBool::new(false));
        let api = ApiState::new(ApiParts {
            catalogue: catalogue.clone(),
            files: Arc::new(EngineFiles::new(engine.clone(), locks)),
            mounts: Arc::new(mounts),
            limits: limits.clone(),
            clock,
            random,
            tokens,
            render_metrics: recorder.renderer(),
            ready: readiness(engine.clone(), draining.clone()),
            settle: settle(copy.clone()),
        });
        let recovered = api.filesystems().recover().await;
        let recovered =
            recovered.map_err(|error| cannot("what a crash interrupted cannot be finished", &error))?;
        tracing::info!(?recovered, "looked for creations and deletions that a crash interrupted");
        let http_addr =
            http.local_addr().map_err(|error| taken(table::HTTP_ADDR, settings.http_addr, &error))?;
        let addresses = Addresses { http: http_addr, nfs: nfs.local_addr(), portmap: nfs.portmap_addr() };
        Ok(Self {
            data_dir,
            addresses,
            http,
            nfs,
            api,
            limits,
            engine,
            catalogue,
            copy,
            recorder,
            upkeep,
            draining,
        })
    }
}

async fn bind_nfs(
    settings: &Settings,
    engine: &Arc<Engine>,
    catalogue: &Arc<Catalogue>,
    locks: Locks,
    attachments: Attachments,
) -> Result<NfsServer, Failure> {
    let exports = CatalogueExports::new(catalogue.clone(), settings.nfs_allow.clone());
    let config = NfsConfig { handle_key: engine.handle_key(), locks, attachments };
    let nfs = NfsServer::bind(settings.nfs_addr, config, engine.clone(), Arc::new(exports)).await;
    let nfs = nfs.map_err(|error| taken(table::NFS_ADDR, settings.nfs_addr, &error))?;
    let Some(address) = settings.portmap_addr else { return Ok(nfs) };
    let portmapper = nfs.with_portmapper(address).await;
    portmapper.map_err(|error| taken(table::PORTMAP_ADDR, address, &error))
}

pub(super) fn open_store(settings: &Settings, random: Arc<dyn Random>) -> Result<Store, Failure> {
    let what = || format!("the store {} cannot be opened", settings.store);
    let options = StoreOptions::new(random);
    // Those that are not text are nobody's settings.
    let variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Store::open(&settings.store, &variables, options).map_err(|error| cannot(what(), &error))
}

pub(super) async fn start_engine(
    settings: &Settings,
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    background: bool,
) -> Result<Arc<Engine>, Failure> {
    let caches = CacheConfig {
        metadata_bytes: settings.cache_metadata.0,
        data_bytes: settings.cache_data.0,
        index_bytes: settings.cache_index.0,
    };
    let config = EngineConfig {
        caches,
        background,
        ship: settings.ship,
        ship_every: settings.ship_every,
        ..EngineConfig::new(settings.data_dir.clone())
    };
    let master_key = master_key::read(settings.master_key.as_ref())?;
    let environment = Environment { store, disk: Arc::new(RealDisk), clock, random, master_key };
    Engine::start(config, environment).await.map_err(|error| cannot("the engine cannot start", &error))
}

async fn open_locks(
    settings: &Settings,
    catalogue: &Catalogue,
    clock: Arc<dyn Clock>,
) -> Result<Locks, Failure> {
    // Without a filesystem nobody can have held a lock: a log that is missing is not lost.
    let may_have_held = has_filesystems(catalogue).await;
    let may_have_held = may_have_held.map_err(|error| cannot("the filesystems cannot be listed", &error))?;
    let config = LockConfig::new(Arc::new(RealDisk), settings.data_dir.clone(), clock, may_have_held);
    Locks::open(config).await.map_err(|error| cannot("the lock log cannot be read", &error))
}

async fn has_filesystems(catalogue: &Catalogue) -> Result<bool, CatalogueError> {
    let one = ListFilesystems { limit: 1, ..ListFilesystems::default() };
    for team in catalogue.list_teams().await? {
        if !catalogue.list_filesystems(team.id, &one).await?.filesystems.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn api_limits(settings: &Settings) -> ApiLimits {
    ApiLimits {
        filesystem_default: settings.filesystem_size_default,
        filesystem_min: settings.filesystem_size_min,
        filesystem_max: settings.filesystem_size_max,
        team: TeamLimits { filesystems: settings.team_filesystems_max, total: settings.team_size_max },
        undelete_grace: settings.undelete_grace,
        requests_per_second: settings.key_requests_per_second,
        upload_max_bytes: settings.filesystem_size_max.0,
        drain_timeout: settings.drain,
        ..ApiLimits::default()
    }
}

fn readiness(
    engine: Arc<Engine>,
    draining: Arc<AtomicBool>,
) -> Box<dyn Fn() -> Result<(), String> + Send + Sync> {
    Box::new(move || {
        if draining.load(Ordering::Relaxed) {
            return Err("the server is stopping".to_owned());
        }
        engine.is_degraded().map_or(Ok(()), Err)
    })
}

fn settle(copy: CatalogueCopy) -> Settle {
    Arc::new(move || {
        let copy = copy.clone();
        Box::pin(async move { copy.settle().await })
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| taken(table::HTTP_ADDR, address, &error))
}

fn taken(option: &table::Spec, address: SocketAddr, error: &std::io::Error) -> Failure {
    let helps = match error.kind() {
        std::io::ErrorKind::AddrInUse => "another process listens there; end it or choose another port with",
        std::io::ErrorKind::PermissionDenied => "a port below 1024 needs root; choose another one with",
        _ => "choose an address of this machine with",
    };
    let Failure { exit, message, .. } = cannot(format!("cannot listen on {address}"), error);
    Failure::new(exit, format!("{message}; {helps} --{} ADDR:PORT (port 0 takes a free one)", option.flag))
}

fn cannot(what: impl std::fmt::Display, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::because(Exit::CannotStart, what, error)
}
