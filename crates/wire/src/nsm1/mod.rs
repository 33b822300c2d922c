//! NSM version 1, the status monitor's protocol (X/Open XNFS, C702, chapter 11): who has begun anew.
//!
//! A host's state is an odd number while it is up, and another one after each of its starts. MON asks a monitor to
//! call back when a host's state changes; NOTIFY is how that host's monitor says so.

mod monitor;
#[cfg(test)]
mod tests;

pub use monitor::{
    CallbackId, HostName, MonitorArgs, MonitorId, MonitorStat, NotifyArgs, Private, StateOnly, StatusRes,
};

rpc_program! {
    program 100_024 version 1;
    /// The procedures of NSM version 1 (XNFS section 11.2).
    procedure StatusProcedure;
    /// Any call's arguments.
    call StatusCall;
    /// Any call's result.
    reply StatusReply;

    /// Does nothing.
    0 Null "NULL" (()) -> ();
    /// Can this host be monitored?
    1 Stat "STAT" (HostName) -> StatusRes;
    /// Call back when a host's state changes.
    2 Mon "MON" (MonitorArgs) -> StatusRes;
    /// End one MON.
    3 Unmon "UNMON" (MonitorId) -> StateOnly;
    /// End all MON of one caller.
    4 UnmonAll "UNMON_ALL" (CallbackId) -> StateOnly;
    /// Act as if the host had crashed.
    5 SimuCrash "SIMU_CRASH" (()) -> ();
    /// A host has a new state.
    6 Notify "NOTIFY" (NotifyArgs) -> ();
}
