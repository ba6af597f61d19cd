use super::consent::{Consent, asks};
use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use super::warnings;
use crate::cli::RestoreArgs;
use crate::exit::Exit;
use crate::render::{self, Style, count, seconds};
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use mesoform_cluster::{Allowed, Restoration, restore};
use mesoform_quorum::{About, check_backup};
use serde_json::json;
use std::fs::File;
use std::path::Path;

/// `mesoform restore -i INV FILE`.
pub async fn run(args: RestoreArgs) -> anyhow::Result<Exit> {
    let about = checked(&args.file)?;
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let cluster = scope.spec.name.clone();
    is_meant(&args, &about, &cluster)?;
    let wish = Wish { check: false, diff: false, timeout: args.timeout, admin: AdminWish::Create };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let agree =
        async |wanted: &Restoration| args.yes || asks(consent(&cluster, &about, wanted)).await;
    let without = args.without.iter().cloned().collect();
    let allowed = Allowed { overwrite: args.overwrite, without };
    let summary =
        until_interrupted(&mut run, async |run| restore(run, &args.file, &allowed, agree).await)
            .await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "cluster": cluster, "restored": about, "hosts": summary.hosts,
        "changed": summary.changed, "unreachable": summary.unreachable, "millis": summary.millis(),
        "health": summary.health,
    });
    let text = format!(
        "the cluster {cluster:?} runs on {} with the quorum of revision {}, after {}\n",
        count(summary.hosts.saturating_sub(summary.unreachable.len()), "host"),
        about.revision,
        seconds(summary.millis())
    );
    let text = text + &warnings::of_health(&summary, Style::of_stdout(args.output.color));
    conclude(args.output, &summary, &object, &text)
}

fn checked(path: &Path) -> anyhow::Result<About> {
    let name = path.display();
    let mut file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
    // A folder can be opened too; and a pipe cannot be read twice.
    let kind = file.metadata().with_context(|| format!("{name} cannot be read"))?.file_type();
    if !kind.is_file() {
        let what = if kind.is_dir() { "a directory" } else { "no regular file" };
        bail!("{name} is {what}; name the file that `mesoform backup` has written");
    }
    check_backup(&mut file).with_context(|| name.to_string())
}

/// Whether this is the backup of the cluster that is restored, or of one that was asked for by name:
/// `--yes` does not say that somebody looked.
fn is_meant(args: &RestoreArgs, about: &About, cluster: &str) -> anyhow::Result<()> {
    let (file, of) = (args.file.display(), &about.cluster);
    match &args.from_cluster {
        Some(named) if named != of => {
            bail!(
                "{file} is a backup of the cluster `{of}`, not of `{named}`, as --from-cluster says"
            )
        }
        None if of != cluster => bail!(
            "{file} is a backup of the cluster `{of}`, and the inventory describes `{cluster}`; where \
             that is meant, say --from-cluster {of}"
        ),
        _ => Ok(()),
    }
}

fn consent(cluster: &str, about: &About, wanted: &Restoration) -> Consent {
    let made = i64::try_from(about.made).ok().and_then(|s| Timestamp::from_second(s).ok());
    let made = made.map_or_else(|| "at an unknown time".into(), |made| made.to_string());
    let mut lines = vec![format!(
        "the backup: the quorum of the cluster {:?} at revision {}, made {made}",
        about.cluster, about.revision
    )];
    if about.cluster != cluster {
        lines.push(format!("warning: it is of another cluster than {cluster:?}"));
    }
    for (host, holding) in &wanted.replaced {
        lines.push(format!("{host}: what its voter has is put aside: {holding}"));
    }
    for silent in &wanted.silent {
        lines.push(format!(
            "{silent}: does not answer, and what its voter has is not known; `mesoform up` has it join \
             when it is back; until then it may be part of the old quorum"
        ));
    }
    lines.push(format!("{}: its voter begins a new quorum, which the others join", wanted.host));
    lines.push("agents will obey the masters of the new quorum, and no others".into());
    lines.push(
        "what was written after the backup is lost; tasks that it does not know are killed".into(),
    );
    Consent {
        lines,
        question: format!(
            "Write the name of the cluster, {cluster:?} (without the quotes), to go on"
        ),
        answer: cluster.to_owned(),
    }
}
