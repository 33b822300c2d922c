//! The messages (XNFS section 11.1).

use crate::limits::LOCK_NAME_MAX_BYTES;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_string! {
    /// `sm_name` and its kin: a host, at most 1,024 bytes (SM_MAXSTRLEN).
    pub struct HostName[LOCK_NAME_MAX_BYTES];
}

xdr_enum! {
    /// `res`: whether the monitor does what it was asked.
    pub enum MonitorStat {
        /// STAT_SUCC.
        Success = 0,
        /// STAT_FAIL.
        Fail = 1,
    }
}

xdr_struct! {
    /// `sm_stat_res`: the answer to STAT and MON.
    pub struct StatusRes {
        /// Whether it is done.
        pub result: MonitorStat,
        /// The monitor's own state.
        pub state: u32,
    }
}

xdr_struct! {
    /// `sm_stat`: the answer to UNMON and UNMON_ALL.
    pub struct StateOnly {
        /// The monitor's own state.
        pub state: u32,
    }
}

xdr_struct! {
    /// `my_id`: whom to call back.
    pub struct CallbackId {
        /// The caller's host.
        pub name: HostName,
        /// Program.
        pub program: u32,
        /// Version.
        pub version: u32,
        /// Procedure.
        pub procedure: u32,
    }
}

xdr_struct! {
    /// `mon_id`: who is monitored for whom.
    pub struct MonitorId {
        /// The host to watch.
        pub host: HostName,
        /// Whom to call back.
        pub callback: CallbackId,
    }
}

xdr_struct! {
    /// `mon`: the argument of MON.
    pub struct MonitorArgs {
        /// Who is monitored for whom.
        pub id: MonitorId,
        /// Handed back by the callback.
        pub private: Private,
    }
}

xdr_struct! {
    /// `stat_chge`: the argument of NOTIFY.
    pub struct NotifyArgs {
        /// The host that has begun anew.
        pub host: HostName,
        /// Its new state.
        pub state: u32,
    }
}

/// `priv`: sixteen bytes that mean something to who asked for the monitoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Private(pub [u8; 16]);

impl Encode for Private {
    fn encode(&self, out: &mut Rope) {
        out.put_raw(&self.0);
    }
}

impl Decode for Private {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.word().map(Self)
    }
}

#[cfg(test)]
impl crate::sample::Sample for Private {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self(std::array::from_fn(|_| random.u64() as u8))
    }
}
