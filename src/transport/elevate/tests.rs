use super::*;

fn elevation(with_password: bool) -> Elevation {
    Elevation { user: "ann".to_owned(), with_password }
}

#[test]
fn the_password_is_never_on_the_command_line() {
    let elevate = Elevate { password: Some(Secret::new("hunter2")), exe: None };
    let wrapped = wrap("id -u", &elevate, "marker-1");
    assert!(!wrapped.command.contains("hunter2"), "{}", wrapped.command);
    assert_eq!(wrapped.preamble, "hunter2\nmarker-1\n");
    assert!(!format!("{elevate:?}").contains("hunter2"));
}

#[test]
fn quotes_survive_a_shell() {
    let tricky = "it's \"$HOME\" `x` \\ !";
    let line = format!("printf %s {}", quote(tricky));
    let out = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), tricky);
}

/// Whoever reads the password, the command's input starts after the marker.
#[test]
fn the_input_starts_after_the_marker() {
    for reads in ["", "read -r password; "] {
        let script = format!("{reads}exec sh -c '{READ_TO_MARKER}' x MARK cat");
        let mut child = std::process::Command::new("sh")
            .args(["-c", &script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        use std::io::Write;
        child.stdin.take().unwrap().write_all(b"password\nMARK\nbinary\0data\n").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"binary\0data\n", "{reads:?}");
    }
}

#[test]
fn sudos_own_words_are_told_from_the_commands() {
    let one = Exit::Code(1);
    let asks = complaint("h", &elevation(false), &one, "sudo: a password is required\n");
    assert!(matches!(asks, Some(TransportError::SudoPassword { .. })), "{asks:?}");
    let wrong = "sudo: 3 incorrect password attempts\n";
    let wrong = complaint("h", &elevation(true), &one, wrong);
    assert!(matches!(wrong, Some(TransportError::SudoRefused { .. })), "{wrong:?}");
    let stranger = "ann is not in the sudoers file.\n";
    let stranger = complaint("h", &elevation(true), &one, stranger);
    assert!(matches!(stranger, Some(TransportError::SudoRefused { .. })), "{stranger:?}");
    let missing =
        complaint("h", &elevation(false), &Exit::Code(127), "env: 'sudo': No such file\n");
    assert!(matches!(missing, Some(TransportError::SudoMissing { .. })), "{missing:?}");
    assert!(complaint("h", &elevation(false), &one, "grep: no such file\n").is_none());
    assert!(complaint("h", &elevation(false), &Exit::Code(0), "").is_none());
}
