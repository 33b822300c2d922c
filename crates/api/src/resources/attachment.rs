//! An attachment as requests and answers show it.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use holdfast_base::{Network, UidPolicy};
use holdfast_catalogue::{Attachment, AttachmentSecret, NewAttachment};
use serde::Deserialize;

use crate::error::{ApiError, ErrorCode};
use crate::mounts::MountPlace;
use crate::paths::FilePath;
use crate::state::ApiState;
use crate::times::rfc3339;

/// As whom the users of a mount act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum UidPolicyName {
    /// As themselves, root among them.
    #[default]
    Root,
    /// Root as nobody (65534), everybody else as themselves.
    Squash,
    /// Everybody as `uid` of `gid`.
    Map,
}

/// An attachment.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Attachment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentBody {
    /// `att-` and a UUID.
    #[schema(example = "att-2f6b7a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// The filesystem that it mounts.
    filesystem_id: String,
    /// Host to mount from.
    #[schema(example = "127.0.0.1")]
    host: String,
    /// Port of NFS and MOUNT there.
    #[schema(example = 2049)]
    port: u16,
    /// Whether every change is refused.
    read_only: bool,
    /// The directory that is mounted, as it was called when the attachment was made.
    #[schema(example = "/")]
    subpath: String,
    /// As whom its users act.
    uid_policy: UidPolicyName,
    /// User that everybody is; only with `map`.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    /// Group that everybody is in; only with `map`.
    #[serde(skip_serializing_if = "Option::is_none")]
    gid: Option<u32>,
    /// Networks it may be used from; any if empty.
    allowed_addresses: Vec<String>,
    /// Who it is for.
    owner: String,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends by itself (RFC 3339); absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was last used (RFC 3339); absent before the first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_activity_at: Option<String>,
}

/// An attachment that was just made, with what mounts it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = NewlyMadeAttachment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedBody {
    #[serde(flatten)]
    attachment: AttachmentBody,
    /// The path to mount, which is a secret.
    export_path: String,
    /// A command for a shell that mounts it at `/mnt/` and the filesystem's name.
    mount_command: String,
}

/// What a new attachment is to be; all of it may be left out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = NewAttachment)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct CreateBody {
    /// Whether every change is refused.
    read_only: bool,
    /// A directory to mount instead of the root. It must exist, and may be renamed later.
    subpath: Option<String>,
    /// As whom its users act; `root` if absent.
    uid_policy: UidPolicyName,
    /// With `map`: the user that everybody is.
    #[schema(maximum = 4294967294_u64)]
    uid: Option<u32>,
    /// With `map`: the group that everybody is in.
    #[schema(maximum = 4294967294_u64)]
    gid: Option<u32>,
    /// Addresses and networks it may be used from, at most 32; any if empty.
    #[schema(example = json!(["10.0.0.0/8"]))]
    allowed_addresses: Vec<String>,
    /// Seconds until it ends by itself, at most a year; never if absent.
    #[schema(minimum = 1, maximum = 31536000)]
    expires_in_seconds: Option<u64>,
    /// Who it is for: at most 250 bytes, shown in lists.
    #[schema(max_length = 250)]
    owner: String,
}

impl CreateBody {
    /// The directory, and the rest.
    pub fn read(self) -> Result<(FilePath, NewAttachment), ApiError> {
        let invalid = |message: String| ApiError::new(ErrorCode::InvalidField, message);
        let uid_policy = match (self.uid_policy, self.uid, self.gid) {
            (UidPolicyName::Root, None, None) => UidPolicy::Root,
            (UidPolicyName::Squash, None, None) => UidPolicy::Squash,
            (UidPolicyName::Map, Some(uid), Some(gid)) => UidPolicy::Map { uid, gid },
            _ => {
                let rule = "`uid` and `gid` are needed with the `uidPolicy` `map`, and go with no other";
                return Err(invalid(rule.to_owned()));
            }
        };
        let networks: Result<Vec<Network>, _> =
            self.allowed_addresses.iter().map(|text| text.parse()).collect();
        let subpath = FilePath::from_bytes(self.subpath.as_deref().unwrap_or("/").as_bytes());
        let new = NewAttachment {
            read_only: self.read_only,
            directory: None,
            uid_policy,
            networks: networks.map_err(|error| invalid(format!("`allowedAddresses`: {error}")))?,
            owner: self.owner,
            lifetime: self.expires_in_seconds.map(Duration::from_secs),
        };
        Ok((subpath.map_err(|error| ApiError::from(error).prefixed("`subpath`: "))?, new))
    }
}

/// Where the sender of a request mounts from.
pub(crate) fn place_for(state: &ApiState, headers: &HeaderMap) -> MountPlace {
    let place = state.mounts.place();
    let host = place.host.or_else(|| Some(host_of(headers)?.to_owned()));
    MountPlace { host, ..place }
}

/// The host by which the client reached us. It goes into a command for a shell, so only what a host can be.
fn host_of(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(HOST)?.to_str().ok()?;
    let host = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (!host.is_empty() && !host.starts_with('-') && host.bytes().all(good)).then_some(host)
}

impl AttachmentBody {
    /// The attachment as it is, to be mounted from `place`.
    pub fn new(attachment: Attachment, place: &MountPlace) -> Self {
        let (uid_policy, ids) = match attachment.uid_policy {
            UidPolicy::Root => (UidPolicyName::Root, None),
            UidPolicy::Squash => (UidPolicyName::Squash, None),
            UidPolicy::Map { uid, gid } => (UidPolicyName::Map, Some((uid, gid))),
        };
        Self {
            id: attachment.id.to_string(),
            filesystem_id: attachment.filesystem.to_string(),
            host: place.host.clone().unwrap_or_else(|| "localhost".to_owned()),
            port: place.port,
            read_only: attachment.read_only,
            subpath: attachment.subpath,
            uid_policy,
            uid: ids.map(|(uid, _)| uid),
            gid: ids.map(|(_, gid)| gid),
            allowed_addresses: attachment.networks.iter().map(Network::to_string).collect(),
            owner: attachment.owner,
            created_at: rfc3339(attachment.created_at),
            expires_at: attachment.expires_at.map(rfc3339),
            last_activity_at: attachment.last_active_at.map(rfc3339),
        }
    }
}

impl CreatedBody {
    /// The answer to its making.
    pub fn new(made: Attachment, secret: &AttachmentSecret, name: &str, place: &MountPlace) -> Self {
        let attachment = AttachmentBody::new(made, place);
        let export_path = format!("/{}", secret.reveal());
        let (port, host) = (attachment.port, &attachment.host);
        let options = [
            if attachment.read_only { "ro," } else { "" },
            &format!("vers=3,proto=tcp,port={port},mountport={port},mountproto=tcp,hard,"),
            if place.locks { "" } else { "nolock," },
            "rsize=1048576,wsize=1048576",
        ]
        .concat();
        let mount_command = format!("mount -t nfs -o {options} {host}:{export_path} /mnt/{name}");
        Self { attachment, export_path, mount_command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_a_host_can_be() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, text.parse().unwrap());
            host_of(&headers).map(str::to_owned)
        };
        for (text, host) in [
            ("files.example:7070", "files.example"),
            ("files.example", "files.example"),
            ("127.0.0.1:7070", "127.0.0.1"),
            ("[::1]:7070", "[::1]"),
        ] {
            assert_eq!(of(text).as_deref(), Some(host));
        }
        for wrong in ["", ":70", "a b", "$(x)", "-o", "a;b:1", "a/b"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
