use super::run::{AdminWish, Scope, Wish, observer, until_interrupted};
use crate::cli::{OutputFormat, RestartArgs};
use crate::exit::Exit;
use crate::render::{self, seconds};
use mesoform_cluster::restart;
use serde_json::json;
use std::io::Write;

/// `mesoform restart SERVICE -i INV`.
pub async fn run(args: RestartArgs) -> anyhow::Result<Exit> {
    let observer = observer(args.output);
    let scope = Scope::of(&args.hosts, &*observer)?;
    let wish = Wish { check: false, diff: false, timeout: args.timeout, admin: AdminWish::MustExist };
    let mut run = scope.run(&args.hosts, observer.clone(), wish)?;
    let (exit, summary) = until_interrupted(&*observer, restart(&mut run, args.service)).await?;
    drop(run);
    drop(observer);
    let Some(summary) = summary else { return Ok(exit) };
    match args.output.output {
        OutputFormat::Json => render::json_line(&json!({
            "event": "summary", "service": args.service, "hosts": summary.hosts,
            "unreachable": summary.unreachable, "millis": summary.millis(),
        })),
        OutputFormat::Text => writeln!(
            std::io::stdout().lock(),
            "the {} runs on {} hosts again, after {}",
            args.service, summary.hosts - summary.unreachable.len(), seconds(summary.millis())
        )?,
    }
    Ok(if summary.unreachable.is_empty() { exit } else { Exit::Unreachable })
}
