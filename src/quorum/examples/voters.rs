//! Starts voters on this machine, to try them by hand:
//!
//! ```text
//! cargo run -p mesoform-quorum --example voters -- DIR [VOTERS] [FIRST_PORT] [ONLY_SLOT]
//! ```
//!
//! DIR gets the keys (`operator.crt` for `etcdctl`) and the data. With ONLY_SLOT only that voter runs
//! in this process, so that it can be killed alone.

use mesoform_identity::{Authority, Grant, KeyRequest, Role, write_public, write_secret};
use mesoform_settings::{PkiPaths, QuorumSettings, Voter};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let count: u8 = arguments.next().map_or(Ok(3), |n| n.parse())?;
    let port: u16 = arguments.next().map_or(Ok(23790), |n| n.parse())?;
    let only: Option<u8> = arguments.next().map(|n| n.parse()).transpose()?;
    let voters: Vec<Voter> = (1..=count).map(|slot| voter(slot, port)).collect();
    let authority = Authority::load_or_create(&dir, "try")?;
    issue(&authority, &dir, Role::Operator, "me")?;
    let shutdown = CancellationToken::new();
    let mut running = JoinSet::new();
    for voter in voters.iter().filter(|voter| only.is_none_or(|slot| slot == voter.slot)) {
        let settings = settings(&authority, &dir, voter, &voters)?;
        running.spawn(mesoform_quorum::run(settings, shutdown.clone()));
    }
    tokio::select! {
        _ = tokio::signal::ctrl_c() => shutdown.cancel(),
        Some(ended) = running.join_next() => ended??,
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

fn voter(slot: u8, port: u16) -> Voter {
    let port = port + 2 * u16::from(slot - 1);
    Voter {
        slot,
        name: format!("h{slot}"),
        client: format!("127.0.0.1:{port}"),
        peer: format!("127.0.0.1:{}", port + 1),
    }
}

fn settings(
    authority: &Authority,
    dir: &Path,
    voter: &Voter,
    voters: &[Voter],
) -> Result<QuorumSettings> {
    let pki = dir.join(&voter.name);
    std::fs::create_dir_all(&pki)?;
    issue(authority, &pki, Role::Quorum, &voter.name)?;
    Ok(QuorumSettings {
        format: 1,
        cluster: authority.cluster().to_owned(),
        slot: voter.slot,
        voters: voters.to_vec(),
        listen_client: voter.client.parse::<SocketAddr>()?,
        listen_peer: voter.peer.parse::<SocketAddr>()?,
        data_dir: pki.join("data"),
        pki: PkiPaths::in_dir(&pki, "quorum"),
        heartbeat_ms: 100,
        election_timeout_ms: 500,
    })
}

fn issue(authority: &Authority, dir: &Path, role: Role, host: &str) -> Result<()> {
    let paths = PkiPaths::in_dir(dir, role.as_str());
    let request = KeyRequest::generate()?;
    let mut grant = Grant::new(role, host);
    grant.dns = vec!["localhost".to_owned()];
    grant.ips = vec!["127.0.0.1".parse()?];
    write_secret(&paths.key, request.key_pem.expose().as_bytes())?;
    write_public(&paths.cert, authority.sign(&request.csr_pem, &grant)?.as_bytes())?;
    write_public(&dir.join("ca.crt"), authority.certificate_pem().as_bytes())?;
    Ok(())
}
