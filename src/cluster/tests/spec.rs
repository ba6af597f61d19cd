//! What inventories become: roles, slots, and every mistake at once.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use mesoform_cluster::{ClusterSpec, Mistakes, Service, key_mistakes, resolve};
use mesoform_inventory::{ExtraVars, Inventory};
use std::path::Path;

fn load(text: &str) -> Result<ClusterSpec, Mistakes> {
    let inventory = Inventory::parse(text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
    resolve(&inventory)
}

fn who_runs(spec: &ClusterSpec) -> Vec<String> {
    spec.hosts
        .iter()
        .map(|host| {
            let services: Vec<_> = host.services.iter().map(ToString::to_string).collect();
            format!("{} {:?} {}", host.name, host.slot, services.join(","))
        })
        .collect()
}

#[test]
fn an_inventory_for_mesos_playbooks_works_as_it_stands() {
    let spec = load(
        "[mesos_masters]\nm1 zoo_id=1\nm2 zoo_id=2\nm3 zoo_id=3\n[mesos_slaves]\nm3\ns[1:2].example.org\n[web]\nw1\n",
    )
    .unwrap();
    insta::assert_debug_snapshot!(who_runs(&spec), @r#"
    [
        "m1 Some(1) quorum,master,scheduler",
        "m2 Some(2) quorum,master,scheduler",
        "m3 Some(3) quorum,master,scheduler,agent",
        "s1.example.org None agent",
        "s2.example.org None agent",
    ]
    "#);
    assert_eq!(spec.name, "demo");
    assert_eq!(spec.host("s1.example.org").unwrap().hostname, "s1.example.org");
    assert!(spec.state_dir.ends_with(".mesoform/demo"));
}

#[test]
fn groups_of_their_own_narrow_quorum_and_schedulers() {
    let spec = load("[masters]\na\nb\n[quorum]\na\n[schedulers]\nb\n[agents]\nc\n").unwrap();
    let with = |service| spec.with(service).map(|h| h.name.as_str()).collect::<Vec<_>>();
    assert_eq!(with(Service::Quorum), ["a"]);
    assert_eq!(with(Service::Master), ["a", "b"]);
    assert_eq!(with(Service::Scheduler), ["b"]);
    assert_eq!(with(Service::Agent), ["c"]);
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let mistakes = load(
        "[masters]\na zoo_id=1\nb zoo_id=1\nc zoo_id=x\nd mesoform_adress=1.2.3.4\n\
         [all:vars]\nmesoform_http=yes\nmesoform_master_port=99999\n",
    )
    .unwrap_err();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn no_master_is_a_mistake() {
    let mistakes = load("[agents]\na\n").unwrap_err();
    insta::assert_snapshot!(mistakes, @r"
    demo.ini: no host is a master
        put one, three or five hosts into the group [masters] (or [mesos_masters])
    ");
}

#[test]
fn two_hosts_at_one_address_are_a_mistake() {
    let mistakes = load("[masters]\na ansible_host=10.0.0.1\n[agents]\nb ansible_host=10.0.0.1\n");
    let text = mistakes.unwrap_err().to_string();
    assert!(text.contains("b and a have the same address 10.0.0.1"), "{text}");
}

#[test]
fn a_variable_of_the_cluster_must_be_the_same_everywhere() {
    let text = load("[masters]\na mesoform_http=plain\n[agents]\nb\n").unwrap_err().to_string();
    assert!(text.contains("mesoform_http is not the same for a and b"), "{text}");
}

#[test]
fn a_mistake_that_many_hosts_share_is_told_once() {
    let mistakes = load("[masters]\na\n[agents]\nb\nc\n[all:vars]\nansible_port=x\n").unwrap_err();
    assert_eq!(mistakes.0.len(), 1, "{mistakes}");
}

#[test]
fn numbers_that_are_too_large_are_mistakes() {
    let most = u64::MAX;
    let text = format!(
        "[masters]\na mesoform_heartbeat_ms={most} mesoform_failover_timeout_ms={most} \
         mesoform_agent_ping_misses={most} zoo_id={most}\n"
    );
    assert_eq!(load(&text).unwrap_err().0.len(), 4);
}

#[test]
fn more_voters_than_there_are_slots_are_a_mistake() {
    let text = load("[masters]\nm[1:301]\n").unwrap_err().to_string();
    assert!(text.contains("301 voters"), "{text}");
}

#[test]
fn hosts_of_one_name_in_two_domains_are_two_hosts() {
    let spec = load("[masters]\nweb.a.org\n[agents]\nweb.b.org\n").unwrap();
    let names: Vec<&str> = spec.hosts.iter().map(|host| host.hostname.as_str()).collect();
    assert_eq!(names, ["web.a.org", "web.b.org"]);
}

#[test]
fn an_address_that_each_host_has_is_a_mistake_where_there_are_others() {
    for own in ["localhost", "127.0.0.1", "::1"] {
        let text = format!("[masters]\nhere ansible_host={own}\n[agents]\nother\n");
        let told = load(&text).unwrap_err().to_string();
        assert!(told.contains("which is each host's own"), "{told}");
        let text = text.replace("[agents]", "[all:vars]\nansible_connection=local\n[web]");
        load(&text).unwrap();
        let text = text.replace("here ", "here mesoform_address=10.0.0.1 ");
        load(&text.replace("[web]", "[agents]")).unwrap();
    }
}

#[test]
fn what_a_group_says_wrongly_is_told_once_and_where() {
    let told = load(
        "[masters]\na\n[agents]\nb\nc\nd\n[agents:vars]\nmesoform_cpus=many\nmesoform_ports=1\n\
         mesoform_attributes=rack\nansible_timeout=soon\n",
    );
    insta::assert_snapshot!(told.unwrap_err(), @r#"
    demo.ini:8:1: mesoform_cpus is "many"
        set it to a number that is not negative (disk and mem in MiB)
    demo.ini:9:1: mesoform_ports is 1
        set it to ranges such as 31000-32000
    demo.ini:10:1: mesoform_attributes cannot be understood
        write it as Mesos does: 'rack:a;zone:b'
    demo.ini:11:1: the variable 'ansible_timeout' must be a number of seconds from 1, not 'soon'
    "#);
}

#[test]
fn keys_that_cannot_be_used_are_told_where_they_are_named() {
    let text = "[masters]\na\n[agents]\nb\nc ansible_ssh_private_key_file=/none/c\n\
                [all:vars]\nansible_ssh_private_key_file=/none/such\n";
    let inventory = Inventory::parse(text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
    let spec = resolve(&inventory).unwrap();
    insta::assert_snapshot!(key_mistakes(&inventory, &spec, |_| true), @r"
    demo.ini:5:3: the private key /none/c cannot be used: there is no such file
        correct ansible_ssh_private_key_file, or the file's owner and mode (0600)
    demo.ini:7:1: the private key /none/such cannot be used: there is no such file
        correct ansible_ssh_private_key_file, or the file's owner and mode (0600)
    ");
    let only = key_mistakes(&inventory, &spec, |host| host == "c");
    assert_eq!(only.0.len(), 1, "{only}");
    let text = format!("{text}ansible_connection=local\n");
    let inventory = Inventory::parse(&text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
    let spec = resolve(&inventory).unwrap();
    assert_eq!(key_mistakes(&inventory, &spec, |_| true).0, [], "no key is needed here");
}

#[test]
fn a_port_that_meets_anothers_default_is_told_where_it_is_set() {
    let text = load("[masters]\na\n[all:vars]\nmesoform_quorum_client_port=8080\n");
    insta::assert_snapshot!(text.unwrap_err(), @r"
    demo.ini:4:1: mesoform_scheduler_port and mesoform_quorum_client_port are both 8080
        give each its own port
    ");
}

#[test]
fn whom_tasks_run_as_is_the_name_of_a_user() {
    let with = |value: &str| load(&format!("[masters]\na mesoform_task_user={value}\n"));
    assert_eq!(with("www-data").unwrap().options.task_user, "www-data");
    assert_eq!(load("[masters]\na\n").unwrap().options.task_user, "mesoform-task");
    for wrong in ["\"\"", "a:b", "1000", "../x"] {
        let text = with(wrong).unwrap_err().to_string();
        assert!(text.contains("the name of a user of the agents' hosts"), "{text}");
    }
}

#[test]
fn only_root_may_listen_on_low_ports_and_only_the_agent_is_root() {
    let low =
        "mesoform_quorum_client_port=79\nmesoform_scheduler_port=80\nmesoform_agent_port=81\n";
    let text = load(&format!("[masters]\na\n[all:vars]\n{low}"));
    insta::assert_snapshot!(text.unwrap_err(), @r"
    demo.ini:4:1: mesoform_quorum_client_port is 79, and ports below 1024 are root's: the quorum runs as a user without rights
        set it to 1024 or higher; where clients need 79, put a proxy or a redirection of the firewall before it
    demo.ini:5:1: mesoform_scheduler_port is 80, and ports below 1024 are root's: the scheduler runs as a user without rights
        set it to 1024 or higher; where clients need 80, put a proxy or a redirection of the firewall before it
    ");
    load("[masters]\na\n[all:vars]\nmesoform_scheduler_port=1024\n").unwrap();
}
