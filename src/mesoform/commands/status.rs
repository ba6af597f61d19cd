mod last_run;
mod leaders;

use super::run::{AdminWish, Scope, Wish, until_interrupted};
use super::warnings;
use crate::cli::{OutputFormat, StatusArgs};
use crate::exit::Exit;
use crate::render::{self, Style, Table, count, harmless};
use mesoform_cluster::report::{
    EtcdMember, HostReport, QuorumView, ServiceReport, View, quorum_views,
};
use mesoform_cluster::{
    Ailment, ClusterSpec, Health, HostSpec, Reports, Service, Stop, etcd_members, status,
};
use serde_json::{Map, Value, json};

/// For each host's answer.
const TIMEOUT: u64 = 60;
/// From so many bytes on it is told how much of a voter's file is in use.
const TELL_IN_USE: i64 = 16 << 20;

/// `mesoform status -i INV`.
pub async fn run(args: StatusArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let spec = scope.spec.clone();
    let wish = Wish { check: false, diff: false, timeout: TIMEOUT, admin: AdminWish::MayMiss };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let (health, reports) = until_interrupted(&mut run, status).await?;
    drop(run);
    drop(observer);
    match args.output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "status", "cluster": spec.name, "health": health, "hosts": hosts(&reports),
            "warnings": warnings::of(&spec),
        })),
        OutputFormat::Text => {
            let style = Style::of_stdout(args.output.color);
            render::say(&table(&spec, &reports).text(render::width()))?;
            render::say(&words(&spec, &health, &reports, style))?;
        }
    }
    Ok(exit(&health, &reports))
}

fn exit(health: &Health, reports: &Reports) -> Exit {
    let unreachable = |report| matches!(report, &Err(Stop::Unreachable(_)));
    match (reports.values().any(unreachable), health.is_well()) {
        (true, _) => Exit::Unreachable,
        (false, true) => Exit::Fine,
        (false, false) => Exit::HostFailed,
    }
}

fn hosts(reports: &Reports) -> Map<String, Value> {
    let entry = |report: &Result<HostReport, Stop>| match report {
        Ok(report) => json!(report),
        Err(error) => json!({ "error": error.to_string() }),
    };
    reports.iter().map(|(host, report)| (host.clone(), entry(report))).collect()
}

/// Who leads, and what is wrong.
fn words(spec: &ClusterSpec, health: &Health, reports: &Reports, style: Style) -> String {
    let mut lines = vec![String::new()];
    if reports.values().any(Result::is_ok) {
        lines.push(leaders::line(spec, health, reports));
    }
    lines.extend(first_end(reports));
    lines.extend(warnings::of(spec).into_iter().map(|warning| style.bad(warning)));
    if health.is_well() {
        lines.push(style.good("all is well"));
    }
    let warning = |one: &Ailment| style.bad(&format!("warning: {}", harmless(&one.to_string())));
    lines.extend(health.warnings.iter().map(warning));
    let wrong = |ailment: String| format!("{} {}", style.bad("wrong:"), harmless(&ailment));
    lines.extend(health.told().into_iter().map(wrong));
    let outdated = |report: &HostReport| report.services.values().any(ServiceReport::is_elsewhere);
    if reports.values().flatten().any(outdated) {
        lines.extend(last_run::failures(&spec.state_dir.join("runs")).iter().map(|l| harmless(l)));
    }
    lines.extend(kept(health, reports));
    lines.join("\n") + "\n"
}

/// What voters had before a new quorum began: nobody but the operator knows whether he wants it back.
fn kept(health: &Health, reports: &Reports) -> Option<String> {
    let on = |(host, report): (&String, &Result<HostReport, Stop>)| {
        let kept = &report.as_ref().ok()?.kept;
        let paths: Vec<String> = kept.iter().map(|path| path.display().to_string()).collect();
        (!kept.is_empty()).then(|| format!("{host}: {}", paths.join(" ")))
    };
    let all: Vec<String> = reports.iter().filter_map(on).collect();
    if all.is_empty() {
        return None;
    }
    let advice = match health.is_well() {
        true => "all is well without them: remove them when nobody wants anything back",
        false => "keep them until all is well",
    };
    let all = harmless(&all.join("; "));
    Some(format!("data from before the present quorum are kept; {advice} ({all})"))
}

