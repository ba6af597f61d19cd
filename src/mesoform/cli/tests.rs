use super::*;
use clap::CommandFactory;

fn of(args: &[&str]) -> Result<Cli, clap::Error> {
    parse(args.iter().map(OsString::from))
}

#[test]
fn the_definition_holds() {
    Cli::command().debug_assert();
}

#[test]
fn a_link_names_the_service() {
    let cli = of(&["/opt/mesoform/bin/mesoform-quorum", "--config", "q.yml"]).unwrap();
    assert!(matches!(cli.command, Command::Quorum(_)));
}

#[test]
fn services_go_by_their_old_names() {
    let cli = of(&["mesoform", "restart", "zookeeper-equivalent", "-i", "h"]).unwrap();
    let Command::Restart(args) = cli.command else { panic!("{cli:?}") };
    assert_eq!(args.service, mesoform_cluster::Service::Quorum);
    assert!(of(&["mesoform", "restart", "chronos"]).is_err());
}

/// Every call of `mesoform` in a document: after a prompt, or in backquotes.
fn calls(document: &str) -> Vec<String> {
    let prompts = document.lines().filter_map(|line| line.trim().strip_prefix("$ "));
    let quoted = document.split('`').skip(1).step_by(2);
    let call = |text: &str| {
        let text = text.split(" #").next().unwrap_or(text).trim();
        let words = text.strip_prefix("mesoform ").or(text.strip_prefix("cargo run --release -- "));
        words.map(|words| format!("mesoform {}", words.replace('\'', "")))
    };
    prompts.chain(quoted).filter_map(call).collect()
}

#[test]
fn what_the_documents_tell_to_call_can_be_called() {
    let readme = calls(include_str!("../../../README.md"));
    assert!(readme.len() > 6, "{readme:?}");
    for line in readme.into_iter().chain(calls(include_str!("../../../ARCHITECTURE.md"))) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Err(error) = of(&words) {
            panic!("{line}: {error}");
        }
    }
}
