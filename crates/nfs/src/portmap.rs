//! PORTMAP version 2 on the NFS port: every program is on that port. Nothing can be registered or called through it.

use holdfast_wire::portmap2::{self, IPPROTO_TCP, Mapping, Mappings, PortmapCall, PortmapReply};
use holdfast_wire::{mount3, nfs3};

/// The programs that are served, with their versions.
const PROGRAMS: [(u32, u32); 3] = [
    (portmap2::PROGRAM, portmap2::VERSION),
    (nfs3::PROGRAM, nfs3::VERSION),
    (mount3::PROGRAM, mount3::VERSION),
];

/// The reply to a call; `None` for CALLIT, which is not offered.
pub(crate) fn answer(call: &PortmapCall, port: u16) -> Option<PortmapReply> {
    Some(match call {
        PortmapCall::Null(()) => PortmapReply::Null(()),
        PortmapCall::Set(_) => PortmapReply::Set(false),
        PortmapCall::Unset(_) => PortmapReply::Unset(false),
        PortmapCall::GetPort(wanted) => {
            let found =
                wanted.protocol == IPPROTO_TCP && PROGRAMS.contains(&(wanted.program, wanted.version));
            PortmapReply::GetPort(if found { u32::from(port) } else { 0 })
        }
        PortmapCall::Dump(()) => PortmapReply::Dump(Mappings(
            PROGRAMS
                .map(|(program, version)| Mapping {
                    program,
                    version,
                    protocol: IPPROTO_TCP,
                    port: port.into(),
                })
                .into(),
        )),
        PortmapCall::CallIt(_) => return None,
    })
}
