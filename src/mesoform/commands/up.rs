use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use super::warnings;
use crate::cli::UpArgs;
use crate::exit::Exit;
use crate::render::{self, Style, count, seconds};
use mesoform_cluster::{ClusterSpec, Service, Summary, up};
use serde::Serialize;

/// `mesoform up -i INV`.
pub async fn run(args: UpArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let spec = scope.spec.clone();
    let admin = if args.check { AdminWish::MayMiss } else { AdminWish::Create };
    let wish = Wish { check: args.check, diff: args.diff, timeout: args.timeout, admin };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?.with_prune(args.prune);
    let summary = until_interrupted(&mut run, up).await?;
    drop(run);
    drop(observer);
    let object = Last::of(&spec, &summary, args.check);
    let style = Style::of_stdout(args.output.color);
    let mut text = if args.check { would(&summary) } else { is_up(&spec, &summary, style) };
    for warning in warnings::of(&spec) {
        text.push_str(&format!("{}\n", style.bad(warning)));
    }
    text.push_str(&warnings::of_health(&summary, style));
    conclude(args.output, &summary, &object, &text)
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
    warnings: Vec<&'static str>,
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
            warnings: warnings::of(spec),
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
            quorum: match &spec.etcd {
                Some(etcd) => etcd.urls(),
                None => urls(Service::Quorum, "https", ports.quorum_client),
            },
            masters: urls(Service::Master, scheme, ports.master),
            schedulers: urls(Service::Scheduler, scheme, ports.scheduler),
        }
    }
}

fn would(summary: &Summary) -> String {
    format!(
        "{} would be made on {}; nothing was changed\n",
        count(summary.changed, "change"),
        count(summary.hosts, "host")
    )
}

fn is_up(spec: &ClusterSpec, summary: &Summary, style: Style) -> String {
    let endpoints = Endpoints::of(spec);
    format!(
        "{}: {} on {} in {}\n  \
         apps (Marathon)   {}\n  \
         masters (Mesos)   {}\n  \
         quorum (etcd v3)  {}\n  \
         CA and password   {}\n",
        style.good(&format!("the cluster {:?} is up", spec.name)),
        count(summary.changed, "change"),
        count(summary.hosts, "host"),
        seconds(summary.millis()),
        endpoints.schedulers.join("  "),
        endpoints.masters.join("  "),
        endpoints.quorum.join("  "),
        spec.state_dir.display()
    )
}
