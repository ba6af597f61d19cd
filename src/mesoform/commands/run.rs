//! What all commands over an inventory have in common.

use crate::cli::{InventoryOptions, OutputFormat, OutputOptions};
use crate::exit::{Early, Exit};
use crate::render;
use anyhow::{Context as _, bail};
use mesoform_cluster::{
    Admin, ClusterSpec, Observer, Progress, Run, RunOptions, Stop, Summary, key_mistakes, notes,
    resolve,
};
use mesoform_inventory::{ExtraVars, Inventory, Loaded};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The inventory that `-i` names.
pub fn inventory(source: Option<&str>, extra_vars: &[String]) -> anyhow::Result<Inventory> {
    Ok(load(source, extra_vars)?.map_err(|(errors, _)| errors)?)
}

/// The same; beside its mistakes what there is of it.
fn load(source: Option<&str>, extra_vars: &[String]) -> anyhow::Result<Loaded> {
    let Some(source) = source else {
        let which = "which hosts? name an inventory with -i (`mesoform up` alone needs none)";
        return Err(Early::Usage(which.into()).into());
    };
    let extra = ExtraVars::parse(extra_vars)?;
    Ok(Inventory::load_in_part(source, &extra))
}

/// The inventory, where nothing is wrong with it; else all that is, with what is wrong with the cluster.
fn whole(
    source: Option<&str>,
    extra_vars: &[String],
    observer: &dyn Observer,
) -> anyhow::Result<Inventory> {
    let inventory = load(source, extra_vars)?.map_err(|(errors, rest)| {
        // What is wrong with the rest is told as well.
        let mistakes = rest.and_then(|rest| resolve(&rest).err()).unwrap_or_default();
        mistakes.with(errors)
    })?;
    for notice in inventory.notices() {
        observer.on(Progress::Notice { message: notice.to_string() });
    }
    Ok(inventory)
}

/// The cluster that the inventory describes, for commands that touch no host.
///
/// # Errors
/// All that is wrong with the inventory, at once.
pub fn cluster(
    source: Option<&str>,
    extra_vars: &[String],
    observer: &dyn Observer,
) -> anyhow::Result<ClusterSpec> {
    let inventory = whole(source, extra_vars, observer)?;
    let spec = resolve(&inventory)?;
    for message in notes(&inventory, &spec) {
        observer.on(Progress::Notice { message });
    }
    Ok(spec)
}

/// The cluster that the inventory describes, and which of its hosts may be touched.
pub struct Scope {
    pub spec: ClusterSpec,
    limit: Option<BTreeSet<String>>,
}

impl Scope {
    /// # Errors
    /// All that is wrong with the inventory and the pattern, at once.
    pub fn of(options: &InventoryOptions, observer: &dyn Observer) -> anyhow::Result<Self> {
        let inventory = whole(options.inventory.as_deref(), &options.extra_vars, observer)?;
        let selected = options.limit.as_ref().map(|pattern| inventory.select(pattern)).transpose();
        let (spec, limit) = match (resolve(&inventory), selected) {
            (Ok(spec), Ok(limit)) => (spec, limit),
            (Err(mistakes), Err(errors)) => bail!("{mistakes}\n{errors}"),
            (Err(mistakes), Ok(_)) => return Err(mistakes.into()),
            (Ok(_), Err(errors)) => return Err(errors.into()),
        };
        for message in notes(&inventory, &spec) {
            observer.on(Progress::Notice { message });
        }
        let limit: Option<BTreeSet<String>> = limit.map(|hosts| hosts.into_iter().collect());
        let left = |name: &String| limit.as_ref().is_none_or(|limit| limit.contains(name));
        if !spec.hosts.iter().any(|host| left(&host.name)) {
            bail!(
                "--limit leaves no host of the cluster; `mesoform inventory --graph` shows them all"
            );
        }
        let mistakes = key_mistakes(&inventory, &spec, |host| left(&host.to_owned()));
        if !mistakes.0.is_empty() {
            return Err(mistakes.into());
        }
        Ok(Self { spec, limit })
    }

    /// A run over these hosts.
    ///
    /// # Errors
    /// The operator's folder of the cluster cannot be used, or is missing where it must be there.
    pub fn run(
        self,
        options: &InventoryOptions,
        observer: Arc<dyn Observer>,
        wish: Wish,
    ) -> anyhow::Result<Run> {
        let run = RunOptions {
            check: wish.check,
            diff: wish.diff,
            forks: options.forks.into(),
            limit: self.limit,
            deadline: Duration::from_secs(wish.timeout),
        };
        let admin = admin(&self.spec, wish.admin)?;
        let observer = match wish.admin {
            AdminWish::MayMiss => observer,
            AdminWish::Create | AdminWish::MustExist => recorded(&self.spec, observer)?,
        };
        Ok(Run::new(self.spec, admin, run, observer))
    }
}

/// What changes hosts is written down.
fn recorded(spec: &ClusterSpec, observer: Arc<dyn Observer>) -> anyhow::Result<Arc<dyn Observer>> {
    let dir = spec.state_dir.join("runs");
    let log = render::Recorded::begin(&dir, observer)
        .with_context(|| format!("the log of this run cannot be written to {}", dir.display()))?;
    Ok(Arc::new(log))
}

fn admin(spec: &ClusterSpec, wish: AdminWish) -> anyhow::Result<Admin> {
    let dir = &spec.state_dir;
    match wish {
        AdminWish::Create => Ok(Admin::open_or_create(dir, &spec.name)?),
        AdminWish::MustExist if !Admin::is_in(dir) => bail!(
            "{} is not there: this machine has never run `mesoform up` for the cluster {:?}; run it \
             here, or bring the folder from the machine that did",
            dir.display(),
            spec.name
        ),
        AdminWish::MayMiss | AdminWish::MustExist => Ok(Admin::look(dir, &spec.name)?),
    }
}

/// What a command needs of a run.
#[derive(Clone, Copy)]
pub struct Wish {
    pub check: bool,
    pub diff: bool,
    /// Seconds.
    pub timeout: u64,
    pub admin: AdminWish,
}

/// What a command does about this machine's folder of the cluster. Only `Create` writes to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AdminWish {
    Create,
    MayMiss,
    MustExist,
}

/// Waits for `work` or Ctrl-C, whichever comes first.
///
/// # Errors
/// What stopped the work; the exit code is made of it.
pub async fn until_interrupted<T>(
    run: &mut Run,
    work: impl AsyncFnOnce(&mut Run) -> Result<T, Stop>,
) -> anyhow::Result<T> {
    let interrupted = tokio::select! {
        result = work(run) => return Ok(result?),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    };
    interrupted.context("Ctrl-C cannot be waited for")?;
    Err(Early::Interrupted(run.undone()).into())
}

/// A run's last words, as asked for, and its exit code: hosts that it went on without count.
pub fn conclude(
    output: OutputOptions,
    summary: &Summary,
    json: &impl serde::Serialize,
    text: &str,
) -> anyhow::Result<Exit> {
    match output.output {
        OutputFormat::Json => render::json_line(json),
        OutputFormat::Text => render::say(text)?,
    }
    Ok(if summary.unreachable.is_empty() { Exit::Fine } else { Exit::Unreachable })
}
