//! A target, mounted: connections to it, and a directory on it that is ours.

use std::rc::Rc;

use holdfast_nfs_client::wire::nfs3::{FileHandle, FsInfoArgs, op};
use holdfast_nfs_client::wire::rpc::{AuthSys, Credential};
use holdfast_nfs_client::{Client, ConnectOptions, RawConnection};

use crate::args::{PidSpec, TargetSpec};
use crate::content::{Content, Sequence, UNIT_BYTES};
use crate::drive::{Share, Step, drive};
use crate::error::{BenchError, Result, accepted, ensure};
use crate::meter::Meter;
use crate::ops::{self, Serial};

/// Calls outstanding while a workload is made ready or checked, which is not timed.
const UNTIMED_DEPTH: usize = 32;

/// A mounted target.
#[derive(Debug)]
pub struct Session {
    /// What the table calls it.
    pub name: String,
    /// What its files hold.
    pub content: Rc<Content>,
    spec: TargetSpec,
    pid: Option<u32>,
    root: FileHandle,
    home_name: String,
    home: FileHandle,
    row: u32,
    scratch: FileHandle,
    options: ConnectOptions,
}

impl Session {
    /// Mounts a target and makes our directory on it.
    pub async fn open(spec: &TargetSpec, pids: &[PidSpec], content: Rc<Content>) -> Result<Self> {
        let mounting = Client::connect(spec.mount, credential()).await?;
        let mounted = mounting.mnt(&spec.export).await?;
        let root =
            mounted.map_err(|status| BenchError::Mount { export: spec.export.clone(), status })?.handle;
        // A COMMIT of a GiB may take a slow disk longer than the client's usual patience.
        let call_timeout = std::time::Duration::from_secs(120);
        let options = ConnectOptions { call_timeout, ..ConnectOptions::default() };
        let mut client = Client::connect_with(spec.nfs, credential(), options.clone()).await?;
        ensure_io_size(&client, root).await?;
        let home_name = format!("bench-{}-{}", spec.name, std::process::id());
        let home = ops::mkdir(&mut client, &root, &home_name).await?;
        let pid = pids.iter().find(|pid| pid.name == spec.name).map(|pid| pid.pid);
        Ok(Self {
            name: spec.name.clone(),
            content,
            spec: spec.clone(),
            pid,
            root,
            home_name,
            home,
            row: 0,
            scratch: home,
            options,
        })
    }

    /// Makes a directory for the next row, so that what a failed one leaves behind is in nobody's way.
    pub async fn begin_row(&mut self) -> Result<()> {
        self.row += 1;
        self.scratch = ops::mkdir(&mut self.client().await?, &self.home, &self.row_name()).await?;
        Ok(())
    }

    /// Removes the row's directory, which must be empty again.
    pub async fn end_row(&self) -> Result<()> {
        ops::rmdir(&mut self.client().await?, &self.home, &self.row_name()).await
    }

    fn row_name(&self) -> String {
        format!("row-{}", self.row)
    }

    /// Removes our directory, which must be empty again.
    pub async fn close(self) -> Result<()> {
        ops::rmdir(&mut self.client().await?, &self.root, &self.home_name).await
    }

    /// The row's directory.
    pub fn scratch(&self) -> FileHandle {
        self.scratch
    }

    /// A new connection.
    pub async fn client(&self) -> Result<Client> {
        Ok(Client::connect_with(self.spec.nfs, credential(), self.options.clone()).await?)
    }

    /// Lanes of a pipeline: so many connections with so many calls outstanding on each.
    pub async fn pipeline(&self, connections: usize, depth: usize) -> Result<Vec<Client>> {
        let mut lanes = Vec::new();
        for _ in 0..connections {
            let client = self.client().await?;
            lanes.extend(std::iter::repeat_n(client, depth));
        }
        Ok(lanes)
    }

    /// Strictly serial workers, each on a connection of its own.
    pub async fn workers(&self, count: usize) -> Result<Vec<Serial>> {
        let mut workers = Vec::new();
        let mut xids = Sequence::new(u64::from(std::process::id()));
        for _ in 0..count {
            let connection = RawConnection::connect(self.spec.nfs, self.options.clone()).await?;
            workers.push(Serial::new(connection, credential(), xids.next() as u32));
        }
        Ok(workers)
    }

    /// Starts a measurement that accounts for the server's processor time, if we know its process.
    pub fn meter(&self) -> Result<Meter> {
        Meter::start(self.pid)
    }

    /// Does something `count` times, pipelined and not timed.
    pub async fn untimed(
        &self,
        count: u64,
        operation: impl AsyncFn(&mut Client, u64) -> Result<()>,
    ) -> Result<()> {
        let mut lanes = self.pipeline(1, UNTIMED_DEPTH).await?;
        let step = async |client: &mut Client, step: Step| operation(client, step.index).await;
        drive(&mut lanes, Share::Together(count), step).await.map(drop)
    }
}

fn credential() -> Credential {
    AuthSys::new(0, 0, &[]).into()
}

/// The workloads read and write whole units; a server that takes less would be measured by another yardstick.
async fn ensure_io_size(client: &Client, root: FileHandle) -> Result<()> {
    let info = accepted("FSINFO", client.call::<op::FsInfo>(&FsInfoArgs { object: root }).await?)?;
    let least = u64::from(info.read_max_bytes.min(info.write_max_bytes));
    ensure(least >= UNIT_BYTES, || format!("FSINFO allows {least} bytes a call, the workloads need 1 MiB"))
}
