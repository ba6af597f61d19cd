//! `mesoform render` gives hosts tokens, and `mesoform serve` redeems them.

use crate::kit::Folder;
use mesoform_identity::{
    JOIN_PATH, JoinAnswer, JoinRequest, KeyRequest, Role, inspect, pinned_client_config,
};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::Duration;

const HOSTS: &str = "[masters]\nm1 ansible_host=10.0.0.1\n[agents]\na1 ansible_host=10.0.0.2\n[all:vars]\n\
    mesoform_artifact_url=http://127.0.0.1:8000/\nmesoform_join_url=https://127.0.0.1:8000\n";

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Folder) -> Self {
        Self::listening(folder, "127.0.0.1:0", "https://127.0.0.1:8000")
    }

    fn listening(folder: &Folder, listen: &str, join_url: &str) -> Self {
        let mut command = folder.command(&format!("serve -i hosts.ini --listen {listen}"));
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        // From here on whatever fails ends it.
        let mut server = Self { child, address: String::new() };
        let mut lines = BufReader::new(server.child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.strip_prefix("mesoform_artifact_url=http://").unwrap();
        let address = address.replace("<an address of this machine>", "127.0.0.1");
        server.address = address.strip_suffix('/').unwrap().to_owned();
        let told: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
        assert!(told[1].starts_with(&format!("mesoform_join_url={join_url}")), "{told:?}");
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a host finds on its disk.
fn ticket(folder: &Folder, host: &str) -> serde_json::Value {
    folder.with_dist("render --units -i hosts.ini -o out").expect(0);
    let path = folder.path().join("out").join(host).join("etc/mesoform/join.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn request(ticket: &serde_json::Value, roles: &[Role]) -> JoinRequest {
    let csr = |role: &Role| (*role, KeyRequest::generate().unwrap().csr_pem);
    JoinRequest {
        token: ticket["token"].as_str().unwrap().to_owned(),
        host: "a1".into(),
        address: None,
        requests: roles.iter().map(csr).collect(),
        secrets: vec!["credentials".into()],
    }
}

fn client(folder: &Folder, ticket: &serde_json::Value) -> reqwest::Client {
    let pin = ticket["plan"]["steps"][0]["ca_fingerprint"].as_str().unwrap();
    let ca = folder.read(".mesoform/hosts/ca.crt");
    let tls = pinned_client_config(&ca, pin, "hosts", &[Role::Enroller], &[b"http/1.1"]).unwrap();
    let builder = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone());
    builder.no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

async fn post(client: &reqwest::Client, url: &str, request: &JoinRequest) -> (u16, String) {
    let body = serde_json::to_string(request).unwrap();
    let answer = client.post(url).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_token_is_redeemed_once_and_over_tls_alone() {
    let folder = Folder::with_binaries(HOSTS);
    let ticket = ticket(&folder, "a1");
    assert_eq!(ticket["places"][0], "https://127.0.0.1:8000");
    let server = Server::start(&folder);
    let client = client(&folder, &ticket);
    let [plain, secret] =
        ["http", "https"].map(|scheme| format!("{scheme}://{}{JOIN_PATH}", server.address));
    let first = request(&ticket, &[Role::Agent]);
    let (status, words) = post(&client, &plain, &first).await;
    assert_eq!((status, words.contains("https:// alone")), (403, true), "{words}");
    let (status, body) = post(&client, &secret, &first).await;
    assert_eq!(status, 200, "{body}");
    let answer: JoinAnswer = serde_json::from_str(&body).unwrap();
    let ca = folder.read(".mesoform/hosts/ca.crt");
    let info = inspect(&answer.chains[&Role::Agent], &ca).unwrap();
    assert_eq!((info.role, info.host.as_str()), (Role::Agent, "a1"));
    assert!(info.ips.contains(&"10.0.0.2".parse().unwrap()));
    assert!(answer.secrets["credentials"].starts_with("admin:"));

    // Also by a server that was started again.
    drop(server);
    let server = Server::start(&folder);
    let secret = format!("https://{}{JOIN_PATH}", server.address);
    let (status, words) = post(&client, &secret, &request(&ticket, &[Role::Agent])).await;
    assert_eq!((status, words.contains("was used on")), (403, true), "{words}");
    assert_eq!(post(&client, &secret, &first).await.0, 200, "the same keys again");
    let (status, words) = post(&client, &secret, &request(&ticket, &[Role::Master])).await;
    assert_eq!((status, words.contains("the role master")), (403, true), "{words}");
    let log = folder.read("log");
    assert!(log.contains("nobody joins: this token was used on"), "{log}");
    assert!(log.contains("peer=127.0.0.1:") && !log.contains(&first.token[20..60]), "{log}");
    let book = folder.path().join(".mesoform/hosts/joined.json");
    assert_eq!(std::fs::metadata(book).unwrap().permissions().mode() & 0o777, 0o600);
}

/// README's order: `serve` says which URLs to set, and goes on as they are set.
#[tokio::test]
async fn who_serves_before_the_url_is_set_is_found_under_it() {
    let folder = Folder::with_binaries(HOSTS);
    let ticket = ticket(&folder, "a1");
    folder.write("hosts.ini", HOSTS.replace("mesoform_join_url", "unused").as_bytes());
    let listening = || Server::listening(&folder, "0.0.0.0:0", "https://<an address of this");
    let first = listening();
    // Two of them do not disturb each other.
    let _second = listening();
    let client = client(&folder, &ticket);
    let url = format!("https://{}{JOIN_PATH}", first.address);
    let (status, body) = post(&client, &url, &request(&ticket, &[Role::Agent])).await;
    assert_eq!(status, 200, "{body}");
    assert!(!folder.path().join(".mesoform/hosts/enroller.key").exists());
}

#[test]
fn who_gets_a_token() {
    let folder = Folder::with_binaries(HOSTS);
    let has = |line: &str, host: &str| {
        let _ = std::fs::remove_dir_all(folder.path().join("docs"));
        folder.with_dist(&format!("render {line} -i hosts.ini -o docs")).expect(0);
        let kind =
            ["yaml", "ign"].map(|ending| folder.path().join(format!("docs/{host}.{ending}")));
        let path = kind.iter().find(|path| path.exists()).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let secret = std::fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0;
        let has = text.contains("mesoform-join.service");
        assert!(secret || !has, "{line}: anybody could read the token");
        has
    };
    let large = "--limit-bytes 99999";
    assert!(has(&format!("--cloud-config {large}"), "m1"));
    assert!(has(&format!("--ignition {large}"), "a1"));
    assert!(!has(&format!("--cloud-config --no-token {large}"), "m1"));
    assert!(!has(&format!("--coreos {large}"), "m1"), "it is carried out at every boot");
    let masters = format!("--cloud-config --enrol-at masters {large}");
    assert!(has(&masters, "a1") && !has(&masters, "m1"));
    for (line, told) in [
        ("--token-ttl 8760h", "a time from 1m to 168h"),
        ("--token-ttl soon", "a time from 1m to 168h"),
        ("--token-ttl 1h --no-token", "cannot be used with"),
        ("-e mesoform_join_url=http://h:1", "https://HOST:PORT"),
    ] {
        let ended = folder.with_dist(&format!("render --cloud-config -i hosts.ini {line}"));
        assert!(ended.code != 0 && ended.stderr.contains(told), "{line}: {ended:?}");
    }
}

/// One document for hosts that nobody knows: their names and addresses come with them.
#[tokio::test]
async fn guests_say_who_they_are() {
    let folder = Folder::with_binaries(HOSTS);
    let line = "render --units --role agent --count 1 -i hosts.ini -o out";
    let told = folder.with_dist(line).expect(0);
    assert!(told.stderr.contains("good for 1 host"), "{told:?}");
    let path = folder.path().join("out/agent/etc/mesoform/join.json");
    let ticket: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(ticket["guest"], true);
    assert!(!folder.path().join("out/agent/etc/mesoform/agent.yml").exists());
    assert!(!folder.path().join("out/agent/etc/hostname").exists());
    let server = Server::start(&folder);
    let client = client(&folder, &ticket);
    let url = format!("https://{}{JOIN_PATH}", server.address);
    let guest = |host: &str, address: &str| JoinRequest {
        host: host.into(),
        address: address.parse().ok(),
        ..request(&ticket, &[Role::Agent])
    };
    for (request, told) in [
        (guest("m1", "127.0.0.1"), "has a host \"m1\" already"),
        (guest("a9", "10.0.0.9"), "says that it is at 10.0.0.9, but comes from 127.0.0.1"),
        (guest("a9", ""), "has to say its address"),
    ] {
        let (status, words) = post(&client, &url, &request).await;
        let words = words.replace('\\', "");
        assert_eq!((status, words.contains(told)), (403, true), "{words}");
    }
    // What comes into the inventory later counts too.
    folder.write(
        "hosts.ini",
        HOSTS.replace("a1 ansible", "a7 ansible_host=10.0.0.7\na1 ansible").as_bytes(),
    );
    let (status, words) = post(&client, &url, &guest("a7", "127.0.0.1")).await;
    assert_eq!((status, words.contains("already")), (403, true), "{words}");
    let forged = format!("a9\n{}", "x".repeat(100));
    let (status, words) = post(&client, &url, &guest(&forged, "127.0.0.1")).await;
    assert_eq!((status, words.contains(&"x".repeat(64))), (400, false), "{words}");
    let log = folder.read("log");
    assert!(log.contains("cannot be a host name") && !log.contains("\nxxx"), "{log}");
    let (status, body) = post(&client, &url, &guest("a9", "127.0.0.1")).await;
    assert_eq!(status, 200, "{body}");
    let (status, words) = post(&client, &url, &guest("a8", "127.0.0.1")).await;
    assert_eq!((status, words.contains("have joined with this token")), (403, true), "{words}");
    for (line, told) in [("--role agent --host a1", "cannot be used with"), ("--count 3", "--role")]
    {
        let ended = folder.with_dist(&format!("render --cloud-config -i hosts.ini {line}"));
        assert!(ended.code != 0 && ended.stderr.contains(told), "{line}: {ended:?}");
    }
    let coreos = folder.with_dist("render --coreos --role agent -i hosts.ini").expect(1);
    assert!(coreos.stderr.contains("have to join by themselves"), "{coreos:?}");
}
