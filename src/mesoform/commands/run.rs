//! What all commands over an inventory have in common.

use crate::cli::{InventoryOptions, OutputOptions};
use crate::exit::Exit;
use crate::render;
use anyhow::{Context as _, anyhow, bail};
use mesoform_cluster::{
    Admin, ClusterSpec, Observer, Progress, Run, RunOptions, Stop, Summary, resolve,
};
use mesoform_inventory::{ExtraVars, Inventory};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The inventory that `-i` names.
pub fn inventory(options: &InventoryOptions) -> anyhow::Result<Inventory> {
    let Some(source) = &options.inventory else {
        bail!("which hosts? name an inventory with -i (`mesoform up` alone needs none)");
    };
    let extra = ExtraVars::parse(&options.extra_vars)?;
    Ok(Inventory::load(source, &extra)?)
}

/// The cluster that the inventory describes, and which of its hosts may be touched.
pub struct Scope {
    pub spec: ClusterSpec,
    pub limit: Option<BTreeSet<String>>,
}

impl Scope {
    pub fn of(options: &InventoryOptions, observer: &dyn Observer) -> anyhow::Result<Self> {
        let inventory = inventory(options)?;
        for notice in inventory.notices() {
            observer.on(Progress::Notice { message: notice.to_string() });
        }
        let spec = resolve(&inventory)?;
        let limit = match &options.limit {
            None => None,
            Some(pattern) => Some(inventory.select(pattern)?.into_iter().collect()),
        };
        Self { spec, limit }.with_hosts()
    }

    fn with_hosts(self) -> anyhow::Result<Self> {
        let left = |name: &str| self.limit.as_ref().is_none_or(|limit| limit.contains(name));
        if !self.spec.hosts.iter().any(|host| left(&host.name)) {
            bail!("--limit leaves no host of the cluster; `mesoform inventory --graph` shows them all");
        }
        Ok(self)
    }

    /// A run over these hosts. The operator's folder must be there unless `create` says to make it.
    pub fn run(
        self,
        options: &InventoryOptions,
        observer: Arc<dyn Observer>,
        wish: Wish,
    ) -> anyhow::Result<Run> {
        let dir = &self.spec.state_dir;
        let admin = match wish.admin {
            AdminWish::Create => Admin::open_or_create(dir, &self.spec.name)?,
            AdminWish::MayMiss if !dir.join("ca.crt").exists() => {
                Admin::in_memory(dir, &self.spec.name)?
            }
            AdminWish::MustExist if !dir.join("ca.crt").exists() => {
                return Err(anyhow!(
                    "{} is not there: this machine has never run `mesoform up` for the cluster {:?}; \
                     run it here, or bring the folder from the machine that did",
                    dir.display(),
                    self.spec.name
                ));
            }
            _ => Admin::open_or_create(dir, &self.spec.name)?,
        };
        let run = RunOptions {
            check: wish.check,
            diff: wish.diff,
            forks: options.forks.into(),
            limit: self.limit,
            deadline: Duration::from_secs(wish.timeout),
        };
        Ok(Run::new(self.spec, admin, run, observer))
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

/// What a command does where this machine has no folder for the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AdminWish {
    Create,
    MayMiss,
    MustExist,
}

/// Waits for `work` or Ctrl-C, whichever comes first, and turns the end into an exit code.
pub async fn until_interrupted(
    observer: &dyn Observer,
    work: impl Future<Output = Result<Summary, Stop>>,
) -> anyhow::Result<(Exit, Option<Summary>)> {
    tokio::select! {
        result = work => Ok(match result {
            Ok(summary) => (Exit::Fine, Some(summary)),
            Err(stop) => (told(observer, &stop), None),
        }),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("Ctrl-C cannot be waited for")?;
            observer.on(Progress::Notice {
                message: "interrupted; plans under way on the hosts go on to their end, nothing new \
                          is started; run the same command again to do what is left".into(),
            });
            Ok((Exit::Interrupted, None))
        }
    }
}

fn told(observer: &dyn Observer, stop: &Stop) -> Exit {
    observer.on(Progress::Failure { host: "mesoform".into(), message: stop.to_string() });
    match stop {
        Stop::Refused(_) => Exit::Refused,
        Stop::Failed(_) => Exit::HostFailed,
        Stop::Unreachable(_) => Exit::Unreachable,
    }
}

/// The observer that was asked for.
pub fn observer(output: OutputOptions) -> Arc<dyn Observer> {
    render::observer(output)
}
