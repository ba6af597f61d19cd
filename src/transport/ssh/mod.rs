//! Connections over SSH, on russh.

mod client;
mod connect;
mod pump;
mod reach;

use std::sync::Arc;

use futures::future::BoxFuture;
use russh::Disconnect;
use russh::client::Handle;
use tokio::time::{Duration, timeout};

use crate::carrier::Carrier;
use crate::channel::Channel;
use crate::{Result, TransportError};

pub(crate) use client::Client;
pub(crate) use connect::connect;

/// A logged-in connection, and those it goes through.
pub(crate) struct Ssh {
    host: Arc<str>,
    handle: Handle<Client>,
    timeout: Duration,
    /// The jump hosts' connections, which this one is carried by.
    via: Vec<Handle<Client>>,
}

impl Carrier for Ssh {
    fn start<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<Channel>> {
        Box::pin(async move {
            let opened = timeout(self.timeout, self.handle.channel_open_session()).await;
            let channel = match opened {
                Ok(Ok(channel)) => channel,
                Ok(Err(error)) => return Err(self.lost(&error.to_string())),
                Err(_) => return Err(self.lost("the host does not open a channel in time")),
            };
            let (read, write) = channel.split();
            write.exec(true, command).await.map_err(|error| self.lost(&error.to_string()))?;
            Ok(pump::channel(self.host.clone(), read, write))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            for handle in std::iter::once(&self.handle).chain(&self.via) {
                let bye = handle.disconnect(Disconnect::ByApplication, "", "");
                let _ = timeout(Duration::from_secs(1), bye).await;
            }
        })
    }
}

impl Ssh {
    fn lost(&self, cause: &str) -> TransportError {
        TransportError::Lost {
            host: self.host.to_string(),
            during: "a command was started",
            cause: cause.to_owned(),
        }
    }
}
