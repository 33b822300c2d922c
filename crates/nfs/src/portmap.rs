//! PORTMAP version 2: every program is on the NFS port. Nothing can be registered or called through it.
//!
//! Answered on the NFS port, and, where it is wanted, on the portmapper's own, where clients look for the lock manager.

use holdfast_wire::portmap2::{self, IPPROTO_TCP, IPPROTO_UDP, Mapping, Mappings, PortmapCall, PortmapReply};
use holdfast_wire::{mount3, nfs3, nlm4, nsm1};

use crate::server::Shared;

/// The reply to a call; `None` for CALLIT, which is not offered.
pub(crate) fn answer(call: &PortmapCall, shared: &Shared) -> Option<PortmapReply> {
    Some(match call {
        PortmapCall::Null(()) => PortmapReply::Null(()),
        PortmapCall::Set(_) => PortmapReply::Set(false),
        PortmapCall::Unset(_) => PortmapReply::Unset(false),
        PortmapCall::GetPort(wanted) => {
            let found = services(shared).into_iter().find(|service| {
                (service.program, service.version, service.protocol)
                    == (wanted.program, wanted.version, wanted.protocol)
            });
            PortmapReply::GetPort(found.map_or(0, |service| service.port))
        }
        PortmapCall::Dump(()) => PortmapReply::Dump(Mappings(services(shared))),
        PortmapCall::CallIt(_) => return None,
    })
}

/// What is served where.
fn services(shared: &Shared) -> Vec<Mapping> {
    let own = shared.portmap_port.get().copied();
    let on =
        |program, version, protocol, port: u16| Mapping { program, version, protocol, port: port.into() };
    let mut services = vec![
        on(portmap2::PROGRAM, portmap2::VERSION, IPPROTO_TCP, own.unwrap_or(shared.port)),
        on(nfs3::PROGRAM, nfs3::VERSION, IPPROTO_TCP, shared.port),
        on(mount3::PROGRAM, mount3::VERSION, IPPROTO_TCP, shared.port),
        on(nlm4::PROGRAM, nlm4::VERSION, IPPROTO_TCP, shared.port),
        on(nsm1::PROGRAM, nsm1::VERSION, IPPROTO_TCP, shared.port),
    ];
    if let Some(port) = own {
        // Status monitors send their notices in datagrams.
        services.push(on(portmap2::PROGRAM, portmap2::VERSION, IPPROTO_UDP, port));
        services.push(on(nsm1::PROGRAM, nsm1::VERSION, IPPROTO_UDP, port));
    }
    services
}
