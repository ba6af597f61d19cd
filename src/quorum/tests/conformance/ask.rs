//! What can be asked: from the suite's words, and from chance.

use super::common::{Client, b};
use super::show::Show;
use super::words::{Args, Word, number};
use bytes::Bytes;
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request as Op;
use mesoform_etcd::pb::*;
use tonic::{Response, Status};

#[derive(Debug, Clone)]
pub enum Ask {
    Put(PutRequest),
    Delete(DeleteRangeRequest),
    Range(RangeRequest),
    Txn(TxnRequest),
    Compact(CompactionRequest),
    Grant(LeaseGrantRequest),
    Revoke(LeaseRevokeRequest),
    TimeToLive(LeaseTimeToLiveRequest),
    Leases,
    Members(MemberListRequest),
    MemberAdd(MemberAddRequest),
    MemberRemove(MemberRemoveRequest),
    MemberUpdate(MemberUpdateRequest),
    MemberPromote(MemberPromoteRequest),
    Status,
    Alarm(AlarmRequest),
    Defragment,
    Hash,
    HashKv(HashKvRequest),
    MoveLeader(MoveLeaderRequest),
    Downgrade(DowngradeRequest),
    Campaign(CampaignRequest),
    Proclaim(ProclaimRequest),
    Leader(LeaderRequest),
    Resign(ResignRequest),
    Lock(LockRequest),
    Unlock(UnlockRequest),
    /// A call by its path, with an empty message.
    Call(String),
}

impl Ask {
    /// Reads a request; `base` is what `+3` is counted from.
    pub fn read(words: &[Word], base: i64) -> Self {
        let Some(Word::Text { bytes, .. }) = words.first() else { panic!("no verb: {words:?}") };
        let verb = String::from_utf8_lossy(bytes).into_owned();
        if verb == "txn" {
            return Self::Txn(txn(&words[1..], base));
        }
        let args = Args::new(&words[1..], base);
        match verb.as_str() {
            "put" => Self::Put(put(&args)),
            "delete" => Self::Delete(delete(&args)),
            "get" => Self::Range(range(&args)),
            "compact" => Self::Compact(CompactionRequest {
                revision: args.number_at(0),
                physical: args.has("physical"),
            }),
            "grant" => {
                Self::Grant(LeaseGrantRequest { id: args.number_at(0), ttl: args.number_at(1) })
            }
            "revoke" => Self::Revoke(LeaseRevokeRequest { id: args.number_at(0) }),
            "ttl" => Self::TimeToLive(LeaseTimeToLiveRequest {
                id: args.number_at(0),
                keys: args.has("keys"),
            }),
            "leases" => Self::Leases,
            "lock" => Self::Lock(LockRequest { name: args.at(0), lease: args.number("lease") }),
            "unlock" => Self::Unlock(UnlockRequest { key: args.at(0) }),
            "call" => Self::Call(args.text(0)),
            verb => {
                Self::read_election(verb, &args).unwrap_or_else(|| Self::read_upkeep(verb, &args))
            }
        }
    }

    fn read_election(verb: &str, args: &Args) -> Option<Self> {
        let leader = || {
            (!args.plain.is_empty()).then(|| LeaderKey {
                name: args.at(0),
                key: args.option("key").to_owned().into(),
                rev: args.number("rev"),
                lease: args.number("lease"),
            })
        };
        let value = || args.option("value").to_owned().into();
        Some(match verb {
            "campaign" => Self::Campaign(CampaignRequest {
                name: args.at(0),
                lease: args.number("lease"),
                value: value(),
            }),
            "proclaim" => Self::Proclaim(ProclaimRequest { leader: leader(), value: value() }),
            "leader" => Self::Leader(LeaderRequest { name: args.at(0) }),
            "resign" => Self::Resign(ResignRequest { leader: leader() }),
            _ => return None,
        })
    }

