//! An etcd in the quorum's place, asked as the services of this host ask it.

use super::PATIENCE;
use mesoform_cluster::report::{EtcdMember, EtcdView};
use mesoform_coordination::dial_etcd;
use mesoform_etcd::client::{KvClient, MaintenanceClient};
use mesoform_etcd::pb::{RangeRequest, StatusRequest};
use mesoform_identity::Outside;
use mesoform_settings::{
    EtcdSettings, MasterSettings, QuorumClientSettings, SchedulerSettings, load,
};
use std::path::Path;
use std::time::Duration;

/// For one member: the others' answers must still be told.
const ONE: Duration = PATIENCE.saturating_sub(Duration::from_millis(250));

/// What the services whose settings lie in `etc` see of it; none where they have a quorum of their own.
pub async fn ask(etc: &Path) -> Option<EtcdView> {
    let quorum = settings(etc)?;
    let etcd = quorum.etcd.as_ref()?;
    let answers = quorum.endpoints.iter().map(|endpoint| member(endpoint, etcd));
    let reads = quorum.endpoints.iter().map(|endpoint| read(endpoint, etcd));
    let (members, reads) =
        tokio::join!(futures::future::join_all(answers), futures::future::join_all(reads));
    let error = match reads.iter().any(Result::is_ok) {
        true => None,
        false => reads.into_iter().find_map(Result::err),
    };
    let outside = etcd.tls.as_ref().and_then(|tls| Outside::load(tls).ok());
    Some(EtcdView { members, error, not_after: outside.and_then(|tls| tls.not_after()) })
}

fn settings(etc: &Path) -> Option<QuorumClientSettings> {
    let master = load::<MasterSettings>(&etc.join("master.yml")).map(|settings| settings.quorum);
    let scheduler = || load::<SchedulerSettings>(&etc.join("scheduler.yml"));
    master.or_else(|_| scheduler().map(|settings| settings.quorum)).ok()
}

async fn member(endpoint: &str, etcd: &EtcdSettings) -> EtcdMember {
    let scheme = if etcd.tls.is_some() { "https" } else { "http" };
    let member = EtcdMember { endpoint: format!("{scheme}://{endpoint}"), ..Default::default() };
    let asked = async {
        let channel = dial_etcd(endpoint, etcd).map_err(|e| e.to_string())?;
        let answer = MaintenanceClient::new(channel).status(StatusRequest {}).await;
        answer.map(tonic::Response::into_inner).map_err(|status| words(&status))
    };
    let status = match within(asked).await {
        Ok(status) => status,
        Err(error) => return EtcdMember { error: Some(error), ..member },
    };
    let header = status.header.unwrap_or_default();
    EtcdMember {
        version: status.version,
        member_id: header.member_id,
        leader_id: status.leader,
        term: status.raft_term,
        revision: header.revision,
        db_size: status.db_size,
        learner: status.is_learner,
        cluster_id: header.cluster_id,
        errors: status.errors,
        ..member
    }
}

/// A read that needs consensus, below the cluster's prefix: elsewhere it may have no right to read.
async fn read(endpoint: &str, etcd: &EtcdSettings) -> Result<(), String> {
    let key = format!("{}/mesoform/consensus", etcd.prefix).into();
    within(async {
        let channel = dial_etcd(endpoint, etcd).map_err(|e| e.to_string())?;
        let request = RangeRequest { key, limit: 1, ..Default::default() };
        KvClient::new(channel).range(request).await.map(drop).map_err(|status| words(&status))
    })
    .await
}

async fn within<T>(asked: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err(format!("no answer within {} ms", ONE.as_millis()));
    tokio::time::timeout(ONE, asked).await.unwrap_or_else(|_| late())
}

/// Down to the cause that somebody can do something about.
fn words(status: &tonic::Status) -> String {
    let mut words = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
