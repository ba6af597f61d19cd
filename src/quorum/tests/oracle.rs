//! The original decides: the same random requests to one voter and to Debian's `etcd` must get the
//! same answers and the same events. Without `etcd` on the machine it says so and passes.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
mod common;

use common::{Client, Cluster, b};
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{
    CompactionRequest, Compare, DeleteRangeRequest, LeaseGrantRequest, LeaseLeasesRequest,
    LeaseRevokeRequest, PutRequest, RangeRequest, RequestOp, ResponseHeader, TxnRequest,
    TxnResponse,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::process::{Child, Command, Stdio};
use tonic::Status;

/// Each with a store of its own; `MESOFORM_ORACLE_ROUNDS` sets another number, up to 255.
const ROUNDS: u8 = 6;
const REQUESTS: usize = 150;

/// The original, ended with this value.
struct Etcd {
    process: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Etcd {
    /// Starts it with the certificate of a voter; none: it is not installed.
    fn start(cluster: &Cluster) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        let keys = cluster.keys(1);
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = (free(), free());
        let client = ports.0.local_addr().unwrap().to_string();
        let peer = format!("http://{}", ports.1.local_addr().unwrap());
        drop(ports);
        let process = Command::new("etcd")
            .args(["--name", "original", "--data-dir"])
            .arg(data.path())
            .args(["--listen-client-urls", &format!("https://{client}")])
            .args(["--advertise-client-urls", &format!("https://{client}")])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("original={peer}"), "--client-cert-auth"])
            .arg("--cert-file")
            .arg(&keys.cert)
            .arg("--key-file")
            .arg(&keys.key)
            .arg("--trusted-ca-file")
            .arg(&keys.ca)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Some(Self { process, address: client, _data: data })
    }
}

#[derive(Debug, Clone)]
enum Ask {
    Put(PutRequest),
    Delete(DeleteRangeRequest),
    Range(RangeRequest),
    Txn(TxnRequest),
    Compact(i64),
    Grant(i64),
    Revoke(i64),
    Leases,
}

/// What comes back, without what must differ: ids of cluster and member, and the term.
async fn ask(client: &mut Client, ask: &Ask) -> String {
    let answer = match ask.clone() {
        Ask::Put(request) => client.kv.put(request).await.map(|response| {
            let mut response = response.into_inner();
            plain(&mut response.header);
            format!("{response:?}")
        }),
        Ask::Delete(request) => client.kv.delete_range(request).await.map(|response| {
            let mut response = response.into_inner();
            plain(&mut response.header);
            format!("{response:?}")
        }),
        Ask::Range(request) => client.kv.range(request).await.map(|response| {
            let mut response = response.into_inner();
            plain(&mut response.header);
            format!("{response:?}")
        }),
        Ask::Txn(request) => client.kv.txn(request).await.map(|response| {
            let mut response = response.into_inner();
            plain_txn(&mut response);
            format!("{response:?}")
        }),
        Ask::Compact(revision) => {
            let request = CompactionRequest { revision, physical: true };
            client.kv.compact(request).await.map(|_| "compacted".to_owned())
        }
        Ask::Grant(id) => {
            let request = LeaseGrantRequest { ttl: 1000, id };
            client.lease.lease_grant(request).await.map(|response| {
                let mut response = response.into_inner();
                plain(&mut response.header);
                format!("{response:?}")
            })
        }
        Ask::Revoke(id) => {
            client.lease.lease_revoke(LeaseRevokeRequest { id }).await.map(|response| {
                let mut response = response.into_inner();
                plain(&mut response.header);
                format!("{response:?}")
            })
        }
        Ask::Leases => client.lease.lease_leases(LeaseLeasesRequest {}).await.map(|response| {
            let mut ids: Vec<i64> = response.into_inner().leases.iter().map(|l| l.id).collect();
            ids.sort_unstable();
            format!("{ids:?}")
        }),
    };
    answer.unwrap_or_else(|status: Status| format!("{:?}: {}", status.code(), status.message()))
}

fn plain(header: &mut Option<ResponseHeader>) {
    let revision = header.map_or(0, |header| header.revision);
    *header = Some(ResponseHeader { revision, ..Default::default() });
}

fn plain_txn(response: &mut TxnResponse) {
    plain(&mut response.header);
    for op in &mut response.responses {
        if let Some(Response::ResponseTxn(inner)) = &mut op.response {
            plain_txn(inner);
        }
    }
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "a", "aa", "ab", "b", "c", "ca", "d", ""])
}

fn end() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", "b", "c", "z", "\0", "a"])
}

fn put() -> impl Strategy<Value = PutRequest> {
    let value = prop::sample::select(vec!["", "1", "2", "30"]);
    let rare = || prop::bool::weighted(0.15);
    (key(), value, prop::sample::select(vec![0, 0, 0, 1, 2, 3]), any::<bool>(), rare(), rare())
        .prop_map(|(key, value, lease, prev_kv, ignore_value, ignore_lease)| PutRequest {
            key: b(key),
            value: if ignore_value && value == "1" { b("") } else { b(value) },
            lease,
            prev_kv,
            ignore_value,
            ignore_lease,
        })
}

fn delete() -> impl Strategy<Value = DeleteRangeRequest> {
    (key(), end(), any::<bool>()).prop_map(|(key, end, prev_kv)| DeleteRangeRequest {
        key: b(key),
        range_end: b(end),
        prev_kv,
    })
}

