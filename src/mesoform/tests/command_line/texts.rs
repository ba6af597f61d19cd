use crate::kit::{Folder, mesoform};

/// The reference of the command line: a change of it is a change for users.
#[test]
fn help() {
    for command in [
        "",
        "up",
        "status",
        "restart",
        "down",
        "backup",
        "restore",
        "render",
        "serve",
        "push",
        "apply",
        "inventory",
        "completions",
        "man",
    ] {
        let help = mesoform(&format!("{command} --help")).expect(0);
        assert_eq!(help.stderr, "");
        insta::assert_snapshot!(format!("help {command}").trim(), help.stdout);
    }
}

#[test]
fn version() {
    let version = mesoform("--version").expect(0).stdout;
    assert_eq!(version, format!("mesoform {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual() {
    for (shell, word) in [("bash", "complete -F _mesoform"), ("zsh", "#compdef mesoform")] {
        let script = mesoform(&format!("completions {shell}")).expect(0).stdout;
        assert!(script.contains(word), "{script}");
    }
    let page = mesoform("man").expect(0).stdout;
    assert!(page.contains(".TH mesoform 1"), "{page}");
}

#[test]
fn nobody_reading_is_no_error() {
    let folder = Folder::with("[masters]\na\n");
    for line in ["completions bash", "man", "inventory -i hosts.ini", "--help"] {
        assert_eq!(folder.call_unread(line), 0, "{line}");
    }
}
