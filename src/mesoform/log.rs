//! The services' logs: to standard error, which is the journal under systemd.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Openraft tells of every heartbeat that a dead voter does not answer; the quorum itself tells when
/// that begins and ends, and ends with the cause when openraft cannot go on.
const FILTER: &str = "info,openraft=error,openraft::replication=off,openraft::core::raft_core=off,\
    h2=warn,hyper=warn,tonic=warn,rustls=warn";

/// Starts logging for a service; `MESOFORM_LOG` takes tracing's filters (`mesoform_master=debug`).
pub fn start() {
    let filter = EnvFilter::try_from_env("MESOFORM_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    let format = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // The journal keeps the time of each line itself.
    let started = if std::env::var_os("JOURNAL_STREAM").is_some() {
        format.without_time().try_init()
    } else {
        format.try_init()
    };
    // A second start is harmless.
    drop(started);
}
