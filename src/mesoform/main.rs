//! `mesoform`: from bare hosts to a running Mesos- and Marathon-compatible cluster.

mod cli;
mod commands;
mod exit;
mod lifeline;
mod log;
#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod memory;
mod render;

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(usage) => return exit::usage(&usage, cli::asks_for_json(std::env::args_os())),
    };
    let as_json = cli.wants_json();
    match commands::run(cli) {
        Ok(code) => code.into(),
        Err(error) => exit::error(&error, as_json),
    }
}
