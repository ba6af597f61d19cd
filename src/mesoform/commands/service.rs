//! The services, in the foreground: what the units start.

use crate::cli::ServiceArgs;
use crate::exit::Exit;
use crate::{lifeline, log};
use mesoform_settings::{Settings, load};
use std::path::Path;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub async fn quorum(args: ServiceArgs) -> anyhow::Result<Exit> {
    let (settings, shutdown) = begin(&args.config)?;
    mesoform_quorum::run(settings, shutdown).await?;
    Ok(Exit::Fine)
}

pub async fn master(args: ServiceArgs) -> anyhow::Result<Exit> {
    let (settings, shutdown) = begin(&args.config)?;
    mesoform_master::run(settings, shutdown).await?;
    Ok(Exit::Fine)
}

pub async fn scheduler(args: ServiceArgs) -> anyhow::Result<Exit> {
    let (settings, shutdown) = begin(&args.config)?;
    mesoform_scheduler::run(settings, shutdown).await?;
    Ok(Exit::Fine)
}

pub async fn agent(args: ServiceArgs) -> anyhow::Result<Exit> {
    let (settings, shutdown) = begin(&args.config)?;
    mesoform_agent::run(settings, shutdown).await?;
    Ok(Exit::Fine)
}

fn begin<S: Settings>(config: &Path) -> anyhow::Result<(S, CancellationToken)> {
    lifeline::watch();
    log::start();
    Ok((load(config)?, shutdown()?))
}

/// Cancelled by SIGTERM (systemd) and SIGINT (a terminal).
fn shutdown() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancel.cancel();
    });
    Ok(token)
}
