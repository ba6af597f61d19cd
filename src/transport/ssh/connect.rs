use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{Config, Handle};
use russh::keys::Algorithm;
use russh::{Preferred, client};
use tokio::time::timeout;

use super::client::ClientError;
use super::reach::{place, reach};
use super::{Client, Ssh};
use crate::auth::{Auth, Keys, log_in};
use crate::known_hosts::KnownHosts;
use crate::target::{HostKeyChecking, Target};
use crate::{Result, TransportError};

/// A silent host is asked whether it is still there; after three questions it counts as lost.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Connects to the target, through its jump hosts, and logs in.
pub(crate) async fn connect(target: &Target, auth: &Auth) -> Result<Ssh> {
    let mut via: Vec<Handle<Client>> = Vec::new();
    for hop in &target.via {
        let handle = one(hop, auth, via.last()).await?;
        via.push(handle);
    }
    let handle = one(target, auth, via.last()).await?;
    Ok(Ssh { host: target.name.as_str().into(), handle, timeout: target.timeout, via })
}

async fn one(target: &Target, auth: &Auth, hop: Option<&Handle<Client>>) -> Result<Handle<Client>> {
    let keys = Keys::load(target, auth.passphrase.as_ref()).await?;
    let stream = reach(target, hop).await?;
    let known = KnownHosts::read(&target.known_hosts, &target.lookup_name());
    let portless = portless(target);
    let config = Arc::new(config(target, &known, &portless));
    let client = Client {
        target: Arc::new(target.clone()),
        known: Arc::new(known),
        portless: Arc::new(portless),
    };
    let shaken = timeout(target.timeout, client::connect_stream(config, stream, client)).await;
    let mut handle = match shaken {
        Ok(Ok(handle)) => handle,
        Ok(Err(ClientError::Host(error))) => return Err(*error),
        Ok(Err(ClientError::Ssh(error))) => return Err(no_ssh(target, &error.to_string())),
        Err(_) => return Err(no_ssh(target, "the key exchange takes too long")),
    };
    match timeout(target.timeout, log_in(&mut handle, target, auth, &keys)).await {
        Ok(logged_in) => logged_in.map(|()| handle),
        Err(_) => Err(no_ssh(target, "the log-in takes too long")),
    }
}

fn portless(target: &Target) -> KnownHosts {
    if target.port == 22 || target.host_key_alias.is_some() {
        return KnownHosts::default();
    }
    KnownHosts::read(&target.known_hosts, &target.address.to_lowercase())
}

fn config(target: &Target, known: &KnownHosts, portless: &KnownHosts) -> Config {
    Config {
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: 3,
        nodelay: true,
        // Few, since each is a whole packet: what a slow reader makes us hold is below 1 MiB.
        channel_buffer_size: 16,
        preferred: preferred(target, known, portless),
        ..Config::default()
    }
}

/// The kinds of keys that known_hosts has for the host come first, so that the host shows one of
/// them; certificates are asked for only where an authority is trusted for it.
fn preferred(target: &Target, known: &KnownHosts, portless: &KnownHosts) -> Preferred {
    let mut preferred = Preferred::DEFAULT;
    if target.host_key_checking == HostKeyChecking::Off {
        return preferred;
    }
    let known_kinds = known.kinds();
    let is_known = |kind: &Algorithm| {
        known_kinds.iter().any(|known| known == kind || (is_rsa(known) && is_rsa(kind)))
    };
    let all = preferred.key.to_vec();
    let (first, rest): (Vec<_>, Vec<_>) = all.iter().cloned().partition(is_known);
    preferred.key = Cow::Owned([first, rest].concat());
    if known.authorities().chain(portless.authorities()).next().is_some() {
        preferred.host_key_certificates = Cow::Owned(all);
    }
    preferred
}

/// An RSA key has one kind and several signatures.
fn is_rsa(kind: &Algorithm) -> bool {
    matches!(kind, Algorithm::Rsa { .. })
}

fn no_ssh(target: &Target, cause: &str) -> TransportError {
    TransportError::Unreachable {
        host: target.name.clone(),
        address: place(target),
        cause: format!("SSH failed: {cause}"),
        cure: "check with `ssh -v` what stands in the way (sshd's log on the host says more)",
    }
}
