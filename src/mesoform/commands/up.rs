use super::run::{AdminWish, Scope, Wish, observer, until_interrupted};
use crate::cli::{OutputFormat, UpArgs};
use crate::exit::Exit;
use crate::render::{self, Style, seconds};
use mesoform_cluster::{ClusterSpec, Service, Summary, up};
use serde::Serialize;
use std::io::Write;

/// `mesoform up -i INV`.
pub async fn run(args: UpArgs) -> anyhow::Result<Exit> {
    let observer = observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let spec = scope.spec.clone();
    let admin = if args.check { AdminWish::MayMiss } else { AdminWish::Create };
    let wish = Wish { check: args.check, diff: args.diff, timeout: args.timeout, admin };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let (exit, summary) = until_interrupted(&*observer, up(&mut run)).await?;
    drop(run);
    drop(observer);
    let Some(summary) = summary else { return Ok(exit) };
    match args.output.output {
        OutputFormat::Json => render::json_line(&Last::of(&spec, &summary, args.check)),
        OutputFormat::Text => last_words(&spec, &summary, &args)?,
    }
    Ok(if summary.unreachable.is_empty() { exit } else { Exit::Unreachable })
}

/// The last object of `--output json`.
#[derive(Serialize)]
struct Last<'a> {
    event: &'static str,
    cluster: &'a str,
    check: bool,
    changed: usize,
    hosts: usize,
    unreachable: &'a [String],
    millis: u64,
    endpoints: Endpoints,
    state_dir: String,
    health: &'a Option<mesoform_cluster::Health>,
}

#[derive(Serialize)]
struct Endpoints {
    quorum: Vec<String>,
    masters: Vec<String>,
    schedulers: Vec<String>,
}

impl<'a> Last<'a> {
    fn of(spec: &'a ClusterSpec, summary: &'a Summary, check: bool) -> Self {
        Self {
            event: "summary",
            cluster: &spec.name,
            check,
            changed: summary.changed,
            hosts: summary.hosts,
            unreachable: &summary.unreachable,
            millis: summary.millis(),
            endpoints: Endpoints::of(spec),
            state_dir: spec.state_dir.display().to_string(),
            health: &summary.health,
        }
    }
}

impl Endpoints {
    fn of(spec: &ClusterSpec) -> Self {
        let scheme = spec.scheme_word();
        let ports = spec.options.ports;
        let urls = |service, scheme: &str, port| {
            spec.with(service).map(|h| format!("{scheme}://{}", h.at(port))).collect()
        };
        Self {
            quorum: urls(Service::Quorum, "https", ports.quorum_client),
            masters: urls(Service::Master, scheme, ports.master),
            schedulers: urls(Service::Scheduler, scheme, ports.scheduler),
        }
    }
}

fn last_words(spec: &ClusterSpec, summary: &Summary, args: &UpArgs) -> anyhow::Result<()> {
    let style = Style::of(args.output.color);
    let mut out = std::io::stdout().lock();
    let hosts = summary.hosts;
    if args.check {
        writeln!(out, "{} changes would be made on {hosts} hosts; nothing was changed", summary.changed)?;
        return Ok(());
    }
    let words = format!("{} is up", spec.name);
    writeln!(
        out,
        "{}: {} changes on {hosts} hosts in {}",
        style.good(&words), summary.changed, seconds(summary.millis())
    )?;
    let endpoints = Endpoints::of(spec);
    writeln!(out, "  apps (Marathon)   {}", endpoints.schedulers.join("  "))?;
    writeln!(out, "  masters (Mesos)   {}", endpoints.masters.join("  "))?;
    writeln!(out, "  quorum (etcd v3)  {}", endpoints.quorum.join("  "))?;
    writeln!(out, "  CA and password   {}", spec.state_dir.display())?;
    Ok(())
}