/// Which certificate of a service ends first; `--output json` has all.
fn first_end(reports: &Reports) -> Option<String> {
    let told = reports.iter().filter_map(|(host, report)| Some((host, report.as_ref().ok()?)));
    let all = told.flat_map(|(host, report)| report.certificates.iter().map(move |c| (host, c)));
    let services = all.filter(|(_, view)| Service::ALL.iter().any(|s| s.name() == view.role));
    let ends = services.filter_map(|(host, view)| Some((view.not_after?, host, &view.role)));
    let (end, host, role) = ends.min()?;
    let day = end.strftime("%Y-%m-%d");
    Some(format!("certificates: all last until {day} (the {role} of {host})"))
}

fn table(spec: &ClusterSpec, reports: &Reports) -> Table {
    let mut table = Table::new(&["HOST", "ARCH", "SERVICE", "STATE", "WHAT IT SAYS"]);
    let end = log_end(reports);
    for member in etcd_members(spec, reports) {
        table.row(etcd_row(member));
    }
    for host in &spec.hosts {
        if let Some(report) = reports.get(&host.name) {
            rows(&mut table, spec, host, report, end);
        }
    }
    table
}

/// Up to where the leading voter has the log.
fn log_end(reports: &Reports) -> Option<u64> {
    let leads = |view: &&QuorumView| view.leader_id != 0 && view.leader_id == view.member_id;
    let views = quorum_views(reports).map(|(_, view)| view);
    views.filter(leads).map(|view| view.raft_index).max()
}

fn rows(
    table: &mut Table,
    spec: &ClusterSpec,
    host: &HostSpec,
    report: &Result<HostReport, Stop>,
    log_end: Option<u64>,
) {
    match report {
        Err(_) => table.row(vec![host.name.clone(), "?".into(), "-".into(), "unknown".into()]),
        Ok(report) => {
            for service in &host.services {
                let arch = report.arch.clone();
                let found = report.services.get(service);
                table.row(vec![
                    host.name.clone(),
                    arch,
                    service.to_string(),
                    state(found),
                    by_names(spec, &says(found, log_end)),
                ]);
            }
        }
    }
}

/// A member of an etcd that is not mesoform's: it runs on none of the cluster's hosts as far as is known.
fn etcd_row(member: &EtcdMember) -> Vec<String> {
    let state = if member.error.is_none() { "answers" } else { "silent" };
    let says = match (&member.error, member.leader_id) {
        (Some(error), _) => error.clone(),
        (None, _) if member.leads() => format!("leads, {}", etcd_says(member)),
        (None, 0) => format!("no leader, {}", etcd_says(member)),
        (None, _) if member.learner => format!("learns, {}", etcd_says(member)),
        (None, _) => format!("follows, {}", etcd_says(member)),
    };
    vec![member.endpoint.clone(), "-".into(), "etcd".into(), state.into(), says]
}

fn etcd_says(member: &EtcdMember) -> String {
    format!(
        "term {}, revision {}, etcd {}, {} KiB",
        member.term,
        member.revision,
        harmless(&member.version),
        member.db_size / 1024
    )
}

fn state(report: Option<&ServiceReport>) -> String {
    report.map_or_else(|| "missing".into(), |r| r.active.clone())
}

fn says(report: Option<&ServiceReport>, log_end: Option<u64>) -> String {
    let Some(report) = report else { return String::new() };
    match (&report.error, &report.view) {
        // What it said last no longer holds.
        _ if report.active == "inactive" => String::new(),
        _ if !report.is_up() => report.status.clone(),
        (Some(error), _) => error.clone(),
        (None, Some(View::Quorum(view))) => voter_says(view, log_end),
        _ => report.status.clone(),
    }
}

/// What it is to the quorum, how far it has come, and how far it is behind.
fn voter_says(view: &QuorumView, log_end: Option<u64>) -> String {
    let part = match view.leader_id {
        0 => "no leader",
        id if id == view.member_id => "leads",
        _ if view.learner => "learns",
        _ => "follows",
    };
    let behind = log_end.map_or(0, |end| end.saturating_sub(view.applied));
    let lag = if behind == 0 { String::new() } else { format!(", {behind} behind") };
    format!(
        "{part}, term {}, revision {}{lag}, {}, {}{}",
        view.term,
        view.revision,
        count(view.members.len(), "member"),
        size(view),
        level(view)
    )
}

