//! PORTMAP version 2 as methods.

use holdfast_wire::portmap2::{CallItArgs, CallItResult, Mapping, Mappings, op};

use crate::{Client, ClientError};

impl Client {
    /// NULL of the portmapper.
    pub async fn portmap_null(&self) -> Result<(), ClientError> {
        self.call::<op::Null>(&()).await
    }

    /// SET.
    pub async fn portmap_set(&self, mapping: &Mapping) -> Result<bool, ClientError> {
        self.call::<op::Set>(mapping).await
    }

    /// UNSET.
    pub async fn portmap_unset(&self, mapping: &Mapping) -> Result<bool, ClientError> {
        self.call::<op::Unset>(mapping).await
    }

    /// GETPORT: 0 if the program is not there.
    pub async fn portmap_getport(&self, mapping: &Mapping) -> Result<u32, ClientError> {
        self.call::<op::GetPort>(mapping).await
    }

    /// DUMP: all mappings.
    pub async fn portmap_dump(&self) -> Result<Mappings, ClientError> {
        self.call::<op::Dump>(&()).await
    }

    /// CALLIT.
    pub async fn portmap_callit(&self, args: &CallItArgs) -> Result<CallItResult, ClientError> {
        self.call::<op::CallIt>(args).await
    }
}
