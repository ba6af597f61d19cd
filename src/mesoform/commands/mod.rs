//! One file per command.

mod alone;
mod apply;
mod backup;
mod certificates;
mod completions;
mod consent;
mod down;
mod executor;
mod inventory;
mod join;
mod push;
mod render;
mod report;
mod restart;
mod restore;
mod run;
mod serve;
mod service;
mod status;
mod up;
mod voter;
mod warnings;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use anyhow::Context as _;

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        Command::Up(args) if args.hosts.inventory.is_none() => asynchronous(alone::run(args)),
        Command::Up(args) => asynchronous(up::run(args)),
        Command::Status(args) => asynchronous(status::run(args)),
        Command::Restart(args) => asynchronous(restart::run(args)),
        Command::Down(args) => asynchronous(down::run(args)),
        Command::Render(args) => asynchronous(render::run(args)),
        Command::Serve(args) => asynchronous(serve::run(args)),
        Command::Push(args) => asynchronous(push::run(args)),
        Command::Inventory(args) => inventory::run(&args),
        Command::Completions { shell } => completions::shell(shell),
        Command::Man => completions::man(),
        Command::Quorum(args) => asynchronous(service::quorum(args)),
        Command::Master(args) => asynchronous(service::master(args)),
        Command::Scheduler(args) => asynchronous(service::scheduler(args)),
        Command::Agent(args) => asynchronous(service::agent(args)),
        Command::Executor { dir } => executor::run(&dir),
        Command::Apply(args) => apply::run(args),
        Command::Backup(args) => asynchronous(backup::run(args)),
        Command::Restore(args) => asynchronous(restore::run(args)),
        Command::Voter(args) => asynchronous(voter::run(args)),
        Command::Join => asynchronous(join::run()),
        Command::Certificates(args) => asynchronous(certificates::run(args)),
        Command::Report(args) => asynchronous(report::run(args)),
    }
}

fn asynchronous(work: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?;
    let result = runtime.block_on(work);
    // What still runs in the background (name look-ups, say) must not hold the exit up.
    runtime.shutdown_background();
    result
}
