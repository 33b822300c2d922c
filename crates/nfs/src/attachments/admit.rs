//! Whether a client may use an attachment now.

use std::net::IpAddr;
use std::sync::Arc;

use holdfast_base::AttachmentId;

use super::table::{Live, State};
use super::{Attached, Attachments};
use crate::exports::{ExportError, Exports};
use crate::handle::Grant;

impl Attachments {
    /// The attachment of a handle, if it has one.
    ///
    /// # Errors
    /// [`ExportError::NotFound`] where it has ended, [`ExportError::Denied`] where this client may not use it.
    pub(crate) async fn admit(
        &self,
        exports: &dyn Exports,
        grant: &Grant,
        client: IpAddr,
    ) -> Result<Option<Arc<Live>>, ExportError> {
        if self.closed.read().contains(&grant.volume) {
            return Err(ExportError::NotFound);
        }
        if grant.attachment.is_nil() {
            return Ok(None);
        }
        let id = AttachmentId(grant.attachment);
        let state = match self.table.get(id) {
            Some(state) => state,
            None => self.ask(exports, id).await?,
        };
        let live = self.check(state, client)?;
        if live.attached.volume == grant.volume { Ok(Some(live)) } else { Err(ExportError::NotFound) }
    }

    /// An attachment that was just found by its secret.
    pub(crate) fn mounted(&self, attached: Attached, client: IpAddr) -> Result<Arc<Live>, ExportError> {
        self.check(self.table.learn(attached), client)
    }

    async fn ask(&self, exports: &dyn Exports, id: AttachmentId) -> Result<State, ExportError> {
        match exports.attachment(id).await {
            Ok(attached) => Ok(self.table.learn(attached)),
            Err(error) => {
                if error == ExportError::NotFound {
                    // Ids are never used again.
                    self.table.set(id, State::Ended);
                }
                Err(error)
            }
        }
    }

    fn check(&self, state: State, client: IpAddr) -> Result<Arc<Live>, ExportError> {
        let State::Live(live) = state else { return Err(ExportError::NotFound) };
        let now = self.clock.now();
        if live.attached.expires_at.is_some_and(|end| end <= now) {
            return Err(ExportError::NotFound);
        }
        if !live.attached.admits(client) {
            return Err(ExportError::Denied);
        }
        live.touch(now);
        Ok(live)
    }
}
