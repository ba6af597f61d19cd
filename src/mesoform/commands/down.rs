use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use crate::cli::DownArgs;
use crate::exit::Exit;
use crate::render::{self, count, one_line, seconds};
use mesoform_cluster::{Removals, down};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

/// How long the services of one host may take to stop, in seconds.
const TIMEOUT: u64 = 120;

/// `mesoform down -i INV`.
pub async fn run(args: DownArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let cluster = scope.spec.name.clone();
    let wish = Wish { check: false, diff: false, timeout: TIMEOUT, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let agree = async |wanted| args.yes || agrees(&cluster, wanted).await;
    let summary = until_interrupted(down(&mut run, args.keep_data, agree)).await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "cluster": cluster, "hosts": summary.hosts, "changed": summary.changed,
        "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let text = format!(
        "{cluster} is down: {} on {} in {}; its CA and password stay here\n",
        count(summary.changed, "change"),
        count(summary.hosts.saturating_sub(summary.unreachable.len()), "host"),
        seconds(summary.millis())
    );
    conclude(args.output, &summary, &object, &text)
}

/// Asks on a thread of its own, so that Ctrl-C is heard meanwhile.
async fn agrees(cluster: &str, wanted: Removals) -> bool {
    let cluster = cluster.to_owned();
    tokio::task::spawn_blocking(move || ask(&cluster, &wanted)).await.unwrap_or(false)
}

/// Says what would be removed, and asks. Without a terminal nobody can answer, and the answer is no.
fn ask(cluster: &str, wanted: &Removals) -> bool {
    let changes = wanted.iter().flat_map(|(host, all)| all.iter().map(move |one| (host, one)));
    for (host, change) in changes {
        tell(&format!("{host}: {}\n", one_line(&change.to_string())));
    }
    if !std::io::stdin().is_terminal() {
        tell("standard input is no terminal to ask on; --yes answers beforehand\n");
        return false;
    }
    tell(&format!("This ends the cluster {cluster} and its tasks. Write its name to go on: "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim() == cluster
}

/// Standard error is not held while an answer is awaited: whoever interrupts wants to say so.
fn tell(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
