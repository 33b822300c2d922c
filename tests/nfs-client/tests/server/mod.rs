//! A server that knows GETATTR and nothing else. The handle says what it does.

use std::net::SocketAddr;

use bytes::BytesMut;
use holdfast_wire::nfs3::{
    Call3, Fattr3, FileHandle, Ftype3, GetAttrOk, GetAttrRes, NfsStat3, NfsTime3, Procedure3, SpecData3,
};
use holdfast_wire::record::RecordDecoder;
use holdfast_wire::rpc::{self, AuthStat, CallHeader, Credential, ReplyHeader};
use holdfast_wire::{Bytes, Reader, Rope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a GETATTR of this handle; any other eight bytes are answered with that file id.
pub const SILENT: &[u8] = b"silent";
pub const CLOSE: &[u8] = b"close";
pub const DENY: &[u8] = b"deny";
pub const TWICE: &[u8] = b"twice";

pub async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) {
    stream.set_nodelay(true).expect("a TCP socket");
    let mut decoder = RecordDecoder::default();
    let mut buffer = BytesMut::new();
    let mut out = Rope::new();
    loop {
        buffer.reserve(64 << 10);
        match stream.read_buf(&mut buffer).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
        let mut records = Vec::new();
        while let Ok(Some(record)) = decoder.next_record(&mut buffer) {
            records.push(record);
        }
        // Backwards, so that replies are out of order.
        for record in records.into_iter().rev() {
            if !answer(&mut out, record) {
                return;
            }
        }
        if stream.write_all_buf(&mut out).await.is_err() {
            return;
        }
        out.clear();
    }
}

/// Appends the reply to one call; `false` closes the connection.
fn answer(out: &mut Rope, record: Bytes) -> bool {
    let mut input = Reader::new(record);
    let header = match CallHeader::decode(&mut input) {
        Ok(header) => header,
        Err(error) => {
            let Some(reply) = error.reply() else { return false };
            rpc::write_reply(out, &reply);
            return true;
        }
    };
    let Some(procedure) = Procedure3::from_u32(header.procedure) else { return false };
    let Ok(Call3::GetAttr(args)) = Call3::decode(procedure, &mut input) else { return false };
    match args.object.as_bytes() {
        SILENT => {}
        CLOSE => return false,
        DENY => rpc::write_reply(out, &ReplyHeader::auth_error(header.xid, AuthStat::TooWeak)),
        TWICE => (0..2).for_each(|_| rpc::write_success(out, header.xid, &attributes(2, &header))),
        id => match <[u8; 8]>::try_from(id) {
            Ok(id) => rpc::write_success(out, header.xid, &attributes(u64::from_be_bytes(id), &header)),
            Err(_) => rpc::write_success(out, header.xid, &GetAttrRes::Err(NfsStat3::BadHandle.into())),
        },
    }
    true
}

/// Attributes that tell back what was asked, and by whom.
fn attributes(fileid: u64, header: &CallHeader) -> GetAttrRes {
    let uid = match &header.credential {
        Credential::Sys(sys) => sys.uid,
        _ => u32::MAX,
    };
    let time = NfsTime3::default();
    Ok(GetAttrOk {
        attributes: Fattr3 {
            kind: Ftype3::Regular,
            mode: 0o644,
            nlink: 1,
            uid,
            gid: 0,
            size: 0,
            used: 0,
            rdev: SpecData3::default(),
            fsid: 1,
            fileid,
            atime: time,
            mtime: time,
            ctime: time,
        },
    })
}

/// The handle of a file id.
pub fn file(id: u64) -> FileHandle {
    handle(&id.to_be_bytes())
}

/// A handle of any bytes.
pub fn handle(bytes: &[u8]) -> FileHandle {
    FileHandle::new(bytes).expect("a short handle")
}
