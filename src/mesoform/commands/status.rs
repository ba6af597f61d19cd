use super::run::{AdminWish, Scope, Wish, observer};
use crate::cli::{OutputFormat, StatusArgs};
use crate::exit::Exit;
use crate::render::{self, Style, Table};
use mesoform_cluster::report::{HostReport, ServiceReport, View};
use mesoform_cluster::{Auth, ClusterSpec, Health, HostSpec, Reports, Service, status};
use serde_json::json;
use std::io::Write;

/// `mesoform status -i INV`.
pub async fn run(args: StatusArgs) -> anyhow::Result<Exit> {
    let observer = observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let spec = scope.spec.clone();
    let wish = Wish { check: false, diff: false, timeout: 60, admin: AdminWish::MayMiss };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let result = status(&mut run).await;
    drop(run);
    drop(observer);
    let (health, reports) = result?;
    match args.output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "status", "cluster": spec.name, "health": health, "hosts": hosts(&reports),
        })),
        OutputFormat::Text => tell(&spec, &health, &reports, Style::of(args.output.color))?,
    }
    let unreachable = reports.values().any(Result::is_err);
    Ok(match (unreachable, health.is_well()) {
        (true, _) => Exit::Unreachable,
        (false, true) => Exit::Fine,
        (false, false) => Exit::HostFailed,
    })
}

fn hosts(reports: &Reports) -> serde_json::Map<String, serde_json::Value> {
    let entry = |report: &Result<HostReport, String>| match report {
        Ok(report) => json!(report),
        Err(error) => json!({ "error": error }),
    };
    reports.iter().map(|(host, report)| (host.clone(), entry(report))).collect()
}

fn tell(spec: &ClusterSpec, health: &Health, reports: &Reports, style: Style) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut table = Table::new(&["HOST", "ARCH", "SERVICE", "STATE", "WHAT IT SAYS"]);
    for host in spec.hosts.iter().filter(|host| reports.contains_key(&host.name)) {
        rows(&mut table, host, &reports[&host.name]);
    }
    write!(out, "{table}")?;
    writeln!(out)?;
    writeln!(
        out,
        "quorum: {}   master: {}   scheduler: {}   agents: {} of {}",
        leader(health.quorum_leader.as_ref()),
        leader(health.leading_master.as_ref()),
        leader(health.leading_scheduler.as_ref()),
        health.agents_registered,
        health.agents_wanted
    )?;
    if spec.options.auth == Auth::None || spec.scheme_word() == "http" {
        writeln!(out, "{}", style.bad("warning: the HTTP APIs are open (mesoform_auth=none or mesoform_http=plain): anyone who reaches them can run programs on the hosts"))?;
    }
    if health.is_well() {
        writeln!(out, "{}", style.good("all is well"))?;
    }
    for ailment in &health.ailments {
        writeln!(out, "{} {ailment}", style.bad("wrong:"))?;
    }
    Ok(())
}

fn leader(host: Option<&String>) -> String {
    host.map_or_else(|| "nobody leads".into(), |host| format!("{host} leads"))
}

fn rows(table: &mut Table, host: &HostSpec, report: &Result<HostReport, String>) {
    match report {
        Err(_) => table.row(vec![host.name.clone(), "?".into(), "-".into(), "unknown".into()]),
        Ok(report) => {
            for service in &host.services {
                let arch = report.arch.clone();
                let found = report.services.get(service);
                table.row(vec![host.name.clone(), arch, service.to_string(), state(found), says(found)]);
            }
        }
    }
}

fn state(report: Option<&ServiceReport>) -> String {
    report.map_or_else(|| "missing".into(), |r| r.active.clone())
}

fn says(report: Option<&ServiceReport>) -> String {
    let Some(report) = report else { return String::new() };
    match (&report.error, &report.view) {
        (Some(error), _) => error.clone(),
        (None, Some(View::Quorum(view))) => format!(
            "term {}, revision {}, {} members, {} KiB",
            view.term, view.revision, view.members.len(), view.db_size / 1024
        ),
        _ => report.status.clone(),
    }
}
