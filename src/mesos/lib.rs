//! Mesos v1 for both of its sides: the messages as JSON, RecordIO, a client of the scheduler API, and
//! our own protocol between master and agent, which is made of the same messages.
//!
//! Messages follow apache/mesos `include/mesos/v1/*.proto` in Mesos' JSON form: snake_case fields,
//! enums as their names, `bytes` as base64, empty lists and absent fields left out. Unknown fields are
//! accepted everywhere; messages that are passed on (frameworks, tasks, commands, containers) keep them.

mod agent;
pub mod agent_protocol;
mod binary;
pub mod client;
mod command;
mod container;
mod discovery;
mod executor;
mod framework;
mod health;
mod ids;
mod labels;
mod master;
mod offer;
mod operation;
pub mod recordio;
mod resource;
mod resources;
pub mod scheduler;
mod status;
mod task;
mod time;
mod value;

pub use agent::AgentInfo;
pub use binary::Binary;
pub use client::{ClientError, ClientEvent, ClientOptions, SchedulerClient};
pub use command::{CommandInfo, CommandUri, Environment, EnvironmentVariable};
pub use container::{
    ContainerInfo, ContainerType, DockerInfo, DockerNetwork, NetworkInfo, Parameter, PortMapping,
    Volume, VolumeMode,
};
pub use discovery::{DiscoveryInfo, Port, Ports, Visibility};
pub use executor::ExecutorInfo;
pub use framework::{Capability, FrameworkInfo, capability};
pub use health::{HealthCheck, HealthCheckType, HttpCheck, TcpCheck};
pub use ids::{AgentId, ContainerId, ExecutorId, FrameworkId, OfferId, TaskId};
pub use labels::{Label, Labels};
pub use master::{Address, MasterInfo};
pub use offer::{AllocationInfo, Filters, Offer, Url};
pub use operation::{Launch, LaunchGroup, Operation, TaskGroupInfo, operation_kind};
pub use resource::Resource;
pub use resources::{RangeSet, ResourceError, Resources};
pub use status::{
    ContainerStatus, IpAddress, StatusNetworkInfo, TaskState, TaskStatus, reason, source,
};
pub use task::{KillPolicy, TaskInfo};
pub use time::{DurationInfo, TimeInfo};
pub use value::{Attribute, Range, Ranges, Scalar, Set, Text, ValueType};

/// Fields that this version does not know, kept so that they can be passed on.
pub type Extra = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
