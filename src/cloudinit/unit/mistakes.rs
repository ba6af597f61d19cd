use crate::Document;

fn told(text: &str) -> Vec<String> {
    let mistakes = Document::parse("d.yaml", text).unwrap_err().to_string();
    mistakes.lines().map(str::to_owned).collect()
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "#cloud-config\nwrite_file: []\nwrite_files:\n  - path: relative\n    permission: '0644'\n  \
                - path: /x\n    permissions: 644\n  - path: /y\n    encoding: b64\n    content: '***'\n\
                users: [{name: 'a b'}]\nntp: {peers: [x]}\npower_state: {mode: sleep}\nsnap: {}\n";
    let wanted = [
        "d.yaml:2: write_file is not known; was write_files meant?",
        "d.yaml:4: write_files[0]: path \"relative\" names no file from / on; write an absolute path without ..",
        "d.yaml:5: write_files[0]: permission is not known; was permissions meant?",
        "d.yaml:7: write_files[1]: permissions is no mode in octal digits; write it in quotes: '0644'",
        "d.yaml:10: write_files[2]: content: it is no base64: Invalid symbol 42, offset 0.; see `encoding`: \
         text/plain, b64, gzip or gz+b64",
        "d.yaml:11: users[0]: name \"a b\" is no name of a user; use letters, digits, - and _",
        "d.yaml:12: ntp: peers is not supported; write them into a template of yours (config: template)",
        "d.yaml:13: power_state: mode \"sleep\" is not known; use poweroff, reboot or halt",
        "d.yaml:14: snap is not supported; take it out, or have the rest applied by cloud-init itself",
    ];
    assert_eq!(told(text), wanted);
}

#[test]
fn what_is_no_cloud_config_is_refused() {
    let first = |text| told(text).remove(0);
    assert!(first("#!/bin/sh\n").contains("this is a script"));
    assert!(first("hostname: x\n").contains("its first line must be #cloud-config"));
    assert!(first("## template: jinja\n#cloud-config\n").contains("templates"));
    assert!(first("#cloud-config\na: [\n").contains("mend the YAML"));
    assert!(first("#cloud-config\n- a\n").contains("must be a mapping"));
    assert!(
        first("#cloud-config\nhostname: a\nhostname: b\n")
            .starts_with("d.yaml:3: hostname is there twice")
    );
    let deep = format!("#cloud-config\nruncmd: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert!(!told(&deep).is_empty());
    for empty in ["#cloud-config\n", "#cloud-config\n{}\n", "#cloud-config\n---\n# nothing\n"] {
        assert!(Document::parse("d.yaml", empty).unwrap().modules().is_empty(), "{empty}");
    }
}

#[test]
fn modules_come_in_cloud_inits_order() {
    let text = "#cloud-config\npower_state: {mode: reboot}\nruncmd: [a]\npackages: [b]\ntimezone: UTC\n\
                locale: C\nntp: ~\nssh_authorized_keys: [ssh-rsa AAAA]\nusers: [default]\nhostname: h\n\
                manage_etc_hosts: true\nmounts: [[a, /b]]\ngrowpart: {mode: auto}\n\
                write_files: [{path: /a}, {path: /b, defer: true}]\nbootcmd: [c]\n";
    let document = Document::parse("d.yaml", text).unwrap();
    let names: Vec<&str> = document.modules().iter().map(|module| module.name()).collect();
    let wanted = [
        "bootcmd",
        "write_files",
        "growpart",
        "mounts",
        "set_hostname",
        "update_etc_hosts",
        "users_groups",
        "ssh",
        "locale",
        "ntp",
        "timezone",
        "runcmd",
        "package_update_upgrade_install",
        "write_files_deferred",
        "scripts_user",
        "power_state_change",
    ];
    assert_eq!(names, wanted);
}
