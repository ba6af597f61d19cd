use crate::kit::Folder;
use std::net::TcpListener;

const INVENTORY: &str = "\
[masters]
m1 zoo_id=1 ansible_host=10.0.0.1
[agents]
m1
web[1:2]
[agents:vars]
rack=a
";

#[test]
fn the_inventory_in_ansibles_shapes() {
    let folder = Folder::with(INVENTORY);
    let shape =
        |line: &str| folder.call(&format!("inventory -i hosts.ini {line}")).expect(0).stdout;
    insta::assert_snapshot!("inventory graph", shape("--graph"));
    insta::assert_snapshot!("inventory list", shape("--list"));
    insta::assert_snapshot!("inventory host", shape("--host m1 -e rack=b"));
    assert_eq!(shape(""), shape("--list"));
    let unknown = folder.call("inventory -i hosts.ini --host web3").expect(1).stderr;
    assert!(unknown.contains("did you mean 'web1'?"), "{unknown}");
}

/// One host on this machine, at a port where nobody listens.
fn nobody_there() -> Folder {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    Folder::with(&format!("[masters]\nm1 ansible_host=127.0.0.1 ansible_port={port}\n"))
}

#[test]
fn a_host_that_does_not_answer_is_4_and_looking_makes_nothing_here() {
    let folder = nobody_there();
    let ended = folder.call("up --check -i hosts.ini").expect(4);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert!(lines[0].starts_with("m1: failed: does not answer at 127.0.0.1"), "{ended:?}");
    assert_eq!(lines[1], "mesoform: one host could not be reached (see above)");
    assert_eq!(ended.stdout, "");
    let ended = folder.call("status -i hosts.ini").expect(4);
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(told.matches("does not answer at 127.0.0.1").count(), 1, "{ended:?}");
    assert!(ended.stdout.contains("wrong: m1: does not answer at 127.0.0.1"), "{ended:?}");
    assert_eq!(folder.names(), ["hosts.ini"]);
}

#[test]
fn json_is_an_object_a_line() {
    let folder = nobody_there();
    let ended = folder.call("up --check -i hosts.ini --output json").expect(4);
    let events = ended.events();
    let named = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
    assert_eq!(named("phase")["phase"], "connect");
    assert_eq!(named("failure")["host"], "m1");
    assert_eq!(events.last().unwrap()["exit"], 4);

    let ended = folder.call("status -i hosts.ini --output json").expect(4);
    let status = ended.events().pop().unwrap();
    assert_eq!(status["event"], "status");
    assert!(status["hosts"]["m1"]["error"].is_string(), "{status}");
    assert_eq!(status["health"]["ailments"][0]["host"], "m1");
}
