//! The front door of the services' HTTP APIs: who may come in, how many, and for how long.
//!
//! A [`Door`] serves an [`axum::Router`] over HTTPS or plain HTTP; a plain port understands TLS all the
//! same, for the cluster's own parts. Each request that passes carries a
//! [`Caller`] as an extension; all others are answered here, with `{"message": "…"}`. A
//! [mutual door](Door::mutual) insists on a client certificate of a given role; [`only_for`] says which
//! of the roles some of its routes are for. Ports of others than HTTP share out their [`Handshakes`] as a
//! door does.
//!
//! `places` says who may be connected when many want to, `connection` how long a connection may go on
//! as it does, `guard` which request comes in.

mod accept;
mod budget;
mod caller;
mod connection;
mod credentials;
mod door;
mod error;
mod guard;
mod limits;
mod local;
mod places;
mod reply;
mod roles;
mod seldom;
mod serve;
mod speech;

pub use accept::Accept;
pub use budget::Budget;
pub use caller::{Caller, Encrypted, PeerCertificate};
pub use credentials::{Credentials, credential_line};
pub use door::Door;
pub use error::HttpError;
pub use limits::Limits;
pub use places::{Handshake, Handshakes};
pub use reply::error_reply;
pub use roles::only_for;
