//! PORTMAP version 2 (RFC 1833 section 3): which port a program listens on.

mod callit;
mod mapping;
#[cfg(test)]
mod tests;

pub use callit::{CallItArgs, CallItResult};
pub use mapping::{IPPROTO_TCP, IPPROTO_UDP, Mapping, Mappings};

/// The port that the portmapper itself listens on.
pub const PORT: u16 = 111;

rpc_program! {
    program 100_000 version 2;
    /// The procedures of PORTMAP version 2 (RFC 1833 section 3.2).
    procedure PortmapProcedure;
    /// Any call's arguments.
    call PortmapCall;
    /// Any call's result.
    reply PortmapReply;

    /// Does nothing.
    0 Null "NULL" (()) -> ();
    /// Register a mapping; answers whether that was done.
    1 Set "SET" (Mapping) -> bool;
    /// Remove a program version's mappings; protocol and port are ignored. Answers whether that was done.
    2 Unset "UNSET" (Mapping) -> bool;
    /// The port of a program, version and protocol; 0 if there is none. The argument's port is ignored.
    3 GetPort "GETPORT" (Mapping) -> u32;
    /// List all mappings.
    4 Dump "DUMP" (()) -> Mappings;
    /// Call another program through the portmapper.
    5 CallIt "CALLIT" (CallItArgs) -> CallItResult;
}
