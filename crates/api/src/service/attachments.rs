//! Attachments: made for a directory that exists, ended in the catalogue first and then at the server of the mounts.
//!
//! **In a crash** between the two the catalogue's word stands: the next look at it ends them.

use holdfast_base::limits::ATTACHMENTS_PER_FILESYSTEM_MAX;
use holdfast_base::{AttachmentId, FilesystemId, TeamId};
use holdfast_catalogue::{AttachedDirectory, Attachment, AttachmentSecret, FilesystemRef, NewAttachment};

use super::Filesystems;
use crate::error::ApiError;
use crate::paths::FilePath;

impl Filesystems {
    /// Makes an attachment of the directory at `subpath`, to which it is bound from then on.
    ///
    /// # Errors
    /// What the catalogue refuses; what the volume says of the path.
    pub async fn attach(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        subpath: &FilePath,
        new: NewAttachment,
    ) -> Result<(Attachment, AttachmentSecret), ApiError> {
        let directory = match subpath.is_root() {
            true => None,
            false => self.files.directory(filesystem.into(), subpath).await?,
        };
        let directory = directory.map(|found| {
            let found = AttachedDirectory { ino: found.inode, generation: found.generation };
            (subpath.to_string(), found)
        });
        let new = NewAttachment { directory, ..new };
        let made = self.catalogue.create_attachment(team, filesystem, new, ATTACHMENTS_PER_FILESYSTEM_MAX);
        Ok(made.await?)
    }

    /// Ends an attachment.
    ///
    /// # Errors
    /// What the catalogue refuses.
    pub async fn detach(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        attachment: AttachmentId,
    ) -> Result<(), ApiError> {
        self.catalogue.revoke_attachment(team, filesystem, attachment).await?;
        self.mounts.end(attachment).await;
        Ok(())
    }

    /// An attachment, with what is known of its use.
    ///
    /// # Errors
    /// What the catalogue refuses.
    pub async fn attachment(
        &self,
        team: TeamId,
        filesystem: &FilesystemRef,
        attachment: AttachmentId,
    ) -> Result<Attachment, ApiError> {
        let id = self.catalogue.get_filesystem(team, filesystem).await?.id;
        Ok(self.with_activity(self.catalogue.get_attachment(team, id, attachment).await?))
    }

    /// All attachments of a filesystem, with what is known of their use.
    ///
    /// # Errors
    /// What the catalogue refuses.
    pub async fn attachments(
        &self,
        team: TeamId,
        filesystem: &FilesystemRef,
    ) -> Result<Vec<Attachment>, ApiError> {
        let id = self.catalogue.get_filesystem(team, filesystem).await?.id;
        let listed = self.catalogue.list_attachments(team, id).await?;
        Ok(listed.into_iter().map(|attachment| self.with_activity(attachment)).collect())
    }

    fn with_activity(&self, attachment: Attachment) -> Attachment {
        let last_active_at = attachment.last_active_at.max(self.mounts.last_activity(attachment.id));
        Attachment { last_active_at, ..attachment }
    }
}
