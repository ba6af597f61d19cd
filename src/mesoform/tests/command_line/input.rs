use crate::kit::{Folder, mesoform};

#[test]
fn bad_options_are_5() {
    for line in [
        "",
        "--nope",
        "build",
        "up --forks 0",
        "up --timeout 0",
        "up --timeout soon",
        "up --check",
        "up --diff",
        "up --limit h",
        "up -i h, --output yaml",
        "restart -i h,",
        "restart chronos -i h,",
        "inventory --list --graph -i h,",
        "completions tcsh2",
        "status",
        "restart quorum",
        "down --yes",
        "inventory",
        "inventory -i h, --limit h",
        "apply",
    ] {
        let ended = mesoform(line).expect(5);
        assert_eq!(ended.stdout, "", "{line}");
        assert!(!ended.stderr.is_empty(), "{line}");
    }
}

#[test]
fn bad_options_are_one_object_where_json_is_asked_for() {
    for line in ["up --nope --output json", "status -ojson", "up -i h, --output=json --forks 0"] {
        let ended = mesoform(line).expect(5);
        let [error] = &ended.events()[..] else { unreachable!("{ended:?}") };
        assert_eq!((&error["event"], &error["exit"]), (&"error".into(), &5.into()));
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\x1b'), "{ended:?}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_told_once_and_where_it_is_named() {
    let text = "[masters]\na\n[agents]\nb\nc\n[all:vars]\nansible_private_key_file=/none/such\n";
    for command in ["up", "up --check", "status"] {
        let ended = Folder::with(text).call(&format!("{command} -i hosts.ini")).expect(1);
        let told = "mesoform: hosts.ini:7:1: the private key /none/such cannot be used: there is no \
                    such file\n";
        assert!(ended.stderr.starts_with(told), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 2, "{ended:?}");
    }
}

/// Nothing listens on the port, and nothing is asked.
const ON_ETCD: &str = "[masters]\na zoo_id=1\n[all:vars]\nansible_host=127.0.0.1\nansible_port=1\n\
    mesoform_quorum_endpoints=https://e1:2379,https://e2:2379\nmesoform_quorum_ca_file=none/ca.crt\n\
    mesoform_quorum_cert_file=none/e.crt\nmesoform_quorum_key_file=none/e.key\n";

#[test]
fn files_for_an_etcd_are_told_where_they_are_named_by_whoever_needs_them() {
    for command in ["up", "up --check"] {
        let ended = Folder::with(ON_ETCD).call(&format!("{command} -i hosts.ini")).expect(1);
        for told in
            ["hosts.ini:7:1: ", "hosts.ini:8:1: ", "hosts.ini:9:1: ", "none/e.key: cannot be"]
        {
            assert!(ended.stderr.contains(told), "{ended:?}");
        }
        let note = "hosts.ini:2:3: zoo_id means nothing here, since the quorum is the etcd at \
                    https://e1:2379, https://e2:2379";
        assert!(ended.stderr.contains(note), "{ended:?}");
    }
    // Others do without: here the host itself is what misses.
    Folder::with(ON_ETCD).call("status -i hosts.ini").expect(4);
}

#[test]
fn what_is_about_a_quorum_of_ones_own_is_refused_on_an_etcd() {
    for (command, cure) in [
        ("backup -o quorum.backup -i hosts.ini", "etcdctl snapshot save"),
        ("up --prune -i hosts.ini", "etcdctl member remove"),
    ] {
        let ended = Folder::with(ON_ETCD).call(command).expect(1);
        let told = "the quorum of the cluster \"hosts\" is an etcd that mesoform does not run (https://e1:2379, \
                    https://e2:2379)";
        assert!(ended.stderr.contains(told) && ended.stderr.contains(cure), "{ended:?}");
    }
    let ended =
        mesoform("up -e mesoform_quorum_endpoints=http://e:1 -e mesoform_quorum_insecure=yes");
    assert!(ended.expect(1).stderr.contains("has a quorum of its own"));
}

#[test]
fn a_typo_in_a_connection_variable_is_warned_of() {
    let text =
        "[masters]\na ansible_hots=10.0.0.1\n[all:vars]\nansible_port=1\nansible_host=127.0.0.1\n";
    let ended = Folder::with(text).call("up --check -i hosts.ini").expect(4);
    let told =
        "note: hosts.ini:2:3: ansible_hots means nothing to mesoform; did you mean ansible_host?";
    assert_eq!(ended.stderr.lines().next(), Some(told), "{ended:?}");
}

#[test]
fn a_range_of_hosts_is_no_pattern_and_that_is_told() {
    let folder = Folder::with("[masters]\nnode1\n[agents]\nnode[2:4]\n");
    let ended = folder.call("status -i hosts.ini -l node[1:2]").expect(1);
    assert!(ended.stderr.contains("write node1,node2"), "{ended:?}");
}

const BAD: &str = "\
[masters]
m1 zoo_id=1
m2 zoo_id=1 mesoform_adress=10.0.0.2
[agents]
m1 ansible_port=ssh
[all:vars]
mesoform_auth=perhaps
mesoform_master_port=8080
";

#[test]
fn all_mistakes_of_an_inventory_are_told_at_once() {
    let folder = Folder::with(BAD);
    for command in ["up", "up --check", "status", "restart quorum", "down --yes"] {
        let ended = folder.call(&format!("{command} -i hosts.ini")).expect(1);
        assert_eq!(ended.stdout, "");
        insta::assert_snapshot!("mistakes", ended.stderr);
    }
    assert_eq!(folder.names(), ["hosts.ini"]);
}

#[test]
fn mistakes_are_one_object_where_json_is_asked_for() {
    let ended = Folder::with(BAD).call("up -i hosts.ini --output json").expect(1);
    let [error] = &ended.events()[..] else { unreachable!("{ended:?}") };
    assert_eq!((&error["event"], &error["exit"]), (&"error".into(), &1.into()));
    let message = error["message"].as_str().unwrap();
    assert_eq!(ended.stderr, format!("mesoform: {message}\n"));
}

/// As in inventories for Mesos playbooks: what is wrong with the groups, and what with the cluster.
#[test]
fn mistakes_of_the_inventory_and_of_the_cluster_are_told_together() {
    let folder = Folder::with(
        "[mesos_masters]\nm1 zoo_id=1 ansible_host=10.0.0.1\nm2 zoo_id=1\n\
         [mesos_slaves]\nm1 ansible_host=10.0.0.9\n\
         [mesos:children]\nmesos_masters\nmesos_slavs\n",
    );
    for command in ["up", "up --check", "status", "restart quorum", "down --yes"] {
        let ended = folder.call(&format!("{command} -i hosts.ini")).expect(1);
        let places = ended.stderr.lines().filter(|line| !line.starts_with(' '));
        let places: Vec<&str> = places.map(|line| line.split(": ").next().unwrap()).collect();
        let wanted = ["mesoform", "hosts.ini:3:4", "hosts.ini:5:4", "hosts.ini:8"];
        assert_eq!(places, wanted, "{ended:?}");
        for told in ["2 voters", "zoo_id=1", "10.0.0.9", "did you mean 'mesos_slaves'?"] {
            assert!(ended.stderr.contains(told), "{told}: {ended:?}");
        }
    }
    assert_eq!(folder.names(), ["hosts.ini"]);
}

#[test]
fn what_ansible_lets_pass_is_told_with_its_line() {
    for (inventory, told) in [
        ("[masters]\na ansible_host=1.1.1.1\n[agents]\na ansible_host=1.1.1.2\n", "hosts.ini:4"),
        ("[masters]\na\n[agents:children]\nweb\n", "hosts.ini:4"),
        ("[masters]\na\nb\n", "2 voters: a, b"),
        ("[agents]\na\n", "no host is a master"),
        ("a\n", "no host is a master"),
        ("[masters]\na b=\"c\n", "hosts.ini:2"),
    ] {
        let ended = Folder::with(inventory).call("up --check -i hosts.ini").expect(1);
        assert!(ended.stderr.starts_with("mesoform: "), "{ended:?}");
        assert!(ended.stderr.contains(told), "{told}: {ended:?}");
    }
}

#[test]
fn a_pattern_that_selects_nothing_is_told_with_the_other_mistakes() {
    let folder = Folder::with("[masters]\na\n[web]\nw\n");
    for (limit, told) in [
        ("masteres", "did you mean 'masters'?"),
        ("w", "--limit leaves no host of the cluster"),
        ("@none", "no such file of patterns"),
    ] {
        let ended = folder.call(&format!("up -i hosts.ini -l {limit}")).expect(1);
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
    let both = Folder::with("[masters]\na\nb\n").call("up -i hosts.ini -l masteres").expect(1);
    assert!(both.stderr.contains("2 voters") && both.stderr.contains("masteres"), "{both:?}");
}

#[test]
fn what_is_no_inventory_is_told() {
    for (source, told) in [
        ("none.ini", "no such file"),
        (".", "a folder of inventories is not read yet"),
        (".", "INI files and lists of hosts ('h1,h2,') are"),
    ] {
        let ended = mesoform(&format!("status -i {source}")).expect(1);
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
}

#[test]
fn a_cluster_that_was_never_made_here_is_not_touched() {
    let folder = Folder::with("[masters]\na\n");
    for command in ["restart quorum", "down --yes"] {
        let ended = folder.call(&format!("{command} -i hosts.ini")).expect(1);
        assert!(ended.stderr.contains("has never run `mesoform up`"), "{ended:?}");
    }
    assert_eq!(folder.names(), ["hosts.ini"]);
}
