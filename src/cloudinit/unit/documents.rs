use super::fake::Fake;
use crate::Wish;
use mesoform_plan::Outcome;

const DOCUMENT: &str = "#cloud-config
write_files:
  - {path: /etc/a, content: \"new\\n\"}
  - {path: /etc/b, content: \"secret\\n\", permissions: '0600'}
  - {path: /etc/log, content: \"line\\n\", append: true}
users:
  - {name: web, groups: [users, more], passwd: $6$hash, sudo: ALL=(ALL) ALL}
runcmd: [echo hello, [touch, \"it's\"]]
";

#[test]
fn a_document_is_carried_out_once() {
    let host = Fake::new();
    host.put("/etc/a", "old\n");
    host.put("/etc/log", "first\n");
    let (told, outcome) = host.apply(DOCUMENT);
    assert_eq!(outcome, Outcome::Done { changed: told.len() }, "{told:#?}");
    let heads: Vec<&str> = told.iter().filter_map(|told| told.lines().next()).collect();
    let wanted = [
        "update file /etc/a (content)",
        "create file /etc/b",
        "update file /etc/log (content)",
        "create group more",
        "create user web",
        "update password web",
        "update password web (locked)",
        "create directory /etc/sudoers.d",
        "create file /etc/sudoers.d/90-cloud-init-users",
        "run command runcmd (2 lines)",
    ];
    assert_eq!(heads, wanted);
    let all = told.join("\n");
    assert!(
        all.contains("-old\n+new") && !all.contains("secret") && !all.contains("hash"),
        "{all}"
    );
    assert_eq!(host.read("/etc/log"), "first\nline\n");
    assert_eq!(host.mode("/etc/b"), 0o600);
    let script = "/var/lib/mesoform/cloud-config/scripts/runcmd";
    assert_eq!(host.read(script), "#!/bin/sh\necho hello\n'touch' 'it'\\''s'\n");
    let wanted = [
        "groupadd -- more",
        "useradd --groups users,more -m -- web",
        "chpasswd -e",
        "passwd -l web",
        script,
    ];
    assert_eq!(host.ran(), wanted);

    assert_eq!(host.apply(DOCUMENT), (Vec::new(), Outcome::Done { changed: 0 }));
    assert_eq!(host.ran(), [""; 0]);
}

#[test]
fn another_document_does_what_is_missing_and_runs_its_commands() {
    let host = Fake::new();
    host.apply(DOCUMENT);
    host.put("/etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1001:1001::/home/web:/bin/sh\n");
    host.put("/etc/group", "root:x:0:\nusers:x:100:\nmore:x:101:web\n");
    host.put("/etc/shadow", "web:!$6$hash:1::::::\n");
    host.ran();
    let (told, _) = host.apply(&DOCUMENT.replace("new", "newer"));
    let heads: Vec<&str> = told.iter().filter_map(|told| told.lines().next()).collect();
    assert_eq!(heads, ["update file /etc/a (content)", "run command runcmd (2 lines)"]);
    assert_eq!(host.read("/etc/log"), "line\n", "what was appended is not appended again");
}

#[test]
fn a_check_changes_nothing_and_says_the_same() {
    let host = Fake::new();
    let (would, outcome) = host.apply_as(DOCUMENT, Wish { check: true, diff: true });
    assert_eq!(host.ran(), [""; 0]);
    assert_eq!(host.read("/etc/b"), "");
    let (did, done) = host.apply(DOCUMENT);
    assert_eq!((would, outcome), (did, done));
}

#[test]
fn what_failed_is_taken_up_again_and_holds_nothing_up() {
    let text =
        "#cloud-config\nbootcmd: [a]\nwrite_files: [{path: /etc/a}]\npower_state: {mode: reboot}\n";
    let host = Fake::new();
    host.breaks("/bin/sh", true);
    let (told, outcome) = host.apply(text);
    assert_eq!(
        told,
        ["create file /etc/a", "note: power_state_change is left out, since something failed",]
    );
    let Outcome::Failed { changed: 1, failure, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.place, "bootcmd: /bin/sh (bootcmd)");
    host.breaks("/bin/sh", false);
    let (told, _) = host.apply(text);
    assert_eq!(told, ["run command bootcmd (1 line)", "run command reboot (now)"]);
    let (told, _) = host.apply(text);
    assert_eq!(told, [""; 0], "a host that comes back does not go again");
}

#[test]
fn an_fstab_keeps_what_is_not_ours() {
    let host = Fake::new();
    host.put(
        "/etc/fstab",
        "# mine\n/dev/vda1 / ext4 defaults 0 1\nold /old auto comment=cloudconfig 0 2\n",
    );
    let text = "#cloud-config\nmounts:\n  - [sdc, /opt/data]\n  - ['s:/x', /x, nfs, ro]\n  - [LABEL=y, /y]\n  \
                - [LABEL=y]\n";
    host.apply(text);
    let wanted = "# mine\n/dev/vda1 / ext4 defaults 0 1\n\
                  sdc\t/opt/data\tauto\tdefaults,nobootwait,comment=cloudconfig\t0\t2\n\
                  s:/x\t/x\tnfs\tro,comment=cloudconfig\t0\t2\n";
    assert_eq!(host.read("/etc/fstab"), wanted);
    assert_eq!(host.ran(), ["mount -a"]);
}

#[test]
fn names_and_zones() {
    let host = Fake::new();
    host.put("/usr/share/zoneinfo/Europe/Paris", "rules");
    let text = "#cloud-config\nfqdn: web.example.org\nmanage_etc_hosts: localhost\ntimezone: Europe/Paris\n";
    let (told, _) = host.apply(text);
    assert_eq!(host.read("/etc/hostname"), "web\n");
    assert_eq!(host.read("/etc/timezone"), "Europe/Paris\n");
    assert!(host.read("/etc/hosts").ends_with("127.0.1.1\tweb.example.org\tweb\n\n"));
    assert!(told.contains(&"update hostname web (old → web)".to_owned()), "{told:#?}");
    let (_, outcome) = host.apply("#cloud-config\ntimezone: Europe/Nowhere\n");
    assert!(matches!(outcome, Outcome::Failed { changed: 0, .. }));
}