    fn read_upkeep(verb: &str, args: &Args) -> Self {
        let urls = |from: usize| (from..args.plain.len()).map(|at| args.text(at)).collect();
        let id = || args.number_at(0).unsigned_abs();
        match verb {
            "members" => Self::Members(MemberListRequest { linearizable: !args.has("stale") }),
            "member-add" => Self::MemberAdd(MemberAddRequest {
                peer_urls: urls(0),
                is_learner: args.has("learner"),
            }),
            "member-remove" => Self::MemberRemove(MemberRemoveRequest { id: id() }),
            "member-update" => {
                Self::MemberUpdate(MemberUpdateRequest { id: id(), peer_urls: urls(1) })
            }
            "member-promote" => Self::MemberPromote(MemberPromoteRequest { id: id() }),
            "status" => Self::Status,
            "alarm" => Self::Alarm(AlarmRequest {
                action: args.number_at(0).try_into().unwrap(),
                member_id: args.number("member").unsigned_abs(),
                alarm: args.number("alarm").try_into().unwrap(),
            }),
            "defragment" => Self::Defragment,
            "hash" => Self::Hash,
            "hash-kv" => Self::HashKv(HashKvRequest { revision: args.number_at(0) }),
            "move-leader" => Self::MoveLeader(MoveLeaderRequest { target_id: id() }),
            "downgrade" => Self::Downgrade(DowngradeRequest {
                action: args.number_at(0).try_into().unwrap(),
                version: args.text(1),
            }),
            verb => panic!("unknown: {verb}"),
        }
    }

    /// Asks it: the answer in lines, without what must differ.
    pub async fn ask(self, client: &mut Client, show: Show) -> Vec<String> {
        match self.try_ask(client, show).await {
            Ok(lines) => lines,
            Err(status) => vec![Show::status(&status)],
        }
    }

    async fn try_ask(self, client: &mut Client, show: Show) -> Result<Vec<String>, Status> {
        let (kv, lease, cluster, maintenance, election, lock) = (
            &mut client.kv,
            &mut client.lease,
            &mut client.cluster,
            &mut client.maintenance,
            &mut client.election,
            &mut client.lock,
        );
        Ok(match self {
            Self::Put(request) => show.put(inner(kv.put(request).await)?),
            Self::Delete(request) => show.delete(inner(kv.delete_range(request).await)?),
            Self::Range(request) => show.range(inner(kv.range(request).await)?),
            Self::Txn(request) => show.txn(inner(kv.txn(request).await)?),
            Self::Compact(request) => show.head(inner(kv.compact(request).await)?.header),
            Self::Grant(request) => {
                show.grant(request.id, inner(lease.lease_grant(request).await)?)
            }
            Self::Revoke(request) => show.head(inner(lease.lease_revoke(request).await)?.header),
            Self::TimeToLive(request) => {
                show.time_to_live(inner(lease.lease_time_to_live(request).await)?)
            }
            Self::Leases => show.leases(inner(lease.lease_leases(LeaseLeasesRequest {}).await)?),
            Self::Members(request) => show.members(inner(cluster.member_list(request).await)?),
            Self::MemberAdd(request) => show.head(inner(cluster.member_add(request).await)?.header),
            Self::MemberRemove(request) => {
                show.head(inner(cluster.member_remove(request).await)?.header)
            }
            Self::MemberUpdate(request) => {
                show.head(inner(cluster.member_update(request).await)?.header)
            }
            Self::MemberPromote(request) => {
                show.head(inner(cluster.member_promote(request).await)?.header)
            }
            Self::Status => show.health(inner(maintenance.status(StatusRequest {}).await)?),
            Self::Alarm(request) => show.alarms(inner(maintenance.alarm(request).await)?),
            Self::Defragment => {
                show.head(inner(maintenance.defragment(DefragmentRequest {}).await)?.header)
            }
            Self::Hash => show.hash(inner(maintenance.hash(HashRequest {}).await)?),
            Self::HashKv(request) => show.hash_kv(inner(maintenance.hash_kv(request).await)?),
            Self::MoveLeader(request) => {
                show.head(inner(maintenance.move_leader(request).await)?.header)
            }
            Self::Downgrade(request) => {
                show.head(inner(maintenance.downgrade(request).await)?.header)
            }
            Self::Campaign(request) => show.campaign(inner(election.campaign(request).await)?),
            Self::Proclaim(request) => show.head(inner(election.proclaim(request).await)?.header),
            Self::Leader(request) => show.leader(inner(election.leader(request).await)?),
            Self::Resign(request) => show.head(inner(election.resign(request).await)?.header),
            Self::Lock(request) => show.lock(inner(lock.lock(request).await)?),
            Self::Unlock(request) => show.head(inner(lock.unlock(request).await)?.header),
            Self::Call(path) => {
                client.call(&path).await?;
                vec!["answered".to_owned()]
            }
        })
    }
}

fn inner<T>(response: Result<Response<T>, Status>) -> Result<T, Status> {
    response.map(Response::into_inner)
}

