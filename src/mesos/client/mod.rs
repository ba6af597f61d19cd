//! A client of the scheduler API: one subscription over one leading master, and the calls beside it.
//!
//! [`SchedulerClient::subscribe`] finds the leading master among those it is told of (they redirect to
//! it) and gives a [`Subscription`]. When that ends, for whatever cause, it says
//! [`ClientEvent::Disconnected`] once; to subscribe again, and when, is the caller's decision.

mod caller;
mod connector;
mod error;
mod options;
mod subscription;
#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use error::ClientError;
pub use options::{BasicCredentials, ClientOptions};
pub use subscription::{ClientEvent, Subscription};

use crate::FrameworkInfo;
use crate::scheduler::Call;
use connector::Connector;
use std::time::Duration;

/// The path of the scheduler API.
pub const SCHEDULER_PATH: &str = "/api/v1/scheduler";
/// The header that ties calls to a subscription.
pub const STREAM_ID: &str = "Mesos-Stream-Id";

/// Until a TCP connection stands.
///
/// A host that died answers nothing at all, and the next master waits for that.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Until a master has answered a call, or begun the stream of events.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Knows the masters and how to speak to them.
#[derive(Debug, Clone)]
pub struct SchedulerClient {
    connector: Connector,
}

impl SchedulerClient {
    /// A client for these masters; nothing is sent yet.
    ///
    /// # Errors
    /// No masters, an address that is none, or a TLS configuration that cannot be used.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        Ok(Self { connector: Connector::new(options)? })
    }

    /// Subscribes the framework at the leading master, asking each master in turn until one answers or
    /// redirects. The first event of the subscription is SUBSCRIBED.
    ///
    /// # Errors
    /// No master could be reached, none leads, or the leader refused; with several masters the error of
    /// the last one that said anything.
    pub async fn subscribe(&self, framework: FrameworkInfo) -> Result<Subscription, ClientError> {
        let call = Call::subscribe(framework);
        let mut failure = None;
        for master in self.connector.masters() {
            match self.connector.post(master, &call, None).await {
                Ok(reply) => return Subscription::new(self.connector.clone(), reply),
                Err(error) if error.is_refusal() => return Err(error),
                // What a master said tells more than that another one said nothing.
                Err(error) if error.is_silence() && failure.is_some() => {}
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or(ClientError::NoMasters))
    }
}
