use super::etcd;
use crate::Places;
use crate::preflight::{self, Problem, Wanted};
use crate::run::{HostRun, Run, Stop};

/// Checks every host before any is touched; all problems of all hosts are told.
pub(super) async fn check(run: &mut Run) -> Result<(), Stop> {
    let spec = run.spec.clone();
    refuse(run, |host, wanted| {
        let mut problems = preflight::check(&host.spec, &host.facts, &host.observed, wanted);
        // Of a host of another cluster that alone is to be said.
        if preflight::other_cluster(&host.facts, wanted).is_none() {
            problems.extend(etcd::moved(&spec, host));
        }
        problems
    })
}

/// Refuses hosts of another cluster, whatever else they are: theirs is not ours to touch.
pub(super) async fn ours(run: &mut Run) -> Result<(), Stop> {
    refuse(run, |host, wanted| preflight::other_cluster(&host.facts, wanted).into_iter().collect())
}

fn refuse(run: &mut Run, problems: impl Fn(&HostRun, &Wanted) -> Vec<Problem>) -> Result<(), Stop> {
    let fingerprint = run.admin.fingerprint();
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        let wanted = Wanted {
            cluster: &run.spec.name,
            ca_fingerprint: &fingerprint,
            state_dir: &run.admin.dir,
            ports: &run.spec.options.ports,
            task_user: &run.spec.options.task_user,
            carried: carried(host),
            now_ms: host.looked_at.as_millisecond(),
        };
        for problem in problems(host, &wanted) {
            host.fail(Stop::Refused(problem.to_string()), &*run.observer);
        }
    }
    run.all_hosts_fine_but_unreachable()
}

/// The size of the binary where the host does not have it.
fn carried(host: &HostRun) -> u64 {
    let Some(artifact) = &host.artifact else { return 0 };
    let there = Places::system().version(artifact.binary.sha256());
    if host.observed.paths.contains_key(&there) { 0 } else { artifact.binary.size() }
}