fn range() -> impl Strategy<Value = RangeRequest> {
    let bound = || prop::sample::select(vec![0i64, 0, 0, 0, 5, 20, 50]);
    let small = prop::sample::select(vec![0i64, 0, 1, 2, 3]);
    let revision = prop_oneof![3 => Just(0i64), 2 => 1i64..120];
    (
        (key(), end(), small, revision),
        (0i32..3, 0i32..5, prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
        (bound(), bound(), bound(), bound()),
    )
        .prop_map(|((key, end, limit, revision), (order, target, keys, count), bounds)| {
            RangeRequest {
                key: b(key),
                range_end: b(end),
                limit,
                revision,
                sort_order: order,
                sort_target: target,
                serializable: false,
                keys_only: keys,
                count_only: count,
                min_mod_revision: bounds.0,
                max_mod_revision: bounds.1,
                min_create_revision: bounds.2,
                max_create_revision: bounds.3,
            }
        })
}

fn compare() -> impl Strategy<Value = Compare> {
    let wanted = prop_oneof![
        (0i64..4).prop_map(|n| (CompareTarget::Version, TargetUnion::Version(n))),
        (0i64..60).prop_map(|n| (CompareTarget::Create, TargetUnion::CreateRevision(n))),
        (0i64..60).prop_map(|n| (CompareTarget::Mod, TargetUnion::ModRevision(n))),
        (0i64..3).prop_map(|n| (CompareTarget::Lease, TargetUnion::Lease(n))),
        prop::sample::select(vec!["", "1", "2"])
            .prop_map(|v| (CompareTarget::Value, TargetUnion::Value(b(v)))),
    ];
    let result = prop::sample::select(vec![
        CompareResult::Equal,
        CompareResult::NotEqual,
        CompareResult::Greater,
        CompareResult::Less,
    ]);
    (key(), end(), result, wanted).prop_map(|(key, end, result, (target, wanted))| Compare {
        result: result as i32,
        target: target as i32,
        key: b(key),
        target_union: Some(wanted),
        range_end: b(end),
    })
}

fn txn() -> impl Strategy<Value = TxnRequest> {
    let op = prop_oneof![
        3 => put().prop_map(Request::RequestPut),
        2 => range().prop_map(Request::RequestRange),
        1 => delete().prop_map(Request::RequestDeleteRange),
    ];
    let op = op.prop_map(|request| RequestOp { request: Some(request) });
    let branch = move |depth: BoxedStrategy<RequestOp>| prop::collection::vec(depth, 0..3);
    let flat = op.clone().boxed();
    let inner =
        (prop::collection::vec(compare(), 0..2), branch(flat.clone()), branch(flat.clone()))
            .prop_map(|(compare, success, failure)| TxnRequest { compare, success, failure });
    let nested = inner.prop_map(|t| RequestOp { request: Some(Request::RequestTxn(t)) }).boxed();
    let any_op = prop_oneof![5 => flat, 1 => nested].boxed();
    (prop::collection::vec(compare(), 0..3), branch(any_op.clone()), branch(any_op))
        .prop_map(|(compare, success, failure)| TxnRequest { compare, success, failure })
}

fn request() -> impl Strategy<Value = Ask> {
    prop_oneof![
        10 => put().prop_map(Ask::Put),
        3 => delete().prop_map(Ask::Delete),
        8 => range().prop_map(Ask::Range),
        6 => txn().prop_map(Ask::Txn),
        1 => (0i64..150).prop_map(Ask::Compact),
        1 => (1i64..4).prop_map(Ask::Grant),
        1 => (1i64..4).prop_map(Ask::Revoke),
        1 => Just(Ask::Leases),
    ]
}

#[tokio::test]
async fn random_requests_are_answered_as_by_etcd() {
    let rounds = std::env::var("MESOFORM_ORACLE_ROUNDS").ok();
    for round in 0..rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap()) {
        let cluster = Cluster::up(1).await;
        let Some(etcd) = Etcd::start(&cluster) else {
            println!("NOT COMPARED: there is no `etcd` here (apt-get install etcd-server)");
            return;
        };
        let (mut ours, mut theirs) =
            (cluster.client(1), Client::connect(&cluster.operator(), &etcd.address));
        ours.ready().await;
        theirs.ready().await;
        let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[round; 32]);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), seed);
        for n in 0..REQUESTS {
            let request = request().new_tree(&mut runner).unwrap().current();
            let (own, wanted) = (ask(&mut ours, &request).await, ask(&mut theirs, &request).await);
            assert_eq!(own, wanted, "round {round}, request {n}: {request:#?}");
        }
        compare_events(&mut ours, &mut theirs).await;
    }
}

/// Both tell the same history, from the oldest revision that is left.
async fn compare_events(ours: &mut Client, theirs: &mut Client) {
    let last = ours.put("a-last", "").await.unwrap();
    assert_eq!(theirs.put("a-last", "").await.unwrap(), last);
    assert_eq!(history(ours, last).await, history(theirs, last).await);
}

async fn history(client: &mut Client, last: i64) -> Vec<String> {
    let mut watch = client.watch("a", 1).await;
    let mut told = watch.next().await;
    let mut history = vec![format!("compacted at {}", told.compact_revision)];
    if told.compact_revision != 0 {
        watch = client.watch("a", told.compact_revision).await;
        told = watch.next().await;
    }
    loop {
        history.extend(told.events.iter().map(|event| format!("{event:?}")));
        if told.events.iter().any(|event| event.kv.as_ref().unwrap().mod_revision == last) {
            return history;
        }
        told = watch.next().await;
    }
}
