//! An etcd of others stands in the quorum's place: whether it may.
//!
//! It must be new enough, and what lies below the cluster's prefix must be this cluster's. So the first
//! service that comes writes down whose the keys are, and all others read it: two clusters of one name
//! must not take each other's leaders for their own.

use crate::call::{ATTEMPT, repeated};
use crate::election::created;
use crate::pool::Pool;
use crate::{CoordinationError, Result};
use mesoform_etcd::client::{KvClient, MaintenanceClient};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{
    PutRequest, RangeRequest, RequestOp, StatusRequest, TxnRequest, TxnResponse,
};
use mesoform_identity::Identity;
use mesoform_settings::QuorumClientSettings;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The first version that all promises were tested against.
const OLDEST: (u32, u32) = (3, 4);
const OLDEST_WORDS: &str = "3.4";
/// All keys of a cluster lie below this, behind its prefix.
const KEYS: &str = "/mesoform/";
/// Whose they are: the cluster's name, and its CA's SHA-256.
const OWNER: &str = "/mesoform/cluster";

/// What was found out once for all.
pub(crate) struct Admission {
    /// Whose the keys must be; nothing needs to be asked of the cluster's own quorum.
    own: Option<String>,
    admitted: AtomicBool,
}

impl Admission {
    pub(crate) fn new(settings: &QuorumClientSettings, identity: &Identity) -> Self {
        let own =
            || format!("the cluster {} (CA {})", identity.cluster(), identity.ca_fingerprint());
        Self { own: settings.etcd.is_some().then(own), admitted: AtomicBool::new(false) }
    }
}

/// Fails as long as the quorum may not be used.
pub(crate) async fn admit(pool: &Arc<Pool>) -> Result<()> {
    let Some(own) = &pool.admission.own else { return Ok(()) };
    if pool.admission.admitted.load(Ordering::Relaxed) {
        return Ok(());
    }
    new_enough(pool).await?;
    owned(pool, own).await?;
    pool.admission.admitted.store(true, Ordering::Relaxed);
    Ok(())
}

async fn new_enough(pool: &Pool) -> Result<()> {
    let status = repeated(pool, "status", ATTEMPT, |line| async move {
        MaintenanceClient::new(line.channel).status(StatusRequest {}).await
    })
    .await?;
    match version(&status.version) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => Err(CoordinationError::TooOld {
            endpoint: pool.name().to_owned(),
            found: status.version,
            wanted: OLDEST_WORDS,
        }),
    }
}

/// Major and minor.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Puts down whose the keys are, where nobody has. May be repeated: whoever was first stays.
async fn owned(pool: &Pool, own: &str) -> Result<()> {
    let request = claim(pool.key(OWNER).into_bytes(), own);
    let answer = repeated(pool, "claim", ATTEMPT, |line| {
        let request = request.clone();
        async move { KvClient::new(line.channel).txn(request).await }
    })
    .await?;
    match found(&answer) {
        Some(found) if found != own => {
            Err(CoordinationError::Taken { keys: pool.key(KEYS), found, own: own.to_owned() })
        }
        _ => Ok(()),
    }
}

fn claim(key: Vec<u8>, own: &str) -> TxnRequest {
    let (put_key, get_key) = (key.clone().into(), key.clone().into());
    let put = PutRequest { key: put_key, value: own.to_owned().into(), ..Default::default() };
    let get = RangeRequest { key: get_key, ..Default::default() };
    TxnRequest {
        compare: vec![created(key, 0)],
        success: vec![RequestOp { request: Some(Request::RequestPut(put)) }],
        failure: vec![RequestOp { request: Some(Request::RequestRange(get)) }],
    }
}

/// Who was there before.
fn found(answer: &TxnResponse) -> Option<String> {
    match answer.responses.first()?.response.as_ref()? {
        Response::ResponseRange(range) => {
            Some(String::from_utf8_lossy(&range.kvs.first()?.value).into_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(version("3.4.23"), Some((3, 4)));
        assert_eq!(version("3.5.0-alpha.1"), Some((3, 5)));
        for odd in ["", "3", "3.x.1", "not_decided"] {
            assert_eq!(version(odd), None, "{odd}");
        }
        let admitted = [(3, 3), (2, 9), (3, 4), (3, 10), (4, 0)].map(|version| version >= OLDEST);
        assert_eq!(admitted, [false, false, true, true, true]);
    }
}
