//! Whose a file is to be: `X-E2B-User`, or `uid` and `gid` in the query. `mode` goes with either.

use axum::http::HeaderMap;

use crate::error::{ApiError, ErrorCode};
use crate::files::Ownership;
use crate::query::Query;

const USER_HEADER: &str = "x-e2b-user";

/// Users that a request can name: name, uid and gid.
const USERS: [(&str, u32); 2] = [("root", 0), ("user", 1000)];

/// The names of the query parameters read here.
pub(super) const PARAMETERS: [&str; 3] = ["uid", "gid", "mode"];

/// Owner and mode that a request asks for.
pub(super) fn read(headers: &HeaderMap, query: &Query) -> Result<Ownership, ApiError> {
    let uid = query.number("uid", 0, u32::MAX)?;
    let gid = query.number("gid", 0, u32::MAX)?;
    let mode = query.mode("mode")?;
    let Some(name) = headers.get(USER_HEADER) else { return Ok(Ownership { uid, gid, mode }) };
    if uid.is_some() || gid.is_some() {
        let message = "the header `X-E2B-User` and the parameters `uid` and `gid` exclude each other";
        return Err(ApiError::new(ErrorCode::InvalidHeader, message));
    }
    let found = USERS.iter().find(|(known, _)| name.as_bytes() == known.as_bytes());
    let (_, id) = found.ok_or_else(|| {
        let message =
            "the header `X-E2B-User` must be `root` or `user`; give other owners as `uid` and `gid`";
        ApiError::new(ErrorCode::InvalidHeader, message)
    })?;
    Ok(Ownership { uid: Some(*id), gid: Some(*id), mode })
}
