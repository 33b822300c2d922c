//! Telling clients: of locks that they waited for (GRANTED), and that the server has lost what it knew (NOTIFY).
//!
//! A grant that certainly did not reach its client is taken back and goes to the next in line; the client asks again
//! by itself. One that may have reached it is not: two clients must never hold what excludes each other. A client that
//! then does not know of its lock finds it when it asks again.

use std::sync::Arc;

use holdfast_wire::nlm4::{self, Lock, LockStat4, TestArgs};
use holdfast_wire::nsm1;

use super::callback::CallError;
use super::manager::Manager;
use super::owner::Contact;
use super::promises::Promise;
use super::service::Service;
use super::waiting::Form;
use crate::limits::CALLBACK_ATTEMPTS;

/// What this server calls itself to clients, which do not look at it.
const SERVER_NAME: &str = "holdfast";

/// How telling a client went.
enum Told {
    /// It has the lock.
    Taken,
    /// It does not want the lock any more.
    Refused,
    /// It has been told, and will answer by a call of its own.
    Asked,
    /// It may have been told.
    Perhaps,
    /// It has not been told.
    Not,
}

impl Service {
    /// Tells a client of a lock that is in the log at `steps`.
    pub(super) async fn announce(self: Arc<Self>, promise: Promise, steps: u64) {
        if self.written(steps).await.is_err() {
            return;
        }
        let id = promise.id;
        let mut perhaps = false;
        for pause in CALLBACK_ATTEMPTS {
            tokio::time::sleep(pause).await;
            if self.look(|manager, _| manager.promised_to(id)).is_none() {
                // The client has asked meanwhile, or does not want it.
                return;
            }
            match self.tell(&promise).await {
                Told::Taken => return self.conclude(Manager::taken, id).await,
                Told::Refused => return self.conclude_not(id).await,
                Told::Asked => return,
                Told::Perhaps => perhaps = true,
                Told::Not => {}
            }
        }
        if perhaps {
            tracing::warn!(client = %promise.waiter.contact.client, "a client may not know of its lock");
            return self.conclude(Manager::taken, id).await;
        }
        tracing::debug!(client = %promise.waiter.contact.client, "a client could not be told of its lock");
        self.conclude_not(id).await;
    }

    async fn tell(&self, promise: &Promise) -> Told {
        // Closed only when the server has ended.
        let Ok(_slot) = self.slots.acquire().await else { return Told::Not };
        let (contact, args) = (promise.waiter.contact, granted(promise));
        let told = match promise.waiter.form {
            Form::Reply => self
                .call::<nlm4::op::Granted>(contact, &args)
                .await
                .map(|answer| if answer.status == LockStat4::Granted { Told::Taken } else { Told::Refused }),
            Form::Message => self.call::<nlm4::op::GrantedMsg>(contact, &args).await.map(|()| Told::Asked),
        };
        told.unwrap_or_else(|error| {
            tracing::debug!(client = %contact.client, %error, "a grant was not acknowledged");
            if matches!(error, CallError::Unanswered(_)) { Told::Perhaps } else { Told::Not }
        })
    }

    async fn conclude(self: &Arc<Self>, how: impl FnOnce(&mut Manager, u64), id: u64) {
        // Without a log there is nothing to conclude: every later request is refused.
        let _ = self.step(|manager, _| how(manager, id)).await;
    }

    async fn conclude_not(self: &Arc<Self>, id: u64) {
        let _ = self.step(|manager, now| manager.not_taken(id, now)).await;
    }

    /// Tells all known clients to reclaim, if anything was lost.
    pub fn notify_clients(self: &Arc<Self>) {
        if !self.lost {
            return;
        }
        let contacts: Vec<Contact> =
            self.look(|manager, _| manager.table().clients().map(|(_, known)| known.contact).collect());
        for contact in contacts {
            self.spawn(self.clone().notify(contact));
        }
    }

    async fn notify(self: Arc<Self>, contact: Contact) {
        let Ok(_slot) = self.slots.clone().acquire_owned().await else { return };
        // Clients know a server by the address that they mounted, unless they mounted it by name.
        let host = contact.server.to_string().as_str().into();
        let args = nsm1::NotifyArgs { host, state: self.nsm_state };
        for pause in CALLBACK_ATTEMPTS {
            tokio::time::sleep(pause).await;
            match self.call::<nsm1::op::Notify>(contact, &args).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(client = %contact.client, %error, "a client was not notified"),
            }
        }
        tracing::warn!(client = %contact.client, "a client could not be told to reclaim its locks");
    }
}

fn granted(promise: &Promise) -> TestArgs {
    let waiter = &promise.waiter;
    let (offset, length) = waiter.range.to_wire();
    let lock = Lock {
        caller_name: SERVER_NAME.into(),
        file: waiter.handle.as_bytes().into(),
        owner: waiter.owner.handle[..].into(),
        svid: waiter.owner.svid,
        offset,
        length,
    };
    TestArgs { cookie: promise.id.to_be_bytes()[..].into(), exclusive: waiter.exclusive, lock }
}
