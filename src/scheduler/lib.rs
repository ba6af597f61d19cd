//! The scheduler: Marathon's REST API on a framework of the public Mesos v1 scheduler API.
//!
//! `core` decides and knows no IO. `engine` commits what it decides to the quorum and only then
//! lets it happen. `mesos` keeps the subscription at the leading master. `api` is Marathon's HTTP
//! interface, which every scheduler serves; those that do not lead pass requests on to the one that
//! does. `service` puts all of it together.

mod api;
mod core;
mod engine;
mod error;
mod mesos;
mod model;
mod records;
mod service;

pub use error::SchedulerError;
pub use service::run;
