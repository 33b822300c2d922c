//! Words shared by every layer: typed ids, sizes, settings, clock and randomness traits, and the table of limits.
//!
//! This crate knows nothing of NFS, HTTP, SQL or storage, and depends on no other crate of the workspace.

pub mod clock;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod network;
pub mod random;
pub mod settings;
pub mod size;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use identity::UidPolicy;
pub use ids::{AttachmentId, FilesystemId, IdError, KeyId, SnapshotId, TeamId, VolumeId};
pub use network::{Network, NetworkError};
pub use random::{OsRandom, Random, SeededRandom};
pub use settings::{Compression, Durability, SettingError, VolumeSettings};
pub use size::{ByteSize, SizeError};
