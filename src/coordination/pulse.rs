//! A voter that hangs (stopped, cut off, without a majority) breaks no connection. So it is asked
//! every now and then, and left when it does not answer or knows no leader.

use crate::pool::{Line, Pool};
use mesoform_etcd::client::MaintenanceClient;
use mesoform_etcd::pb::StatusRequest;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tonic::Code;

const EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(1);
/// While no voter at all is well, there is no hurry.
const EVERY_WHEN_ALL_FAIL: Duration = Duration::from_secs(2);

/// Runs until the pool is dropped.
pub(crate) fn start(pool: &Arc<Pool>) {
    tokio::spawn(run(Arc::downgrade(pool)));
}

async fn run(pool: Weak<Pool>) {
    let mut failures = 0;
    while let Some(pool) = pool.upgrade() {
        failures = match take(&pool).await {
            true => 0,
            false => failures + 1,
        };
        let all_fail = failures >= pool.voters();
        drop(pool);
        sleep(if all_fail { EVERY_WHEN_ALL_FAIL } else { EVERY }).await;
    }
}

async fn take(pool: &Pool) -> bool {
    let line = pool.line();
    match illness(&line).await {
        None => true,
        Some(cause) => {
            pool.leave(&line, &cause);
            false
        }
    }
}

/// What is wrong with the voter; nothing where it does not offer its status.
async fn illness(line: &Line) -> Option<String> {
    let mut client = MaintenanceClient::new(line.channel.clone());
    match timeout(PATIENCE, client.status(StatusRequest {})).await {
        Ok(Ok(status)) if status.get_ref().leader == 0 => Some("it knows no leader".into()),
        Ok(Ok(_)) => None,
        Ok(Err(status)) if status.code() == Code::Unavailable => Some(status.message().into()),
        Ok(Err(status)) if status.code() == Code::Unknown => Some(status.message().into()),
        Ok(Err(_)) => None,
        Err(_) => Some("it does not answer".into()),
    }
}
