//! Every bound of the HTTP front end in one place. The composition root overrides them from configuration.

use std::time::Duration;

use holdfast_base::size::GB;
use holdfast_base::{ByteSize, limits};
use holdfast_catalogue::TeamLimits;

/// Bounds on requests, bodies, answers, sizes and connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Size of a filesystem for which none is given.
    pub filesystem_default: ByteSize,
    /// Smallest size of a filesystem.
    pub filesystem_min: ByteSize,
    /// Largest size of a filesystem.
    pub filesystem_max: ByteSize,
    /// A filesystem may hold one inode per this many bytes of its size.
    pub bytes_per_inode: u64,
    /// Limits over all filesystems of one team.
    pub team: TeamLimits,
    /// How long a deleted filesystem can be undeleted; its space is reclaimed afterwards.
    pub undelete_grace: Duration,
    /// Requests a second of one key; 0 is no limit.
    pub requests_per_second: u32,
    /// Largest JSON body, bytes.
    pub json_body_max_bytes: usize,
    /// Largest upload of one file, bytes.
    pub upload_max_bytes: u64,
    /// Longest wait for the next piece of an upload.
    pub upload_idle_timeout: Duration,
    /// Longest reading on of an upload that was refused, so that its client comes to read the answer.
    pub upload_drain_timeout: Duration,
    /// Longest time to the head of an answer, uploads excepted.
    pub request_timeout: Duration,
    /// Entries in one page of a listing when the request does not say.
    pub page_default: u32,
    /// Most filesystems in one page.
    pub filesystems_page_max: u32,
    /// Most directory entries in one page.
    pub entries_page_max: u32,
    /// Deepest listing, levels.
    pub list_depth_max: u32,
    /// Most connections at once; the next one waits unaccepted.
    pub connections_max: usize,
    /// Most header fields of one request.
    pub headers_max: usize,
    /// Most bytes of a request's head.
    pub head_max_bytes: usize,
    /// Longest wait for a complete request head; also how long an idle connection is kept.
    pub head_timeout: Duration,
    /// Longest wait for running requests when the server stops.
    pub drain_timeout: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            filesystem_default: ByteSize(10 * GB),
            filesystem_min: ByteSize(GB),
            filesystem_max: ByteSize(100 * GB),
            bytes_per_inode: 4096,
            team: TeamLimits { filesystems: 10_000, total: ByteSize(100_000 * GB) },
            undelete_grace: Duration::ZERO,
            requests_per_second: 5000,
            json_body_max_bytes: 64 << 10,
            upload_max_bytes: 100 * GB,
            upload_idle_timeout: Duration::from_secs(60),
            upload_drain_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            page_default: 100,
            filesystems_page_max: 1000,
            entries_page_max: limits::LIST_PAGE_MAX_ENTRIES as u32,
            list_depth_max: 10,
            connections_max: 4096,
            headers_max: 64,
            head_max_bytes: 32 << 10,
            head_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(20),
        }
    }
}

impl ApiLimits {
    /// The inode limit of a filesystem of this size.
    pub fn inodes(&self, size: ByteSize) -> u64 {
        (size.0 / self.bytes_per_inode.max(1)).max(1)
    }
}
