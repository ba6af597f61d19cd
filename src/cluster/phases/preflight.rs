use crate::preflight::{self, Wanted};
use crate::run::{HostRun, Run, Stop};
use crate::{Ports, Progress};
use std::path::PathBuf;

/// Checks every host before any is touched; all problems of all hosts are told.
pub(super) async fn check(run: &mut Run) -> Result<(), Stop> {
    let fingerprint = run.admin.authority.fingerprint();
    let state_dir: PathBuf = run.admin.dir.clone();
    let ports: Ports = run.spec.options.ports;
    let mut standing = 0;
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        let wanted = Wanted {
            cluster: &run.spec.name,
            ca_fingerprint: &fingerprint,
            state_dir: &state_dir,
            ports: &ports,
            binary_size: host.artifact.as_ref().map_or(0, |a| a.binary.size()),
            now_ms: host.looked_at.as_millisecond(),
        };
        let problems = problems(host, &wanted);
        standing += usize::from(!problems.is_empty());
        for message in problems {
            run.observer.on(Progress::Failure { host: host.spec.name.clone(), message });
        }
    }
    match standing {
        0 => Ok(()),
        count => Err(Stop::Refused(String::new()).of_hosts(count)),
    }
}

fn problems(host: &HostRun, wanted: &Wanted) -> Vec<String> {
    preflight::check(&host.spec, &host.facts, &host.observed, wanted)
        .iter()
        .map(ToString::to_string)
        .collect()
}
