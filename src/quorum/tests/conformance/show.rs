//! Answers as text, without what must differ: ids, terms, sizes, times.

use mesoform_etcd::pb::response_op::Response as Answer;
use mesoform_etcd::pb::*;
use tonic::Status;

/// Shows revisions from `base` on: the first change of a case is `+1`.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    pub base: i64,
}

impl Show {
    pub fn status(status: &Status) -> String {
        format!("{:?}: {}", status.code(), status.message())
    }

    fn revision(self, revision: i64) -> String {
        match revision {
            0 | -1 => revision.to_string(),
            revision if revision < self.base => "before".to_owned(),
            revision => format!("+{}", revision - self.base),
        }
    }

    /// Within a transaction etcd's heads are not complete.
    pub fn at(self, header: Option<ResponseHeader>) -> String {
        let Some(header) = header else { return "no head".to_owned() };
        let revision = self.revision(header.revision);
        let known = [header.cluster_id, header.member_id, header.raft_term].map(|id| id != 0);
        match known {
            [true, true, true] => revision,
            [false, false, false] if header.revision == 0 => "an empty head".to_owned(),
            [false, false, false] => format!("only {revision}"),
            known => format!("{revision}, of cluster, member and term {known:?}"),
        }
    }

    pub fn head(self, header: Option<ResponseHeader>) -> Vec<String> {
        vec![self.at(header)]
    }

    fn kv(self, kv: &KeyValue) -> String {
        format!(
            "{}={} created {} changed {} version {} lease {}",
            bytes(&kv.key),
            bytes(&kv.value),
            self.revision(kv.create_revision),
            self.revision(kv.mod_revision),
            kv.version,
            kv.lease
        )
    }

    fn was(self, kv: &KeyValue) -> String {
        format!("  was {}", self.kv(kv))
    }

    pub fn put(self, response: PutResponse) -> Vec<String> {
        let mut lines = self.head(response.header);
        lines.extend(response.prev_kv.map(|kv| self.was(&kv)));
        lines
    }

    pub fn delete(self, response: DeleteRangeResponse) -> Vec<String> {
        let mut lines = vec![format!("{} deleted {}", self.at(response.header), response.deleted)];
        lines.extend(response.prev_kvs.iter().map(|kv| self.was(kv)));
        lines
    }

    pub fn range(self, response: RangeResponse) -> Vec<String> {
        let more = if response.more { ", and more" } else { "" };
        let mut lines =
            vec![format!("{} count {}{more}", self.at(response.header), response.count)];
        lines.extend(response.kvs.iter().map(|kv| format!("  {}", self.kv(kv))));
        lines
    }

    pub fn txn(self, response: TxnResponse) -> Vec<String> {
        let taken = if response.succeeded { "then" } else { "else" };
        let mut lines = vec![format!("{} {taken}", self.at(response.header))];
        for inner in response.responses {
            let inner = match inner.response {
                None => vec!["nothing".to_owned()],
                Some(Answer::ResponseRange(response)) => self.range(response),
                Some(Answer::ResponsePut(response)) => self.put(response),
                Some(Answer::ResponseDeleteRange(response)) => self.delete(response),
                Some(Answer::ResponseTxn(response)) => self.txn(response),
            };
            lines.extend(inner.into_iter().map(|line| format!("  {line}")));
        }
        lines
    }

    pub fn grant(self, wanted: i64, response: LeaseGrantResponse) -> Vec<String> {
        let id = match response.id {
            id if id == wanted => id.to_string(),
            id if id > 0 => "some id".to_owned(),
            id => format!("a bad id: {id}"),
        };
        let LeaseGrantResponse { ttl, error, .. } = response;
        vec![format!("{} lease {id} ttl {ttl}{error}", self.at(response.header))]
    }

    pub fn time_to_live(self, response: LeaseTimeToLiveResponse) -> Vec<String> {
        let LeaseTimeToLiveResponse { id, ttl, granted_ttl, .. } = response;
        let left = if ttl >= 0 && ttl <= granted_ttl { "some".to_owned() } else { ttl.to_string() };
        let head = self.at(response.header);
        let mut lines = vec![format!("{head} lease {id} granted {granted_ttl} left {left}")];
        // etcd lists them in any order.
        let mut keys: Vec<String> = response.keys.iter().map(|key| bytes(key)).collect();
        keys.sort_unstable();
        lines.extend(keys.iter().map(|key| format!("  {key}")));
        lines
    }

    /// In the order of their ids: etcd sorts them by the time they end.
    pub fn leases(self, response: LeaseLeasesResponse) -> Vec<String> {
        let mut ids: Vec<i64> = response.leases.iter().map(|lease| lease.id).collect();
        ids.sort_unstable();
        // The server's own choices are large.
        let name = |id: i64| if id > 1_000_000 { "some id".to_owned() } else { id.to_string() };
        let ids: Vec<String> = ids.into_iter().map(name).collect();
        vec![format!("{} leases {}", self.at(response.header), ids.join(" "))]
    }

