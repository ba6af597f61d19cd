//! `mesoform up` with no inventory: the whole cluster on this machine, in the foreground.

mod teller;
mod welcome;

use super::report;
use crate::cli::{OutputFormat, OutputOptions, UpArgs};
use crate::exit::{Early, Exit};
use crate::render::{self, Style};
use anyhow::{Context as _, anyhow, bail};
use mesoform_apply::apply_local;
use mesoform_cluster::{Admin, Alone, AloneUnit, Health, Reports, sign};
use mesoform_inventory::ExtraVars;
use mesoform_supervise::{Claim, Handle, SuperviseError, Supervisor, Unit};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// How long until the services are asked again whether all is well.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// How often it is looked whether certificates end soon.
const LOOK_AT_CERTIFICATES: Duration = Duration::from_secs(6 * 3600);

/// How long services may take to end after Ctrl-C.
const GRACE: Duration = Duration::from_secs(10);

pub async fn run(args: UpArgs) -> anyhow::Result<Exit> {
    if args.check || args.diff || args.hosts.limit.is_some() {
        let words =
            "--check, --diff and --limit are about the hosts of an inventory: name one with -i";
        bail!(Early::Usage(words.to_owned()));
    }
    let begin = Instant::now();
    let root = match args.data_dir.clone() {
        Some(dir) => std::path::absolute(dir)?,
        None => default_root()?,
    };
    let extra = ExtraVars::parse(&args.hosts.extra_vars)?;
    let alone = Alone::new(&root, &extra)?;
    make_private(&root)?;
    let claim = Claim::take(&root)?;
    ports_free(&alone)?;
    prepare(&alone)?;
    let executable = std::env::current_exe().context("where this program lies is not known")?;
    let units = alone.units(&executable).into_iter().map(unit).collect();
    supervise(&alone, claim, units, &args, begin).await
}

fn default_root() -> anyhow::Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
    let state = state.context(
        "there is no home folder to keep the cluster's data in; name one with --data-dir",
    )?;
    Ok(state.join("mesoform/local"))
}

/// Brings the folder to what the plan says.
fn prepare(alone: &Alone) -> anyhow::Result<()> {
    let admin = Admin::open_or_create(&alone.spec.state_dir, &alone.spec.name)?;
    let plan = alone.plan(&admin)?;
    let steps = plan.steps.clone();
    apply_local(&plan, &BTreeMap::new(), |request| sign(&admin.authority, &steps, request))?;
    Ok(())
}

/// Renews certificates before they end, as long as the cluster runs: its CA is here.
async fn renew(alone: &Alone) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(LOOK_AT_CERTIFICATES).await;
        let alone = alone.clone();
        match tokio::task::spawn_blocking(move || prepare(&alone)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => complain(&error),
            Err(error) => complain(&error.into()),
        }
    }
}

/// A terminal that is gone does not stop the cluster.
fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr().lock(), "certificates are not renewed: {error:#}");
}

/// The services' keys are in there: it is nobody else's business.
fn make_private(root: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root)
        .with_context(|| format!("{} cannot be made", root.display()))
}

/// All ports that are taken are told at once, before anything starts.
fn ports_free(alone: &Alone) -> anyhow::Result<()> {
    let taken: Vec<String> = alone
        .ports()
        .filter(|(port, _, _)| TcpListener::bind(("127.0.0.1", *port)).is_err())
        .map(|(port, service, variable)| {
            format!("port {port} of the {service} is in use; stop what uses it, or set another: -e mesoform_{variable}=PORT")
        })
        .collect();
    if taken.is_empty() { Ok(()) } else { bail!("{}", taken.join("\n")) }
}

fn unit(unit: AloneUnit) -> Unit {
    Unit { needs: unit.needs, ..Unit::new(unit.name, unit.command, unit.log) }
}

/// Where the cluster answers, and a first request to it.
fn welcome(alone: &Alone, output: OutputOptions, took: Duration) -> std::io::Result<()> {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match output.output {
        OutputFormat::Json => render::json_line(&welcome::object(alone, millis)),
        OutputFormat::Text => {
            render::say(&welcome::text(alone, millis, Style::of_stdout(output.color)))?;
        }
    }
    Ok(())
}

/// Waits until all services are ready, and the cluster takes apps: they have found each other.
async fn ready(alone: &Alone, handle: &Handle) -> Result<(), SuperviseError> {
    handle.ready().await?;
    let host = alone.spec.hosts.first().map(|host| host.name.clone()).unwrap_or_default();
    loop {
        let report = report::without_systemd(&alone.places.etc).await;
        if Health::of(&alone.spec, &Reports::from([(host.clone(), Ok(report))])).is_well() {
            return Ok(());
        }
        // What is awaited shows itself in no other way than by asking.
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn interrupted(how: &str) -> anyhow::Error {
    let words = format!("{how} before the cluster was ready; the next `mesoform up` goes on");
    Early::Interrupted(words).into()
}

/// Runs the units until Ctrl-C or SIGTERM.
async fn supervise(
    alone: &Alone,
    claim: Claim,
    units: Vec<Unit>,
    args: &UpArgs,
    begin: Instant,
) -> anyhow::Result<Exit> {
    let (sender, events) = mpsc::channel(256);
    let handle = Supervisor::start(claim, units, sender)?;
    let teller = tokio::spawn(teller::tell(events, args.output));
    let mut terminate = signal(SignalKind::terminate())?;
    let limit = Duration::from_secs(args.timeout);
    let outcome = tokio::select! {
        ready = tokio::time::timeout(limit, ready(alone, &handle)) => match ready {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(anyhow::Error::from(error)),
            Err(_) => Some(anyhow!("the services were not ready within {} s; their logs are in {}", args.timeout, alone.places.var.join("log").display())),
        },
        _ = tokio::signal::ctrl_c() => Some(interrupted("interrupted")),
        _ = terminate.recv() => Some(interrupted("stopped")),
    };
    if outcome.is_none() {
        welcome(alone, args.output, begin.elapsed())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            never = renew(alone) => match never {},
        }
    }
    handle.stop(GRACE).await?;
    drop(handle);
    let _ = teller.await;
    outcome.map_or(Ok(Exit::Fine), Err)
}
