//! The protocol's own bounds: what a decoder accepts. The server's policy (`holdfast_base::limits`) is tighter.
//!
//! A bound here is looser than the server's where the protocol has a status for "too long", so that the server
//! can answer with that status instead of GARBAGE_ARGS.

use holdfast_base::limits::{NAME_MAX_BYTES, NFS_IO_MAX_BYTES, PATH_MAX_BYTES, RPC_RECORD_MAX_BYTES};

/// Longest body of a credential or verifier, bytes (RFC 5531 section 8.2).
pub const AUTH_BODY_MAX_BYTES: usize = 400;
/// Longest machine name in AUTH_SYS, bytes (RFC 5531 appendix A).
pub const MACHINE_NAME_MAX_BYTES: usize = 255;
/// Most supplementary groups in AUTH_SYS (RFC 5531 appendix A).
pub const AUTH_SYS_GIDS_MAX: usize = 16;

/// Longest file handle, bytes (RFC 1813 section 2.4, NFS3_FHSIZE).
pub const FILE_HANDLE_MAX_BYTES: usize = 64;
/// Longest name that decodes, bytes. Past `NAME_MAX_BYTES` the server answers NFS3ERR_NAMETOOLONG.
pub const NAME_DECODE_MAX_BYTES: usize = PATH_MAX_BYTES;
/// Longest symbolic link target that decodes, bytes. Past `PATH_MAX_BYTES` the server answers NFS3ERR_NAMETOOLONG.
pub const PATH_DECODE_MAX_BYTES: usize = 2 * PATH_MAX_BYTES;
/// Longest WRITE or READ payload that decodes, bytes: a writer past `wtmax` may get a short write.
pub const DATA_DECODE_MAX_BYTES: usize = RPC_RECORD_MAX_BYTES;
/// Most entries decoded from one READDIR or READDIRPLUS reply.
pub const DIRECTORY_ENTRIES_MAX: usize = 65_536;

/// Most authentication flavours in a MNT reply.
pub const MOUNT_AUTH_FLAVORS_MAX: usize = 16;
/// Longest host or group name of MOUNT, bytes (RFC 1813 section 5.1.3, MNTNAMLEN).
pub const MOUNT_NAME_MAX_BYTES: usize = 255;
/// Most entries decoded from one DUMP or EXPORT reply, and most groups of one export.
pub const MOUNT_LIST_MAX_ENTRIES: usize = 16_384;

/// Most mappings decoded from one PORTMAP DUMP reply.
pub const PORTMAP_LIST_MAX_ENTRIES: usize = 16_384;
/// Longest arguments or result of CALLIT, bytes: what fitted a datagram of the original service.
pub const CALLIT_MAX_BYTES: usize = 8800;

/// Longest opaque object of NLM, bytes (RFC 1813 section 6.1.1, MAXNETOBJ_SZ).
pub const NET_OBJECT_MAX_BYTES: usize = 1024;
/// Longest name of NLM and NSM, bytes (LM_MAXSTRLEN, SM_MAXSTRLEN).
pub const LOCK_NAME_MAX_BYTES: usize = 1024;

const _: () = assert!(NAME_MAX_BYTES < NAME_DECODE_MAX_BYTES);
const _: () = assert!(NFS_IO_MAX_BYTES as usize <= DATA_DECODE_MAX_BYTES);
