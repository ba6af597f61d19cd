//! The scheduler: Marathon's REST API on a framework of the public Mesos v1 scheduler API.
//!
//! `core` decides and knows no IO. `engine` commits what it decides to the quorum and only then
//! lets it happen. `api` is Marathon's HTTP interface, which every scheduler serves; those that do
//! not lead pass requests on to the one that does.

pub mod core;
pub mod model;
pub mod records;
