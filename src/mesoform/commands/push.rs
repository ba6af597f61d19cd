use super::apply;
use super::run::{conclude, inventory, until_interrupted};
use crate::cli::PushArgs;
use crate::exit::{Early, Exit};
use crate::render::{self, count, seconds};
use anyhow::{Context as _, bail};
use mesoform_cluster::{Admin, Observer, Progress, Run, RunOptions, push, resolve_hosts};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// `mesoform push FILE -i INV`.
pub async fn run(args: PushArgs) -> anyhow::Result<Exit> {
    let document = apply::read(&args.document, args.how)?;
    let observer = render::observer(args.how.output);
    let mut run = over_hosts(&args, observer.clone())?;
    let summary = until_interrupted(&mut run, async |run| push(run, &document).await).await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "check": args.how.check, "changed": summary.changed,
        "hosts": summary.hosts, "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let changes = count(summary.changed, "change");
    let hosts = count(summary.hosts.saturating_sub(summary.unreachable.len()), "host");
    let text = match args.how.check {
        true => format!("{changes} would be made on {hosts}; nothing was changed\n"),
        false => format!("{changes} on {hosts} in {}\n", seconds(summary.millis())),
    };
    conclude(args.how.output, &summary, &object, &text)
}

/// A run over hosts that need be no part of a cluster.
fn over_hosts(args: &PushArgs, observer: Arc<dyn Observer>) -> anyhow::Result<Run> {
    if args.hosts.inventory.is_none() {
        let which = "which hosts? name an inventory with -i (`mesoform apply --cloud-config FILE` is for \
                     this one)";
        return Err(Early::Usage(which.into()).into());
    }
    let inventory = inventory(args.hosts.inventory.as_deref(), &args.hosts.extra_vars)?;
    for notice in inventory.notices() {
        observer.on(Progress::Notice { message: notice.to_string() });
    }
    let spec = resolve_hosts(&inventory)?;
    let limit = args.hosts.limit.as_ref().map(|pattern| inventory.select(pattern)).transpose()?;
    let limit: Option<BTreeSet<String>> = limit.map(|hosts| hosts.into_iter().collect());
    if spec.hosts.is_empty() || limit.as_ref().is_some_and(BTreeSet::is_empty) {
        bail!("no host is left; `mesoform inventory --graph` shows them all");
    }
    let admin = Admin::look(&spec.state_dir, &spec.name)?;
    let options = RunOptions {
        check: args.how.check,
        diff: args.how.diff,
        forks: args.hosts.forks.into(),
        limit,
        deadline: Duration::from_secs(120),
    };
    let observer = match args.how.check {
        true => observer,
        false => recorded(&spec.state_dir, observer)?,
    };
    Ok(Run::new(spec, admin, options, observer))
}

/// What changes hosts is written down.
fn recorded(
    state_dir: &std::path::Path,
    observer: Arc<dyn Observer>,
) -> anyhow::Result<Arc<dyn Observer>> {
    let dir = state_dir.join("runs");
    let log = render::Recorded::begin(&dir, observer)
        .with_context(|| format!("the log of this run cannot be written to {}", dir.display()))?;
    Ok(Arc::new(log))
}
