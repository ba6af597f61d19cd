use super::stage::{LEASED, Stage};
use super::way::Way;
use crate::{Dice, LeaseLife, Renewal};
use mesoform_etcd::client::{KvClient, LeaseClient};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{
    LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest, PutRequest, RequestOp, TxnRequest,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tonic::Status;

const REQUEST: Duration = Duration::from_secs(4);
/// Seconds.
const TTL: i64 = 2;

/// Takes one lease after another, keeps it for a while, and lets it go or revokes it.
pub async fn lessee(stage: Arc<Stage>, ways: Vec<Way>, mut dice: Dice) -> Vec<LeaseLife> {
    let mut lives = Vec::new();
    while !stage.stop.is_cancelled() {
        let way = ways[dice.place(ways.len())].clone();
        match take(&stage, &way).await {
            Some(mut life) => {
                if hold(&stage, &ways, &mut dice, &mut life).await {
                    lives.push(life);
                }
            }
            None => sleep(dice.millis(50, 200)).await,
        }
    }
    lives
}

/// A lease; none: it is not known whether there is one.
async fn take(stage: &Stage, way: &Way) -> Option<LeaseLife> {
    let mut client = LeaseClient::new(way.clone());
    let asked = stage.now();
    let granted = client.lease_grant(LeaseGrantRequest { ttl: TTL, id: 0 });
    let granted = timeout(REQUEST, granted).await.ok()?.ok()?.into_inner();
    let renewal = Renewal { asked, over: stage.now(), renewed: true };
    let ttl = Duration::from_secs(granted.ttl.cast_unsigned());
    Some(LeaseLife { id: granted.id, ttl, renewals: vec![renewal], revoked: None, gone: None })
}

/// Ties two keys to the lease, and renews it for a while. False: the keys are perhaps not there, so that
/// nobody will see the end.
async fn hold(stage: &Stage, ways: &[Way], dice: &mut Dice, life: &mut LeaseLife) -> bool {
    let mut voter = dice.place(ways.len());
    if !matches!(timeout(REQUEST, tie(&ways[voter], life.id)).await, Ok(Ok(()))) {
        return false;
    }
    let until = stage.now() + dice.millis(0, 8000);
    while stage.now() < until && !stage.stop.is_cancelled() {
        sleep(life.ttl / 4).await;
        let asked = stage.now();
        let answer = timeout(REQUEST, renew(&ways[voter], life.id)).await;
        let ttl = match answer {
            Ok(Ok(ttl)) => ttl,
            Ok(Err(_)) | Err(_) => {
                voter = dice.place(ways.len());
                -1
            }
        };
        life.renewals.push(Renewal { asked, over: stage.now(), renewed: ttl > 0 });
        if ttl == 0 {
            return true;
        }
    }
    if dice.percent(20) {
        life.revoked = Some(stage.now());
        let mut client = LeaseClient::new(ways[voter].clone());
        let revoked = client.lease_revoke(LeaseRevokeRequest { id: life.id });
        // Where it does not come through the lease ends by itself.
        let _ = timeout(REQUEST, revoked).await;
    }
    true
}

async fn tie(way: &Way, lease: i64) -> Result<(), Status> {
    let put = |key: String| {
        let (key, value) = (key.into(), "leased".into());
        RequestOp {
            request: Some(Request::RequestPut(PutRequest {
                key,
                value,
                lease,
                ..Default::default()
            })),
        }
    };
    let success = vec![put(key(lease)), put(format!("{}/too", key(lease)))];
    let request = TxnRequest { success, ..Default::default() };
    KvClient::new(way.clone()).txn(request).await.map(drop)
}

/// The key that shows when a lease ends.
pub fn key(lease: i64) -> String {
    format!("{LEASED}{lease:x}")
}

/// Seconds; 0: it is gone.
async fn renew(way: &Way, id: i64) -> Result<i64, Status> {
    let once = tokio_stream::once(LeaseKeepAliveRequest { id });
    let mut client = LeaseClient::new(way.clone());
    let mut answers = client.lease_keep_alive(once).await?.into_inner();
    let answer = answers.message().await?;
    answer.map(|answer| answer.ttl).ok_or_else(|| Status::unavailable("no answer"))
}
