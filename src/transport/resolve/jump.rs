//! Jump hosts (`ProxyJump`).

use super::resolve;
use crate::target::Target;
use crate::wanted::Wanted;
use crate::{Result, TransportError};

/// Jump hosts behind jump hosts: more than this is a loop in the configuration.
const MOST_HOPS: usize = 8;

/// `[user@]host[:port],…`: each hop has a configuration of its own; only the first one's jumps count,
/// since the others are reached through it.
pub(super) async fn hops(wanted: &Wanted, jump: &str, depth: usize) -> Result<Vec<Target>> {
    let mut via = Vec::new();
    for (index, hop) in jump.split(',').enumerate() {
        if depth + index >= MOST_HOPS {
            return Err(TransportError::SshConfig {
                host: wanted.name.clone(),
                command: format!("ssh -G {}", wanted.name),
                cause: format!("more than {MOST_HOPS} jump hosts: {jump}"),
            });
        }
        let mut target = resolve(hop_wanted(wanted, hop)?, depth + 1).await?;
        let before = std::mem::take(&mut target.via);
        if index == 0 {
            via.extend(before);
        }
        via.push(target);
    }
    Ok(via)
}

pub(super) fn hop_wanted(wanted: &Wanted, hop: &str) -> Result<Wanted> {
    let hop = hop.trim().trim_start_matches("ssh://");
    let (user, place) = match hop.rsplit_once('@') {
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, hop),
    };
    let (address, port) = split_port(place).ok_or_else(|| TransportError::SshConfig {
        host: wanted.name.clone(),
        command: format!("ssh -G {}", wanted.name),
        cause: format!("the jump host {hop:?} has no valid port"),
    })?;
    Ok(Wanted {
        name: format!("{} (jump host of {})", address, wanted.name),
        address: Some(address),
        port,
        user,
        key: wanted.key.clone(),
        ssh_arguments: config_file(&wanted.ssh_arguments),
        host_key_checking: wanted.host_key_checking,
        timeout: wanted.timeout,
        elevate: Some(false),
        ..Wanted::default()
    })
}

/// Of the options for a host, a jump host shares only the configuration file (as with `ssh -J`).
fn config_file(arguments: &[String]) -> Vec<String> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix("-F") {
            Some("") => {
                return words
                    .next()
                    .map(|file| vec!["-F".to_owned(), file.clone()])
                    .unwrap_or_default();
            }
            Some(file) => return vec!["-F".to_owned(), file.to_owned()],
            None => {}
        }
    }
    Vec::new()
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; a bare IPv6 address has no port.
fn split_port(place: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = place.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        return Some((address.to_owned(), port));
    }
    match place.split_once(':') {
        Some((address, port)) if !port.contains(':') => {
            Some((address.to_owned(), Some(port.parse().ok()?)))
        }
        _ => Some((place.to_owned(), None)),
    }
}
