use super::exposition::{CONTENT_TYPE, Exposition};
use crate::api::{API_VERSION, Api};
use crate::leadership::Leader;
use crate::machine::Size;
use crate::mvcc::{Tables, count_leases};
use crate::raft::Member;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use openraft::RaftMetrics;

/// Prometheus' metrics, under etcd's names where they mean the same; ours begin with `mesoform_`.
pub async fn metrics(State(api): State<Api>) -> Response {
    let text = storage(&api, server(&api, Exposition::default())).text();
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn server(api: &Api, out: Exposition) -> Exposition {
    let metrics = api.leadership.metrics();
    let leader = api.leadership.now();
    let traffic = api.proposer.traffic();
    let applied = api.state.now().applied.map_or(0, |id| id.index);
    let out = out
        .gauge(
            "etcd_server_has_leader",
            "Whether a leader exists.",
            u8::from(leader != Leader::None),
        )
        .gauge("etcd_server_is_leader", "Whether this voter leads.", u8::from(leader == Leader::Me))
        .gauge(
            "etcd_server_is_learner",
            "Whether this member is a learner.",
            u8::from(metrics.state.is_learner()),
        )
        .counter(
            "etcd_server_leader_changes_seen_total",
            "The number of leader changes seen.",
            api.leadership.changes_seen(),
        )
        .gauge(
            "etcd_server_proposals_committed_total",
            "The index up to which this voter knows the log to be committed.",
            committed(&metrics).max(applied),
        )
        .gauge(
            "etcd_server_proposals_applied_total",
            "The index up to which the log is applied.",
            applied,
        )
        .gauge(
            "etcd_server_proposals_pending",
            "The number of proposals under way.",
            traffic.pending(),
        )
        .counter(
            "etcd_server_proposals_failed_total",
            "The number of proposals that failed.",
            traffic.failed(),
        )
        .gauges(
            "etcd_server_version",
            "The version of the API.",
            "server_version",
            [(API_VERSION.to_owned(), 1)],
        )
        .gauge("mesoform_quorum_term", "Raft's term.", metrics.current_term)
        .gauge(
            "mesoform_quorum_level",
            "The cluster's level: what all its members can read.",
            api.headers.directory.ladder().level(),
        )
        .gauge(
            "mesoform_quorum_newest_level",
            "The newest level that this voter's version knows.",
            api.headers.directory.ladder().own().newest(),
        );
    let out = out.labelled(
        "etcd_debugging_server_alarms",
        "The voters whose disks are nearly full: while there is one, writes are refused.",
        alarms(api),
    );
    out.gauges(
        "mesoform_quorum_lag_entries",
        "How many log entries each voter lacks; only a leader knows.",
        "voter",
        lags(&metrics),
    )
}

/// As etcd labels them.
fn alarms(api: &Api) -> Vec<(String, u8)> {
    let labels = |id| format!("alarm_type=\"NOSPACE\",server_id=\"{id:x}\"");
    api.alarms.all().into_keys().map(|id| (labels(id), 1)).collect()
}

/// A leader commits what a majority has; others hear of it.
fn committed(metrics: &RaftMetrics<u64, Member>) -> u64 {
    metrics.last_applied.map_or(0, |id| id.index)
}

fn lags(metrics: &RaftMetrics<u64, Member>) -> Vec<(String, u64)> {
    let last = metrics.last_log_index.unwrap_or(0);
    let membership = metrics.membership_config.membership();
    let lag = |(id, matched): (&u64, &Option<crate::raft::LogId>)| {
        let name = membership.get_node(id).map(|member| member.name.clone())?;
        Some((name, last.saturating_sub(matched.map_or(0, |id| id.index))))
    };
    metrics.replication.iter().flatten().filter_map(lag).collect()
}

fn storage(api: &Api, out: Exposition) -> Exposition {
    let Size { on_disk, in_use } = api.size();
    let tables = api.state.read().ok();
    let compacted = tables.as_ref().map_or(0, |tables| tables.compacted().max(0));
    let leases = tables.and_then(|tables| count_leases(&tables).ok()).unwrap_or(0);
    out.gauge("etcd_mvcc_db_total_size_in_bytes", "The size of the state on disk.", on_disk)
        .gauge(
            "etcd_mvcc_db_total_size_in_use_in_bytes",
            "What of the size on disk holds something; the rest is used again.",
            in_use,
        )
        .gauge(
            "etcd_debugging_mvcc_current_revision",
            "The newest revision.",
            api.state.now().revision,
        )
        .gauge(
            "etcd_debugging_mvcc_compact_revision",
            "The revision of the last compaction.",
            compacted,
        )
        .gauge("mesoform_quorum_leases", "The number of leases.", leases)
        .histogram(
            "etcd_disk_wal_fsync_duration_seconds",
            "How long writes of the log took, their flush to the disk included.",
            api.log.fsyncs(),
        )
        .histogram(
            "etcd_disk_backend_commit_duration_seconds",
            "How long commits of the state took.",
            api.state.commits(),
        )
}