    pub fn kept_alive(self, response: LeaseKeepAliveResponse) -> String {
        format!("{} lease {} ttl {}", self.at(response.header), response.id, response.ttl)
    }

    pub fn members(self, response: MemberListResponse) -> Vec<String> {
        let whole = |member: &Member| {
            let is_url = |url: &String| url.starts_with("http");
            !member.name.is_empty()
                && member.id != 0
                && !member.is_learner
                && member.peer_urls.len() == 1
                && member.client_urls.len() == 1
                && member.peer_urls.iter().chain(&member.client_urls).all(is_url)
        };
        // etcd's head has no revision here.
        let mut header = response.header.unwrap_or_default();
        header.revision = self.base;
        let all_whole = response.members.iter().all(whole) && !response.members.is_empty();
        vec![format!("{} members, whole: {all_whole}", self.at(Some(header)))]
    }

    pub fn health(self, response: StatusResponse) -> Vec<String> {
        let term = response.header.map_or(0, |header| header.raft_term);
        let sane = response.leader != 0
            && response.db_size > 0
            && (1..=response.db_size).contains(&response.db_size_in_use)
            && response.raft_term == term
            && response.raft_index >= response.raft_applied_index
            && response.raft_applied_index > 0
            && !response.version.is_empty();
        let StatusResponse { errors, is_learner, .. } = response;
        let head = self.at(response.header);
        vec![format!("{head} sane: {sane}, errors {errors:?}, learner: {is_learner}")]
    }

    pub fn alarms(self, response: AlarmResponse) -> Vec<String> {
        let mut header = response.header.unwrap_or_default();
        header.revision = self.base;
        let alarms: Vec<i32> = response.alarms.iter().map(|alarm| alarm.alarm).collect();
        vec![format!("{} alarms {alarms:?}", self.at(Some(header)))]
    }

    pub fn hash(self, response: HashResponse) -> Vec<String> {
        vec![format!("{} a hash: {}", self.at(response.header), response.hash != 0)]
    }

    pub fn hash_kv(self, response: HashKvResponse) -> Vec<String> {
        let compacted = self.revision(response.compact_revision);
        let hash = response.hash != 0;
        vec![format!("{} a hash: {hash}, compacted {compacted}", self.at(response.header))]
    }

    pub fn campaign(self, response: CampaignResponse) -> Vec<String> {
        let Some(LeaderKey { name, key, rev, lease }) = response.leader else {
            return vec!["no leader".to_owned()];
        };
        vec![format!(
            "{} elected in {} with {} of {} lease {lease}",
            self.at(response.header),
            bytes(&name),
            bytes(&key),
            self.revision(rev)
        )]
    }

    pub fn leader(self, response: LeaderResponse) -> Vec<String> {
        let kv = response.kv.map_or("nobody".to_owned(), |kv| self.kv(&kv));
        vec![format!("{} {kv}", self.at(response.header))]
    }

    pub fn lock(self, response: LockResponse) -> Vec<String> {
        vec![format!("{} locked with {}", self.at(response.header), bytes(&response.key))]
    }

    /// The units of a watch's response: each event, or what was done to the watch.
    pub fn watched(self, response: WatchResponse) -> Vec<String> {
        let id = response.watch_id;
        let head = self.at(response.header);
        if !response.events.is_empty() {
            let newest = response.header.map_or(0, |header| header.revision);
            return response.events.iter().map(|event| self.event(id, newest, event)).collect();
        }
        let because = match response.cancel_reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let what = match (response.created, response.canceled, response.compact_revision) {
            (true, true, _) => "refused".to_owned(),
            (true, false, _) => "created".to_owned(),
            (false, true, 0) => "canceled".to_owned(),
            (false, true, at) => format!("canceled, compacted {}", self.revision(at)),
            (false, false, _) => "progress".to_owned(),
        };
        vec![format!("{id}: {what} at {head}{because}")]
    }

    fn event(self, id: i64, newest: i64, event: &Event) -> String {
        let kv = event.kv.clone().unwrap_or_default();
        let late = if newest < kv.mod_revision { " OF THE FUTURE" } else { "" };
        let previous = event.prev_kv.as_ref().map(|kv| format!(" was {}", self.kv(kv)));
        let previous = previous.unwrap_or_default();
        match event.r#type() {
            EventType::Put => format!("{id}: put {}{previous}{late}", self.kv(&kv)),
            EventType::Delete => format!("{id}: delete {}{previous}{late}", self.kv(&kv)),
        }
    }
}

/// Long runs of one byte are shortened.
fn bytes(bytes: &[u8]) -> String {
    match bytes {
        [first, .., _] if bytes.len() > 40 && bytes.iter().all(|byte| byte == first) => {
            format!("{}^{}", first.escape_ascii(), bytes.len())
        }
        bytes => bytes.escape_ascii().to_string(),
    }
}
