use super::line::{Line, answer};
use crate::exit::Exit;
use anyhow::Context as _;
use mesoform_etcd::client::{KvClient, MaintenanceClient};
use mesoform_etcd::pb::{RangeRequest, SnapshotRequest};
use std::io::Write;
use std::time::Duration;

/// For the next part of it.
const STALL: Duration = Duration::from_secs(60);

/// Writes the voter's backup to standard output.
pub async fn run(line: &Line) -> anyhow::Result<Exit> {
    wait_for_all_that_was_acknowledged(line).await;
    let mut client = MaintenanceClient::new(line.channel.clone());
    let mut stream = answer(client.snapshot(SnapshotRequest {})).await?;
    let mut stdout = std::io::stdout().lock();
    loop {
        let next = tokio::time::timeout(STALL, stream.message()).await;
        let next = next.context("the voter has stopped in the midst of it")?;
        match next.map_err(|status| anyhow::anyhow!("{}", status.message()))? {
            Some(chunk) => stdout.write_all(&chunk.blob).context("nobody reads the backup")?,
            None => break,
        }
    }
    stdout.flush().context("nobody reads the backup")?;
    Ok(Exit::Fine)
}

/// After a read that had to be up to date the voter has all of it. Without consensus there is no such
/// read, and what the voter has must do.
async fn wait_for_all_that_was_acknowledged(line: &Line) {
    let mut client = KvClient::new(line.channel.clone());
    let any = RangeRequest { key: "backup".into(), count_only: true, ..Default::default() };
    let _ = answer(client.range(any)).await;
}
