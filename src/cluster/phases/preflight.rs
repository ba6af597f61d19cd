use super::etcd;
use crate::Places;
use crate::preflight::{self, Problem, Wanted};
use crate::run::{HostRun, Run, Stop};

/// Checks every host before any is touched; all problems of all hosts are told.
pub(super) async fn check(run: &mut Run) -> Result<(), Stop> {
    name_listeners(run).await;
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
            listeners: &host.listeners,
        };
        for problem in problems(host, &wanted) {
            host.fail(Stop::Refused(problem.to_string()), &*run.observer);
        }
    }
    run.all_hosts_fine_but_unreachable()
}

/// Prints `port pid unit command` for each port that is asked for and held.
const LISTENERS: &str = r#"PATH=$PATH:/usr/sbin:/sbin
for port in $ports; do
  pid=$(ss -ltnpH "sport = :$port" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1)
  [ -n "$pid" ] || continue
  unit=$(sed -n 's|.*/\([^/]*\.service\).*|\1|p' "/proc/$pid/cgroup" | head -n 1)
  echo "$port $pid ${unit:--} $(cat "/proc/$pid/comm")"
done 2>/dev/null
"#;

/// Has hosts with ports that are taken say by whom. Where they cannot, the port is told without.
async fn name_listeners(run: &mut Run) {
    let ports = run.spec.options.ports;
    run.each(move |host| {
        Box::pin(async move {
            let taken = preflight::taken(&host.spec, &host.facts, &host.observed, &ports);
            let taken: Vec<String> = taken.map(|(port, ..)| port.to_string()).collect();
            if taken.is_empty() {
                return Ok(());
            }
            let script = format!("ports='{}'\n{LISTENERS}", taken.join(" "));
            let asked = host.connection()?.exec_as_root("sh -s", script.as_bytes()).await;
            let said = asked.map(|output| output.text()).unwrap_or_default();
            host.listeners = said.lines().filter_map(listener).collect();
            Ok(())
        })
    })
    .await;
}

/// `5050 123 taken.service busybox`.
fn listener(line: &str) -> Option<(u16, String)> {
    let mut words = line.splitn(4, ' ');
    let (port, pid, unit, command) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let unit = if unit == "-" { String::new() } else { format!(", {unit}") };
    Some((port.parse().ok()?, format!("{command} (pid {pid}{unit})")))
}

/// The size of the binary where the host does not have it.
fn carried(host: &HostRun) -> u64 {
    let Some(artifact) = &host.artifact else { return 0 };
    let there = Places::system().version(artifact.binary.sha256());
    if host.observed.paths.contains_key(&there) { 0 } else { artifact.binary.size() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_port_is_named() {
        let named = |line| listener(line).map(|(port, who)| format!("{port} {who}"));
        assert_eq!(named("5050 12 - my httpd").as_deref(), Some("5050 my httpd (pid 12)"));
        let unit = named("80 1 web.service nginx");
        assert_eq!(unit.as_deref(), Some("80 nginx (pid 1, web.service)"));
        assert_eq!(named("odd"), None);
    }
}
