//! What RPC itself refuses, and how.

use holdfast_nfs_client::{Client, ClientError, ConnectOptions, RawConnection, Target};
use holdfast_wire::nfs3::{self, GetAttrArgs};
use holdfast_wire::rpc::{AcceptStatus, AuthStat, Credential, OpaqueAuth, Rejection, ReplyBody, ReplyHeader};
use holdfast_wire::{Encode, Rope, mount3, nlm4, nsm1, portmap2};

use super::support::World;

struct Words<'a>(&'a [u32]);

impl Encode for Words<'_> {
    fn encode(&self, out: &mut Rope) {
        self.0.iter().for_each(|word| out.put_u32(*word));
    }
}

async fn refusal(client: &Client, program: u32, version: u32, procedure: u32, words: &[u32]) -> ReplyBody {
    let target = Target { program, version, procedure };
    client.exchange(None, target, &Words(words)).await.unwrap().0.body
}

#[tokio::test]
async fn unknown_targets_have_their_answers() {
    let world = World::start().await;
    let client = world.client(0).await;
    let accepted = ReplyBody::from;
    assert_eq!(refusal(&client, 100_099, 1, 0, &[]).await, accepted(AcceptStatus::ProgramUnavailable));
    for (program, version, spoken) in [
        (nfs3::PROGRAM, 4, 3),
        (nfs3::PROGRAM, 2, 3),
        (mount3::PROGRAM, 1, 3),
        (portmap2::PROGRAM, 4, 2),
        (nlm4::PROGRAM, 3, 4),
        (nsm1::PROGRAM, 2, 1),
    ] {
        let mismatch = AcceptStatus::ProgramMismatch { low: spoken, high: spoken };
        assert_eq!(refusal(&client, program, version, 0, &[]).await, accepted(mismatch));
    }
    for (program, version) in [
        (nfs3::PROGRAM, 3),
        (mount3::PROGRAM, 3),
        (portmap2::PROGRAM, 2),
        (nlm4::PROGRAM, 4),
        (nsm1::PROGRAM, 1),
    ] {
        let body = refusal(&client, program, version, 99, &[]).await;
        assert_eq!(body, accepted(AcceptStatus::ProcedureUnavailable));
        // Arguments that are not there, and arguments that should not be.
        let body = refusal(&client, program, version, 1, &[]).await;
        assert_eq!(body, accepted(AcceptStatus::GarbageArguments));
        let body = refusal(&client, program, version, 0, &[1]).await;
        assert_eq!(body, accepted(AcceptStatus::GarbageArguments));
    }
}

#[tokio::test]
async fn credentials_are_needed_and_understood() {
    let world = World::start().await;
    let mount = world.one().await;
    let getattr = GetAttrArgs { object: mount.root };
    let nobody = mount.client.with_credential(Credential::None);
    nobody.nfs_null().await.unwrap();
    let denied = |stat| ReplyBody::Denied(Rejection::Auth(stat));
    let other = |flavor, body: &'static [u8]| {
        let credential = Credential::Other(OpaqueAuth { flavor, body: body.into() });
        mount.client.with_credential(credential)
    };
    for (client, stat) in [
        (nobody, AuthStat::TooWeak),
        (other(6, b""), AuthStat::RejectedCredential),
        (other(1, b"not at all"), AuthStat::BadCredential),
        (other(0, b"none?"), AuthStat::BadCredential),
    ] {
        let error = client.getattr(&getattr).await.unwrap_err();
        assert!(matches!(&error, ClientError::Refused(body) if *body == denied(stat)), "{error:?}");
    }
}

#[tokio::test]
async fn other_versions_of_rpc_are_told_ours() {
    let world = World::start().await;
    let mut raw = RawConnection::connect(world.address, ConnectOptions::default()).await.unwrap();
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    raw.send_record(&words(&[7, 0, 3, nfs3::PROGRAM, 3, 0, 0, 0, 0, 0])).await.unwrap();
    let mismatch = ReplyBody::Denied(Rejection::RpcMismatch { low: 2, high: 2 });
    assert_eq!(raw.read_reply().await.unwrap().0, ReplyHeader { xid: 7, body: mismatch });
    raw.send_record(&words(&[8, 0, 2, nfs3::PROGRAM])).await.unwrap();
    let garbage = ReplyHeader::accepted(8, AcceptStatus::GarbageArguments);
    assert_eq!(raw.read_reply().await.unwrap().0, garbage);
    // A verifier that belongs to no flavour we speak.
    raw.send_record(&words(&[9, 0, 2, nfs3::PROGRAM, 3, 0, 0, 0, 6, 0])).await.unwrap();
    assert_eq!(raw.read_reply().await.unwrap().0, ReplyHeader::auth_error(9, AuthStat::BadVerifier));
    // A reply is not a call: the sender is no client.
    raw.send_record(&words(&[9, 1, 0])).await.unwrap();
    assert!(raw.is_closed_by_server().await.unwrap());
}
