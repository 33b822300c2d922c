//! `holdfast serve`: puts the layers together, lets them run, and takes them apart in order.
//!
//! **Start**: claim the data directory, listen on HTTP, open catalogue and engine, finish what a crash interrupted,
//! listen on NFS, and only then say `ready`. **Stop**: no new connections, running requests finish within the drain
//! time, the engine puts everything into the store. **In a crash** nothing is needed of this module: the next start
//! finds the lock free, the keys whole or absent, and hands the rest to the layers.

mod background;
mod catalogue_copy;
pub mod check;
mod data_dir;
mod exports;
mod keys;
mod logging;
mod master_key;
mod metrics;
mod mounts;
mod private_file;
mod start;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use crate::config::Settings;
use crate::exit::{Exit, Failure, chain};
use crate::output;

pub use data_dir::Addresses;
pub use keys::{ADMIN_KEY_FILE, API_KEY_FILE};

use start::Server;
use stop::Stop;

/// Longest wait at the end for the store to take what only the journal has. What is left then is safe in the journal.
const CHECKPOINT_MAX: Duration = Duration::from_secs(30);

/// Runs the server until a signal ends it.
///
/// # Errors
/// Why it cannot start, or what went wrong at the end.
pub fn run(settings: Settings) -> Result<(), Failure> {
    // Everything in the data directory is somebody's files, or a key to them.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    logging::start(&settings.log, settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::because(Exit::CannotStart, "no threads can be started", &error))?;
    runtime.block_on(async {
        let mut stop = Stop::listen()?;
        // A signal during the start ends it where it stands, as a crash would.
        let server = tokio::select! {
            server = Server::start(settings) => server?,
            () = stop.asked() => return Ok(()),
        };
        serve(server, stop).await
    })
}

async fn serve(server: Server, mut stop: Stop) -> Result<(), Failure> {
    let Server { data_dir, addresses, http, nfs, api, limits, engine, catalogue, .. } = server;
    let Server { copy, recorder, draining, upkeep, .. } = server;
    let upkeep = Arc::new(upkeep);
    let upkeep_task = tokio::spawn(upkeep.clone().run());
    let background = background::start(api.filesystems().clone(), copy.clone(), recorder);
    let (tell, told) = watch::channel(false);
    let (http_stop, nfs_stop) = (stopped(told.clone()), stopped(told));
    let router = holdfast_api::router(api);
    let mut http = tokio::spawn(async move { holdfast_api::serve(http, router, &limits, http_stop).await });
    let mut nfs = tokio::spawn(nfs.run(nfs_stop));
    data_dir.publish(addresses)?;
    output::print(&format!("ready http={} nfs={}\n", addresses.http, addresses.nfs))?;
    tracing::info!(http = %addresses.http, nfs = %addresses.nfs, portmap = ?addresses.portmap, version = env!("CARGO_PKG_VERSION"), "ready");
    tokio::select! {
        () = stop.asked() => {}
        ended = &mut http => return Err(broken("HTTP", ended)),
        ended = &mut nfs => return Err(broken("NFS", ended)),
    }

    tracing::info!("draining; a second signal stops at once");
    draining.store(true, std::sync::atomic::Ordering::Relaxed);
    // The receivers live as long as the two front ends; gone ones need not be told.
    let _ = tell.send(true);
    let end = async {
        join("HTTP", http).await;
        join("NFS", nfs).await;
        background.abort();
        upkeep_task.abort();
        if let Err(error) = upkeep.note_activity().await {
            tracing::warn!(why = chain(&error), "the times of last use of attachments are lost");
        }
        let closed = tokio::time::timeout(CHECKPOINT_MAX, engine.shutdown()).await;
        // With the times that keys were last used.
        copy.settle().await;
        catalogue.close().await;
        closed
    };
    let closed = tokio::select! {
        closed = end => closed,
        () = stop.asked_again() => return Err(Failure::new(Exit::Failed, "stopped at once by a second signal")),
    };
    data_dir.retract();
    let why = match closed {
        Ok(Ok(())) => {
            tracing::info!("everything is in the store");
            return Ok(());
        }
        Ok(Err(error)) => chain(&error),
        Err(_) => format!("the store did not take it within {CHECKPOINT_MAX:?}"),
    };
    Err(Failure::new(
        Exit::Failed,
        format!("not everything could be put into the store: {why}; the journal keeps it for the next start"),
    ))
}

/// Resolves once the server is told to stop, or its end forgot to tell.
async fn stopped(mut told: watch::Receiver<bool>) {
    let _ = told.wait_for(|stop| *stop).await;
}

/// The end of a front end that nobody asked to end.
fn broken(what: &str, ended: Result<(), JoinError>) -> Failure {
    let why = ended.err().map_or_else(|| "it returned".to_owned(), |error| error.to_string());
    Failure::new(Exit::Failed, format!("the {what} front end ended by itself: {why}"))
}

async fn join(what: &str, front_end: JoinHandle<()>) {
    if let Err(error) = front_end.await {
        tracing::error!(%error, "the {what} front end did not drain");
    }
}
