//! What goes wrong midway, who may see what, and what is only nearly the same.

use super::fake::Fake;
use crate::{Document, Wish};
use mesoform_plan::Outcome;

fn cause(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { failure, .. } => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_group_alone_may_read_is_not_shown() {
    let text = "#cloud-config\nwrite_files: [{path: /etc/a, content: key, permissions: '0640'}]\n";
    let (told, _) = Fake::new().apply(text);
    assert_eq!(told, ["create file /etc/a"]);
}

#[test]
fn nothing_is_read_through_a_users_link() {
    let text = "#cloud-config\nusers: [{name: admin, ssh_authorized_keys: [ssh-rsa AAAA]}]\n";
    for (link, target) in
        [("/home/admin/.ssh/authorized_keys", "/etc/secret"), ("/home/admin/.ssh", "/etc")]
    {
        let host = Fake::new();
        host.put("/etc/secret", "nobody's business");
        host.link_of_admin(link, target);
        let (told, outcome) = host.apply_as(text, Wish { check: true, diff: true });
        assert!(!told.join("\n").contains("business"), "{told:#?}");
        assert!(cause(&outcome).contains("a link that is not root's"), "{outcome:?}");
    }
}

#[test]
fn a_user_has_no_more_than_what_is_said() {
    let made = |user: &str| {
        let host = Fake::new();
        let (_, outcome) = host.apply(&format!("#cloud-config\n{user}\n"));
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        let made = host.ran().into_iter().find(|line| line.starts_with("useradd")).unwrap();
        (made.contains("adm,"), host.read("/etc/sudoers.d/90-cloud-init-users"))
    };
    let (groups, rules) = made("user: {name: x1}");
    assert!(groups && rules.contains("x1 ALL=(ALL) NOPASSWD:ALL"), "{rules}");
    for sudo in ["false", "~", "''", "[]"] {
        let said = made(&format!("user: {{name: x1, sudo: {sudo}, groups: [games]}}"));
        assert_eq!(said, (false, String::new()), "{sudo}");
    }
    let (groups, rules) = made("users: [{name: default, groups: [games]}]");
    assert!(!groups && rules.contains("debian ALL=(ALL) NOPASSWD:ALL"), "{rules}");
    let twice = "#cloud-config\nusers: [default, {name: debian, shell: /bin/sh}]\n";
    assert!(cause(&Fake::new().apply(twice).1).contains("debian: it is there twice"));
}

#[test]
fn what_was_appended_before_a_failure_is_not_appended_again() {
    let text = "#cloud-config\nwrite_files:\n  - {path: /etc/log, content: \"a\\n\", append: true}\n  \
                - {path: /etc/log, content: \"a\\n\", append: true}\n  - {path: /opt/link}\n";
    let host = Fake::new();
    host.link_of_admin("/opt/link", "/etc/passwd");
    for _ in 0..2 {
        assert!(cause(&host.apply(text).1).contains("a link"));
        assert_eq!(host.read("/etc/log"), "a\na\n");
    }
    host.unlink("/opt/link");
    assert_eq!(host.apply(text).1, Outcome::Done { changed: 1 });
    // It stands elsewhere in another document.
    let text = text.replace("write_files:\n", "write_files:\n  - {path: /opt/first}\n");
    assert_eq!(host.apply(&text).1, Outcome::Done { changed: 1 });
    assert_eq!(host.read("/etc/log"), "a\na\n");
}

#[test]
fn aliases_make_no_document_larger_than_memory() {
    let big = "x".repeat(1024 * 1024);
    let text = format!("#cloud-config\nbootcmd: [&a {big}{}]\n", ", *a".repeat(1000));
    let mistakes = Document::parse("d.yaml", &text).unwrap_err().to_string();
    assert!(mistakes.contains("or its aliases make it so"), "{}", &mistakes[..200]);
    let text = format!("#cloud-config\nbootcmd: [&a {big}, *a, *a]\n");
    Document::parse("d.yaml", &text).unwrap();
}

#[test]
fn a_condition_is_the_shells_and_not_systemds() {
    let host = Fake::new();
    host.put("/run/systemd/system", "");
    let state = "power_state: {mode: reboot, condition: '[ \"${x}\" = 1 ]', message: $HOME}\n";
    let text = format!("#cloud-config\n{state}");
    host.breaks("systemd-run", true);
    let (_, outcome) = host.apply(&text);
    assert!(cause(&outcome).contains("it fails"));
    let ran = host.ran().join("\n");
    assert!(ran.contains("[ \"$${x}\" = 1 ]") && ran.ends_with("-r now $$HOME"), "{ran}");
    host.breaks("systemd-run", false);
    // What could not be started is started by the next call, once.
    assert_eq!(host.apply(&text).1, Outcome::Done { changed: 1 });
    assert_eq!(host.apply(&text).1, Outcome::Done { changed: 0 });
}

#[test]
fn packages_are_installed_also_where_their_lists_cannot_be_had() {
    let host = Fake::new();
    host.breaks("apt-get", true);
    let text = "#cloud-config\npackage_reboot_if_required: true\npackages: [a]\n";
    assert!(cause(&host.apply(text).1).contains("the lists of packages"));
    let ran = host.ran();
    let ends = |end: &str| ran.iter().filter(|line| line.ends_with(end)).count();
    assert_eq!((ran.len(), ends(" update"), ends(" install a")), (2, 1, 1), "{ran:#?}");
}