fn put(args: &Args) -> PutRequest {
    PutRequest {
        key: args.at(0),
        value: args.at(1),
        lease: args.number("lease"),
        prev_kv: args.has("prev"),
        ignore_value: args.has("ignore-value"),
        ignore_lease: args.has("ignore-lease"),
    }
}

fn delete(args: &Args) -> DeleteRangeRequest {
    DeleteRangeRequest { key: args.at(0), range_end: args.at(1), prev_kv: args.has("prev") }
}

fn range(args: &Args) -> RangeRequest {
    RangeRequest {
        key: args.at(0),
        range_end: args.at(1),
        limit: args.number("limit"),
        revision: args.number("rev"),
        sort_order: args.number("order").try_into().unwrap(),
        sort_target: args.number("by").try_into().unwrap(),
        serializable: args.has("stale"),
        keys_only: args.has("keys"),
        count_only: args.has("count"),
        min_mod_revision: args.number("min-mod"),
        max_mod_revision: args.number("max-mod"),
        min_create_revision: args.number("min-create"),
        max_create_revision: args.number("max-create"),
    }
}

/// `if (…) (…) then (…) else (…)`.
fn txn(words: &[Word], base: i64) -> TxnRequest {
    let mut request = TxnRequest::default();
    let mut part = "";
    for word in words {
        match (word, part) {
            (Word::Text { bytes, .. }, _) => {
                part = match bytes.as_ref() {
                    b"if" => "if",
                    b"then" => "then",
                    b"else" => "else",
                    other => panic!("unknown: {}", String::from_utf8_lossy(other)),
                }
            }
            (Word::List(inner), "if") => request.compare.push(compare(inner, base)),
            (Word::List(inner), "then") => request.success.push(op(inner, base)),
            (Word::List(inner), _) => request.failure.push(op(inner, base)),
        }
    }
    request
}

fn op(words: &[Word], base: i64) -> RequestOp {
    let request = match words.is_empty() {
        true => None,
        false => Some(match Ask::read(words, base) {
            Ask::Put(request) => Op::RequestPut(request),
            Ask::Delete(request) => Op::RequestDeleteRange(request),
            Ask::Range(request) => Op::RequestRange(request),
            Ask::Txn(request) => Op::RequestTxn(request),
            other => panic!("not in a transaction: {other:?}"),
        }),
    };
    RequestOp { request }
}

/// `(version a = 1)`, `(value a z > x)`; the end of the range is left out or comes second.
fn compare(words: &[Word], base: i64) -> Compare {
    let text = |word: &Word| match word {
        Word::Text { bytes, .. } => bytes.clone(),
        Word::List(_) => panic!("no place for a list"),
    };
    let words: Vec<Bytes> = words.iter().map(text).collect();
    let (target, key, end, result, wanted) = match words.as_slice() {
        [target, key, result, wanted] => (target, key, b(""), result, wanted),
        [target, key, end, result, wanted] => (target, key, end.clone(), result, wanted),
        other => panic!("no comparison: {other:?}"),
    };
    let wanted_number = || number(&String::from_utf8_lossy(wanted), base);
    let (target, wanted) = match target.as_ref() {
        b"version" => (CompareTarget::Version, Some(TargetUnion::Version(wanted_number()))),
        b"create" => (CompareTarget::Create, Some(TargetUnion::CreateRevision(wanted_number()))),
        b"mod" => (CompareTarget::Mod, Some(TargetUnion::ModRevision(wanted_number()))),
        b"lease" => (CompareTarget::Lease, Some(TargetUnion::Lease(wanted_number()))),
        b"value" => (CompareTarget::Value, Some(TargetUnion::Value(wanted.clone()))),
        // Compared with nothing, or with a number that is meant for something else.
        b"version-with-nothing" => (CompareTarget::Version, None),
        b"value-with-nothing" => (CompareTarget::Value, None),
        b"mod-with-version" => (CompareTarget::Mod, Some(TargetUnion::Version(wanted_number()))),
        other => panic!("unknown: {}", String::from_utf8_lossy(other)),
    };
    let result = match result.as_ref() {
        b"=" => CompareResult::Equal,
        b"!=" => CompareResult::NotEqual,
        b">" => CompareResult::Greater,
        b"<" => CompareResult::Less,
        other => panic!("unknown: {}", String::from_utf8_lossy(other)),
    };
    Compare {
        result: result as i32,
        target: target as i32,
        key: key.clone(),
        target_union: wanted,
        range_end: end,
    }
}
