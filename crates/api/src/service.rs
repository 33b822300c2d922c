//! Filesystems as one thing made of a catalogue row and a volume.
//!
//! **Creation**: row `creating` (the name is taken), volume, row `active`. **Deletion**: row `deleting` (the name is
//! free, nobody finds it any more: this is the moment that counts), volume, row purged. Between the first two lies the
//! grace time, in which it can be undeleted. **In a crash** between steps
//! the row says how far it came; [`Filesystems::recover`] rolls creations back and deletions forward. A deletion whose
//! volume cannot be removed at the moment has succeeded all the same, and [`Filesystems::finish_deletions`] ends it.
//!
//! **Resizing** asks the volume first, because only it knows the use; if the catalogue then refuses, the volume gets
//! its old limits back, and so with settings. Changes of one filesystem exclude each other, so the two sides cannot end up apart.

mod attachments;
mod branches;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use holdfast_base::{ByteSize, Compression, Durability, FilesystemId, TeamId, VolumeSettings};
use holdfast_catalogue::{
    Catalogue, CatalogueError, Filesystem, FilesystemPatch, FilesystemRef, Labels, NewFilesystem as NewRow,
    State,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::{ApiError, ErrorCode};
use crate::files::{Files, FilesError, VolumeLimits};
use crate::limits::ApiLimits;
use crate::mounts::Mounts;

pub use branches::Fork;

/// Locks that filesystems share by hash; two that share one only wait for each other.
const STRIPES: usize = 64;

/// What a new filesystem is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFilesystem {
    /// Its name.
    pub name: String,
    /// Its size, within the limits; `None` for the default.
    pub size: Option<ByteSize>,
    /// Its labels.
    pub labels: Labels,
    /// Its durability class and compression.
    pub settings: VolumeSettings,
}

/// What changes about a filesystem; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesystemChange {
    /// A new name.
    pub name: Option<String>,
    /// A new size, within the limits.
    pub size: Option<ByteSize>,
    /// Labels that replace all labels.
    pub labels: Option<Labels>,
    /// A new durability class.
    pub durability: Option<Durability>,
    /// A new compression.
    pub compression: Option<Compression>,
}

/// What a call of [`Filesystems::recover`] found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Creations that were rolled back.
    pub rolled_back: usize,
    /// Deletions that were finished, rolled-back creations among them.
    pub deleted: usize,
    /// Deletions that still wait for their volume's removal.
    pub left: usize,
}

/// Filesystems: rows and volumes together. Cheap to clone.
#[derive(Clone)]
pub struct Filesystems {
    catalogue: Arc<Catalogue>,
    files: Arc<dyn Files>,
    mounts: Arc<dyn Mounts>,
    limits: Arc<ApiLimits>,
    stripes: Arc<[Mutex<()>]>,
}

