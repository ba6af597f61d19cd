use crate::{ExtraVars, Inventory};
use std::path::Path;

fn load(text: &str) -> Result<Inventory, String> {
    let loaded = Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default());
    loaded.map_err(|errors| errors.to_string())
}

/// Everything that can be wrong, told at once.
#[test]
fn all_mistakes_are_told_together() {
    let text = r#"
web1 ansible_host=10.0.0.1
h key = v
h1 h2
[ spaced ]
skipped
[web:hosting]
[web:children]
mesos_master
two words
[mesos_masters]
web1 ansible_host=10.0.0.2
m[3:1:0] x=1
m:99999
m 'open
[nowhere:vars]
x=1
[web:vars]
no assignment
= 5
ansible_group_priority=high
[a:children]
b
[b:children]
a
"#;
    insta::assert_snapshot!(load(text).unwrap_err(), @r"
    hosts.ini:3:3: 'key' is not a variable: after the host's name comes key=value, without spaces around the =; a second host goes on a line of its own
    hosts.ini:3:7: a variable needs a name before the =
    hosts.ini:3:9: 'v' is not a variable: after the host's name comes key=value, without spaces around the =; a second host goes on a line of its own
    hosts.ini:4:4: 'h2' is not a variable: after the host's name comes key=value, without spaces around the =; a second host goes on a line of its own
    hosts.ini:5: '[ spaced ]' is not a section: write [group], [group:children] or [group:vars], without spaces; only a # comment may follow
    hosts.ini:7: 'hosting' is no kind of section; write [web], [web:children] or [web:vars]
    hosts.ini:9: [web:children] names the group 'mesos_master', which is nowhere declared; did you mean 'mesos_masters'?
    hosts.ini:10: 'two words' is not a group's name: in a :children section write one name per line
    hosts.ini:12:6: the host 'web1' has the address 10.0.0.2 here and 10.0.0.1 at hosts.ini:2:6; give the two machines different names, or take one address out
    hosts.ini:13:1: the range in 'm[3:1:0]' is wrong: the step must be a number from 1
    hosts.ini:14:1: the port 99999 is not between 1 and 65535
    hosts.ini:15: the line's quotes do not close; write a \ before a quote that is meant as it stands
    hosts.ini:16: [nowhere:vars] is for a group that is nowhere declared; declare it with [group]
    hosts.ini:19: 'no assignment' is not a variable: in a :vars section write key=value
    hosts.ini:20: a variable needs a name before the =
    hosts.ini:21:1: ansible_group_priority must be a whole number, not 'high'
    hosts.ini:25: the groups contain each other: a > b > a; take one of these :children lines out
    ");
}

#[test]
fn a_mesos_inventory_reads_as_it_stands() {
    let text = "[mesos_masters]\nm1 zoo_id=1\nm2 zoo_id=2\n[mesos_slaves]\nm1\ns[1:2]\n\
                [all:vars]\nansible_user=root\n";
    let inventory = load(text).unwrap();
    let m1 = inventory.host("m1").unwrap();
    assert_eq!(m1.var("zoo_id").unwrap().whole(), Some(1));
    assert_eq!(m1.var("zoo_id").unwrap().origin.line, Some(2));
    assert_eq!(m1.groups().collect::<Vec<_>>(), ["mesos_masters", "mesos_slaves"]);
    assert!(m1.in_group("mesos_slaves") && m1.in_group("all") && !m1.in_group("web"));
    let names: Vec<_> = inventory.hosts().map(crate::Host::name).collect();
    assert_eq!(names, ["m1", "m2", "s1", "s2"]);
    assert_eq!(inventory.var("ansible_user").unwrap().text().as_deref(), Some("root"));
}

#[test]
fn what_is_not_ini_is_said_to_be_unsupported() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap().to_owned();
        Inventory::load(&path, &ExtraVars::default()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(write("h.yml", "all:\n").contains("YAML inventory is not read yet"));
    assert!(write("hosts", "h: x=1\n").contains("YAML inventory is not read yet"));
    assert!(write("h.toml", "").contains("TOML"));
    assert!(write("script", "#!/bin/sh\n").contains("script"));
    assert!(write("bad.ini", "---\nall:\n").contains("begins a YAML file"));
    let errors = Inventory::load("/no/such/file", &ExtraVars::default()).unwrap_err();
    assert!(errors.to_string().contains("there is no such file"), "{errors}");
    let folder = folder.path().to_str().unwrap();
    let errors = Inventory::load(folder, &ExtraVars::default()).unwrap_err();
    assert!(errors.to_string().contains("folder of inventories"), "{errors}");
}

#[test]
fn odd_but_fine_is_noticed() {
    let inventory = load("h:22\n[a]\nh:23\nx[5:2]\n[h]\n").unwrap();
    let notices: Vec<_> = inventory.notices().iter().map(ToString::to_string).collect();
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert_eq!(inventory.host("h").unwrap().port(), Some(22));
}
