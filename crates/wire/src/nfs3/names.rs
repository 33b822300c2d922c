//! Names and link targets: bytes, not text (RFC 1813 section 2.5, `filename3` and `nfspath3`).

use crate::limits::{NAME_DECODE_MAX_BYTES, PATH_DECODE_MAX_BYTES};
use crate::nfs3::FileHandle;

xdr_string! {
    /// `filename3`: one component. May hold anything and be longer than a name is allowed to be; the server answers
    /// NFS3ERR_NAMETOOLONG, NFS3ERR_INVAL or NFS3ERR_ACCES as it sees fit.
    pub struct Filename3[NAME_DECODE_MAX_BYTES];
}

xdr_string! {
    /// `nfspath3`: the target of a symbolic link, which only clients interpret.
    pub struct NfsPath3[PATH_DECODE_MAX_BYTES];
}

xdr_struct! {
    /// `diropargs3`: a name in a directory.
    pub struct DirOpArgs3 {
        /// The directory.
        pub dir: FileHandle,
        /// The name in it.
        pub name: Filename3,
    }
}
