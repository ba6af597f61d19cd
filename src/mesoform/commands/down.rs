use super::run::{AdminWish, Scope, Wish, observer, until_interrupted};
use crate::cli::{DownArgs, OutputFormat};
use crate::exit::Exit;
use crate::render::{self, seconds};
use mesoform_cluster::down;
use mesoform_plan::Change;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

/// `mesoform down -i INV`.
pub async fn run(args: DownArgs) -> anyhow::Result<Exit> {
    let observer = observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let cluster = scope.spec.name.clone();
    let wish = Wish { check: false, diff: false, timeout: 120, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let yes = args.yes;
    let agree = |wanted: &[(String, Vec<Change>)]| yes || agrees(&cluster, wanted);
    let (exit, summary) =
        until_interrupted(&*observer, down(&mut run, args.keep_data, agree)).await?;
    drop(run);
    drop(observer);
    let Some(summary) = summary else { return Ok(exit) };
    match args.output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "summary", "cluster": cluster, "hosts": summary.hosts,
            "changed": summary.changed, "unreachable": summary.unreachable, "millis": summary.millis(),
        })),
        OutputFormat::Text => writeln!(
            std::io::stdout().lock(),
            "{cluster} is down: {} changes on {} hosts in {}; its CA and password stay here",
            summary.changed, summary.hosts, seconds(summary.millis())
        )?,
    }
    Ok(if summary.unreachable.is_empty() { exit } else { Exit::Unreachable })
}

/// Says what would be removed, and asks. Without a terminal nobody can answer, and the answer is no.
fn agrees(cluster: &str, wanted: &[(String, Vec<Change>)]) -> bool {
    let mut err = std::io::stderr().lock();
    for (host, changes) in wanted {
        for change in changes {
            let _ = writeln!(err, "{host}: {change}");
        }
    }
    if !std::io::stdin().is_terminal() {
        let _ = writeln!(err, "standard input is no terminal to ask on; --yes answers beforehand");
        return false;
    }
    let _ = write!(err, "This ends the cluster {cluster} and its tasks. Write its name to go on: ");
    let _ = err.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim() == cluster
}
