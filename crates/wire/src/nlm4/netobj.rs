//! `netobj` and names (RFC 1813 section 6.1.1; XNFS section 10.3).

use crate::limits::{LOCK_NAME_MAX_BYTES, NET_OBJECT_MAX_BYTES};

xdr_string! {
    /// `netobj`: up to 1,024 bytes that only their maker understands: cookies, owners, and file handles, which may be
    /// too long for NFS so that the server can answer NLM4_STALE_FH.
    pub struct NetObject[NET_OBJECT_MAX_BYTES];
}

xdr_string! {
    /// `caller_name`: what a client calls itself, at most 1,024 bytes (LM_MAXSTRLEN). Nothing proves it.
    pub struct CallerName[LOCK_NAME_MAX_BYTES];
}
