//! NSM version 1 (X/Open XNFS chapter 11): clients say that they have begun anew.
//!
//! This server watches its own clients and nobody else's: every client that holds something is remembered with its
//! address, and its NOTIFY frees what it held. MON, STAT and SIMU_CRASH, by which a host would use the monitor of
//! another, are refused. A client whose NOTIFY never comes keeps its locks until a newer state shows in a LOCK, or its
//! attachment ends.

use std::net::IpAddr;

use holdfast_wire::nsm1::{MonitorStat, StateOnly, StatusCall, StatusReply, StatusRes};

use crate::server::Shared;

/// Runs a call; `None` for what is not offered.
pub(crate) async fn run(shared: &Shared, client: IpAddr, call: StatusCall) -> Option<StatusReply> {
    let state = shared.locks.nsm_state;
    Some(match call {
        StatusCall::Null(()) => StatusReply::Null(()),
        StatusCall::Stat(_) => StatusReply::Stat(StatusRes { result: MonitorStat::Fail, state }),
        StatusCall::Mon(_) => StatusReply::Mon(StatusRes { result: MonitorStat::Fail, state }),
        StatusCall::Unmon(_) => StatusReply::Unmon(StateOnly { state }),
        StatusCall::UnmonAll(_) => StatusReply::UnmonAll(StateOnly { state }),
        StatusCall::SimuCrash(()) => return None,
        StatusCall::Notify(args) => {
            free(shared, &args.host, client).await;
            StatusReply::Notify(())
        }
    })
}

/// Frees what the client of this name at this address holds.
pub(crate) async fn free(shared: &Shared, name: &[u8], client: IpAddr) {
    match shared.locks.step(|manager, now| manager.free_named(name, client, now)).await {
        Ok(0) => {}
        Ok(_) => {
            tracing::info!(%client, name = %name.escape_ascii(), "a client has begun anew; its locks end")
        }
        Err(error) => tracing::error!(%client, %error, "the locks of a client that has begun anew stay"),
    }
}