/// What the data take on disk; where that is much, also how much of it holds something: the rest is what
/// a defragmentation gives back.
fn size(view: &QuorumView) -> String {
    let kib = |bytes: i64| format!("{} KiB", bytes / 1024);
    match (view.db_size_in_use, view.db_size) {
        (in_use, size) if in_use > 0 && size >= TELL_IN_USE => {
            format!("{} ({} in use)", kib(size), kib(in_use))
        }
        (_, size) => kib(size),
    }
}

/// Where the voter knows a later level than the quorum is at: another voter does not know it yet.
fn level(view: &QuorumView) -> String {
    match view.level {
        0 => String::new(),
        level if level == view.newest_level => String::new(),
        level => format!(", level {level} (knows {})", view.newest_level),
    }
}

/// With the hosts' names in place of their addresses: services know each other by the latter.
fn by_names(spec: &ClusterSpec, text: &str) -> String {
    let named = |word: &str| {
        let plain = word.trim_matches([',', ';', '(', ')']);
        let host = spec.hosts.iter().find(|host| is_at(host, plain));
        host.map_or_else(|| word.to_owned(), |host| word.replace(plain, &host.name))
    };
    text.split(' ').map(named).collect::<Vec<_>>().join(" ")
}

/// Whether `place` is the host's address, with or without a port.
fn is_at(host: &HostSpec, place: &str) -> bool {
    let port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let of_port = |(address, number): (&str, &str)| {
        port(number) && address.trim_matches(['[', ']']) == host.address
    };
    place == host.address || place.rsplit_once(':').is_some_and(of_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_cluster::resolve;
    use mesoform_inventory::{ExtraVars, Inventory};
    use std::path::Path;

    #[test]
    fn data_from_before_are_told_with_when_they_may_go() {
        let path = "/var/lib/mesoform/quorum/.replaced-1".into();
        let report = HostReport { kept: vec![path], ..HostReport::default() };
        let reports = Reports::from([
            ("h1".to_owned(), Ok(report)),
            ("h2".to_owned(), Ok(HostReport::default())),
        ]);
        insta::assert_snapshot!(kept(&Health::default(), &reports).unwrap(), @"data from before the present quorum are kept; all is well without them: remove them when nobody wants anything back (h1: /var/lib/mesoform/quorum/.replaced-1)");
        assert_eq!(kept(&Health::default(), &Reports::new()), None);
    }

    #[test]
    fn a_level_is_told_where_a_voter_knows_a_later_one() {
        let says = |level, newest_level| {
            voter_says(&QuorumView { level, newest_level, ..QuorumView::default() }, None)
        };
        let later = "no leader, term 0, revision 0, 0 members, 0 KiB, level 1 (knows 2)";
        assert_eq!(says(1, 2), later);
        // All know it; or it is of a version that does not say.
        assert_eq!([says(2, 2), says(0, 0)].map(|says| says.ends_with("KiB")), [true, true]);
    }

    #[test]
    fn what_a_defragmentation_would_give_back_is_told_where_it_is_worth_it() {
        let says = |db_size, db_size_in_use| {
            size(&QuorumView { db_size, db_size_in_use, ..QuorumView::default() })
        };
        assert_eq!(says(40 << 20, 2048), "40960 KiB (2 KiB in use)");
        assert_eq!(says(40 << 20, 0), "40960 KiB");
        assert_eq!(says(80 << 10, 2048), "80 KiB");
    }

    #[test]
    fn hosts_are_told_by_their_names() {
        let text =
            "[masters]\nm1 ansible_host=10.0.0.1\n[agents]\na1 ansible_host=fd00::1\n10.0.0.11\n";
        let inventory = Inventory::parse(text, Path::new("h.ini"), &ExtraVars::default()).unwrap();
        let spec = resolve(&inventory).unwrap();
        for (said, shown) in [
            ("registered with 10.0.0.1:5055", "registered with m1"),
            ("standing by; 10.0.0.1:8080 leads", "standing by; m1 leads"),
            ("waits for (10.0.0.1, [fd00::1]:5055)", "waits for (m1, a1)"),
            ("10.0.0.11:5055 and 10.0.0.12", "10.0.0.11 and 10.0.0.12"),
            ("nothing: at all", "nothing: at all"),
        ] {
            assert_eq!(by_names(&spec, said), shown);
        }
    }
}
