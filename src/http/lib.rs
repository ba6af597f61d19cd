//! The front door of the services' HTTP APIs: who may come in, how many, and for how long.
//!
//! A [`Door`] serves an [`axum::Router`] over HTTPS or plain HTTP. Each request that passes carries a
//! [`Caller`] as an extension; all others are answered here, with `{"message": "…"}`. A
//! [`MutualDoor`] insists on a client certificate of a given role.

mod caller;
mod connection;
mod credentials;
mod door;
mod error;
mod guard;
mod limits;
mod local;
mod reply;
mod serve;

pub use caller::Caller;
pub use credentials::{Credentials, credential_line};
pub use door::{Door, MutualDoor};
pub use error::HttpError;
pub use limits::Limits;
pub use reply::error_reply;
