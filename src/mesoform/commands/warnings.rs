use crate::render::{Style, harmless};
use mesoform_cluster::{Auth, ClusterSpec, EtcdSpec, Summary};
use mesoform_settings::Scheme;

const OPEN: &str = "warning: the HTTP APIs ask nobody who is calling (mesoform_auth=none): anyone who \
                    reaches them can run programs on the hosts";
const PLAIN: &str = "warning: the HTTP APIs do not encrypt (mesoform_http=plain): anyone who listens on \
                     the network reads passwords and what they protect";
const ROOT: &str = "warning: tasks run as root (mesoform_task_user=root): each of them can do everything \
                    on its host, and read the keys of the cluster";

const ETCD: &str = "warning: the etcd in the quorum's place is met without TLS or without a certificate \
                    (mesoform_quorum_insecure): anyone who reaches it can do with the cluster what they \
                    like";

/// What the operator has given up for the sake of something else, and should not forget.
pub fn of(spec: &ClusterSpec) -> Vec<&'static str> {
    let options = &spec.options;
    let given_up = [
        (options.auth == Auth::None, OPEN),
        (options.scheme == Scheme::Http, PLAIN),
        (options.task_user == "root", ROOT),
        (spec.etcd.as_ref().is_some_and(EtcdSpec::is_open), ETCD),
    ];
    given_up.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect()
}

/// What will be wrong if nobody sees to it, as it was seen when a run ended; a line each.
pub fn of_health(summary: &Summary, style: Style) -> String {
    let warnings = summary.health.iter().flat_map(|health| &health.warnings);
    let line = |words: String| format!("{}\n", style.bad(&format!("warning: {words}")));
    warnings.map(|warning| line(harmless(&warning.to_string()))).collect()
}
