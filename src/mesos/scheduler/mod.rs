//! `mesos.v1.scheduler`: the calls and events of `POST /api/v1/scheduler`.

mod call;
mod calls;
mod event;
mod events;
mod tagged;

pub use call::{Call, CallBody};
pub use calls::{
    Accept, Acknowledge, Decline, Kill, Message, Reconcile, ReconcileTask, Request, Revive,
    Shutdown, Subscribe, Suppress, UpdateFramework,
};
pub use event::Event;
pub use events::{ErrorEvent, Failure, MessageEvent, Offers, Rescind, Subscribed, Update};