impl Filesystems {
    pub(crate) fn new(
        catalogue: Arc<Catalogue>,
        files: Arc<dyn Files>,
        mounts: Arc<dyn Mounts>,
        limits: Arc<ApiLimits>,
    ) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self { catalogue, files, mounts, limits, stripes }
    }

    /// Makes a filesystem. Run to its end or dropped and recovered; see the module.
    ///
    /// # Errors
    /// What the catalogue or the volume refuses.
    pub async fn create(&self, team: TeamId, new: NewFilesystem) -> Result<Filesystem, ApiError> {
        let size = new.size.unwrap_or(self.limits.filesystem_default);
        let inode_limit = self.limits.inodes(size);
        let settings = new.settings;
        let row = NewRow { name: new.name, size, inode_limit, labels: new.labels, settings };
        let made =
            self.catalogue.create_filesystem(team, row, self.limits.team).await.map_err(
                |error| match error {
                    // The key was good a moment ago, so its team is being removed.
                    CatalogueError::NotFound { noun: "team" } => {
                        ApiError::new(ErrorCode::Unauthorized, "the team of this key does not exist any more")
                    }
                    other => other.into(),
                },
            )?;
        let limits = VolumeLimits { bytes: size, inodes: inode_limit };
        let finished = match self.files.create_volume(made.id.into(), limits, settings).await {
            Ok(()) => self.catalogue.activate_filesystem(made.id).await.map_err(ApiError::from),
            Err(error) => Err(error.into()),
        };
        match finished {
            Ok(()) => Ok(self.catalogue.get_filesystem(team, &FilesystemRef::Id(made.id)).await?),
            Err(error) => {
                if let Err(error) = self.roll_back(made.id).await {
                    tracing::warn!(filesystem_id = %made.id, %error, "a failed creation is left for the next start");
                }
                Err(error)
            }
        }
    }

    /// Changes a filesystem: all of the change or nothing.
    ///
    /// # Errors
    /// What the catalogue or the volume refuses; `BelowUsage` with the numbers where more is in use than asked for.
    pub async fn patch(
        &self,
        team: TeamId,
        wanted: &FilesystemRef,
        change: FilesystemChange,
    ) -> Result<Filesystem, ApiError> {
        let id = self.catalogue.get_filesystem(team, wanted).await?.id;
        let _guard = self.lock(id).await;
        let before = self.catalogue.get_filesystem(team, &FilesystemRef::Id(id)).await?;
        let FilesystemChange { name, size, labels, durability, compression } = change;
        let limits = size.map(|size| (size, self.limits.inodes(size)));
        let patch = FilesystemPatch { name, limits, labels, durability, compression };
        if patch == FilesystemPatch::default() {
            return Ok(before);
        }
        let wanted = VolumeSettings {
            durability: durability.unwrap_or(before.settings.durability),
            compression: compression.unwrap_or(before.settings.compression),
        };
        let changed = match self.change_volume(&before, limits, wanted).await {
            Ok(()) => {
                let changed = self.catalogue.patch_filesystem(team, id, &patch, self.limits.team).await;
                changed.map_err(ApiError::from)
            }
            Err(error) => Err(error),
        };
        if changed.is_err() {
            self.change_volume_back(&before, limits.is_some(), wanted).await;
        }
        changed
    }

    /// The volume's side of a change.
    async fn change_volume(
        &self,
        before: &Filesystem,
        limits: Option<(ByteSize, u64)>,
        settings: VolumeSettings,
    ) -> Result<(), ApiError> {
        if let Some((bytes, inodes)) = limits {
            let limits = VolumeLimits { bytes, inodes };
            self.files.set_limits(before.id.into(), limits).await.map_err(below_usage)?;
        }
        if settings != before.settings {
            self.files.set_settings(before.id.into(), settings).await?;
        }
        Ok(())
    }

    /// Gives the volume what it had before a change that came to nothing.
    async fn change_volume_back(&self, before: &Filesystem, limits: bool, settings: VolumeSettings) {
        let id = before.id;
        if limits {
            let old = VolumeLimits { bytes: before.size, inodes: before.inode_limit };
            if let Err(error) = self.files.set_limits(id.into(), old).await {
                tracing::error!(filesystem_id = %id, %error, "the volume keeps limits that were refused");
            }
        }
        if settings != before.settings
            && let Err(error) = self.files.set_settings(id.into(), before.settings).await
        {
            tracing::error!(filesystem_id = %id, %error, "the volume keeps settings that were refused");
        }
    }

    /// Ends a filesystem. `Ok` means that nobody finds it any more; its space is reclaimed when it cannot be undeleted
    /// any more. Its attachments refuse it, or end first if `force`.
    ///
    /// # Errors
    /// What the catalogue refuses.
    pub async fn delete(&self, team: TeamId, wanted: &FilesystemRef, force: bool) -> Result<(), ApiError> {
        let id = self.catalogue.get_filesystem(team, wanted).await?.id;
        let _guard = self.lock(id).await;
        let grace = self.limits.undelete_grace;
        for holder in self.catalogue.mark_deleting(team, id, force, grace).await? {
            self.mounts.end(holder.attachment).await;
        }
        self.mounts.close(id.into()).await;
        if !grace.is_zero() {
            return Ok(());
        }
        if let Err(error) = self.finish_deletion(id).await {
            tracing::warn!(filesystem_id = %id, %error, "the volume of a deleted filesystem is left for later");
        }
        Ok(())
    }

    /// Makes a deleted filesystem what it was, under its name or a new one.
    ///
    /// # Errors
    /// What the catalogue refuses.
    pub async fn undelete(
        &self,
        team: TeamId,
        wanted: &FilesystemRef,
        name: Option<&str>,
    ) -> Result<Filesystem, ApiError> {
        let FilesystemRef::Id(id) = *wanted else {
            let message = "a deleted filesystem is named by its id: its name is free since";
            return Err(ApiError::new(ErrorCode::FilesystemNotFound, message));
        };
        let _guard = self.lock(id).await;
        let back = self.catalogue.undelete_filesystem(team, id, name, self.limits.team).await?;
        self.mounts.open(id.into());
        Ok(back)
    }

    /// Rolls back creations and finishes deletions that a crash interrupted. Call once, before the first request.
    ///
    /// # Errors
    /// Where the catalogue does not answer; volumes that cannot be removed are only counted.
    pub async fn recover(&self) -> Result<Recovered, ApiError> {
        let mut rolled_back = 0;
        for row in self.catalogue.list_unfinished().await? {
            if row.state == State::Creating {
                self.catalogue.abandon_filesystem(row.id).await?;
                rolled_back += 1;
            }
        }
        Ok(Recovered { rolled_back, ..self.finish_deletions().await? })
    }

    /// Tries again to end deletions whose volume could not be removed. To be called now and then.
    ///
    /// # Errors
    /// Where the catalogue does not answer; volumes that cannot be removed are only counted.
    pub async fn finish_deletions(&self) -> Result<Recovered, ApiError> {
        let mut done = Recovered::default();
        for row in self.catalogue.list_unfinished().await? {
            if row.state != State::Deleting {
                continue;
            }
            let _guard = self.lock(row.id).await;
            match self.finish_deletion(row.id).await {
                Ok(()) => done.deleted += 1,
                Err(error) => {
                    tracing::warn!(filesystem_id = %row.id, %error, "a deleted filesystem's volume is still there");
                    done.left += 1;
                }
            }
        }
        Ok(done)
    }

    async fn roll_back(&self, id: FilesystemId) -> Result<(), ApiError> {
        self.catalogue.abandon_filesystem(id).await?;
        self.finish_deletion(id).await
    }

    async fn finish_deletion(&self, id: FilesystemId) -> Result<(), ApiError> {
        match self.files.delete_volume(id.into()).await {
            Ok(()) | Err(FilesError::NoVolume) => {
                self.catalogue.purge_filesystem(id).await?;
                // Its handles are stale without that now.
                self.mounts.open(id.into());
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn lock(&self, id: FilesystemId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        self.stripes[(hasher.finish() as usize) % STRIPES].lock().await
    }
}

fn below_usage(error: FilesError) -> ApiError {
    match error {
        FilesError::NoSpace { limit, used, .. } => {
            let message =
                format!("the new size means a limit of {limit} and {used} are in use; remove files first");
            ApiError::new(ErrorCode::BelowUsage, message).with_numbers(limit, used)
        }
        other => other.into(),
    }
}
