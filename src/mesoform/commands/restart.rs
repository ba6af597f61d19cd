use super::run::{AdminWish, Scope, Wish, conclude, until_interrupted};
use crate::cli::RestartArgs;
use crate::exit::Exit;
use crate::render::{self, count, seconds};
use mesoform_cluster::restart;
use serde_json::json;

/// `mesoform restart SERVICE -i INV`.
pub async fn run(args: RestartArgs) -> anyhow::Result<Exit> {
    let observer = render::observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let wish =
        Wish { check: false, diff: false, timeout: args.timeout, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let summary = until_interrupted(restart(&mut run, args.service)).await?;
    drop(run);
    drop(observer);
    let object = json!({
        "event": "summary", "service": args.service, "hosts": summary.hosts,
        "unreachable": summary.unreachable, "millis": summary.millis(),
    });
    let text = format!(
        "the {} runs on {} again, after {}\n",
        args.service,
        count(summary.hosts.saturating_sub(summary.unreachable.len()), "host"),
        seconds(summary.millis())
    );
    conclude(args.output, &summary, &object, &text)
}
