//! The services' logs: to standard error, which is the journal under systemd.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging for a service; `MESOFORM_LOG` takes tracing's filters (`mesoform_master=debug`).
pub fn start() {
    let filter = EnvFilter::try_from_env("MESOFORM_LOG").unwrap_or_else(|_| {
        EnvFilter::new("info,openraft=warn,h2=warn,hyper=warn,tonic=warn,rustls=warn")
    });
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
