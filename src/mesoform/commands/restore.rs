use super::consent::{Consent, asks};
use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use crate::cli::RestoreArgs;
use crate::exit::Exit;
use crate::render::{self, count, seconds};
use anyhow::Context as _;
use jiff::Timestamp;
use mesoform_cluster::{Restoration, restore};
use mesoform_quorum::{About, check_backup};
use serde_json::json;
use std::fs::File;

/// `mesoform restore -i INV FILE`.
pub async fn run(args: RestoreArgs) -> anyhow::Result<Exit> {
    let name = args.file.display();
    let mut file = File::open(&args.file).with_context(|| format!("{name} cannot be read"))?;
    let about = check_backup(&mut file).with_context(|| name.to_string())?;
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let cluster = scope.spec.name.clone();
    let wish = Wish { check: false, diff: false, timeout: args.timeout, admin: AdminWish::Create };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let agree =
        async |wanted: &Restoration| args.yes || asks(consent(&cluster, &about, wanted)).await;
    let summary = until_interrupted(&mut run, async |run| {
        restore(run, &args.file, args.overwrite, agree).await
    })
    .await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "cluster": cluster, "restored": about, "hosts": summary.hosts,
        "changed": summary.changed, "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let text = format!(
        "{cluster} runs on {} with the quorum of revision {}, after {}\n",
        count(summary.hosts.saturating_sub(summary.unreachable.len()), "host"),
        about.revision,
        seconds(summary.millis())
    );
    conclude(args.output, &summary, &object, &text)
}

fn consent(cluster: &str, about: &About, wanted: &Restoration) -> Consent {
    let made = i64::try_from(about.made).ok().and_then(|s| Timestamp::from_second(s).ok());
    let made = made.map_or_else(|| "at an unknown time".into(), |made| made.to_string());
    let mut lines = vec![format!(
        "the backup: the quorum of {} at revision {}, made {made}",
        about.cluster, about.revision
    )];
    for (host, revision) in &wanted.replaced {
        lines.push(format!("{host}: the voter's data (revision {revision}) are put aside"));
    }
    lines.push(format!("{}: its voter begins a new quorum, which the others join", wanted.host));
    lines.push("agents will obey the masters of the new quorum, and no others".into());
    lines.push("what was written after the backup is lost".into());
    Consent {
        lines,
        question: format!("Write the name of the cluster, {cluster}, to go on"),
        answer: cluster.to_owned(),
    }
}
