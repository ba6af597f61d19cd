//! An etcd that is not mesoform's in the quorum's place: what the inventory may say of it, and what its
//! hosts get.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use mesoform_cluster::{
    BinaryRef, Blueprint, ClusterSpec, EtcdFiles, Mistakes, Service, notes, resolve,
};
use mesoform_identity::{Authority, Grant, KeyRequest, Role, write_public, write_secret};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{Plan, Step};
use mesoform_settings::{MasterSettings, SchedulerSettings, parse};
use mesoform_template::Templates;
use std::path::{Path, PathBuf};

fn inventory(text: &str) -> Inventory {
    Inventory::parse(text, Path::new("demo.ini"), &ExtraVars::default()).unwrap()
}

fn load(text: &str) -> Result<ClusterSpec, Mistakes> {
    resolve(&inventory(text))
}

const TLS: &str = "mesoform_quorum_endpoints=https://10.0.0.7:2379,https://etcd2:2379\n\
                   mesoform_quorum_ca_file=tls/ca.crt\n\
                   mesoform_quorum_cert_file=tls/demo.crt\n\
                   mesoform_quorum_key_file=/keys/demo.key\n";

#[test]
fn no_host_is_a_voter_and_a_zoo_id_is_passed_over() {
    let text =
        format!("[mesos_masters]\nm1 zoo_id=1\nm2 zoo_id=1\n[mesos_slaves]\ns1\n[all:vars]\n{TLS}");
    let inventory = inventory(&text);
    let spec = resolve(&inventory).unwrap();
    assert_eq!((spec.voters().len(), spec.majority()), (0, 0));
    assert_eq!(spec.with(Service::Master).count(), 2, "an even number of them does no harm");
    let etcd = spec.etcd.as_ref().unwrap();
    assert_eq!(etcd.urls(), ["https://10.0.0.7:2379", "https://etcd2:2379"]);
    assert_eq!(etcd.keys(), "/demo/mesoform/");
    let note = "demo.ini:2:4: zoo_id means nothing here, since the quorum is the etcd at \
                https://10.0.0.7:2379, https://etcd2:2379";
    assert_eq!(notes(&inventory, &spec), [note]);
    assert_eq!(
        etcd.etcdctl("get /"),
        "ETCDCTL_API=3 etcdctl --endpoints=https://10.0.0.7:2379,https://etcd2:2379 \
         --cacert=./tls/ca.crt --cert=./tls/demo.crt --key=/keys/demo.key get /"
    );
}

#[test]
fn a_list_of_hosts_has_no_voters_either() {
    let extra = ["mesoform_quorum_endpoints=http://e:1", "mesoform_quorum_insecure=yes"];
    let extra = ExtraVars::parse(&extra).unwrap();
    let spec = resolve(&Inventory::load("10.0.0.1,", &extra).unwrap()).unwrap();
    assert!(spec.voters().is_empty() && spec.hosts[0].runs(Service::Agent));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let told = load(
        "[masters]\na\n[quorum]\na\nb\n[all:vars]\nmesoform_quorum_client_port=4001\n\
         mesoform_heartbeat_ms=50\nmesoform_quorum_cert_file=demo.crt\n\
         mesoform_quorum_prefix=demo/\nmesoform_quorum_insecure=perhaps\n\
         mesoform_quorum_endpoints=https://a,http://b:2379,c:2379\n",
    );
    insta::assert_snapshot!(told.unwrap_err(), @r#"
    demo.ini:7:1: mesoform_quorum_client_port is about a quorum of mesoform's, and mesoform_quorum_endpoints names another
        take one of the two out
    demo.ini:8:1: mesoform_heartbeat_ms is about a quorum of mesoform's, and mesoform_quorum_endpoints names another
        take one of the two out
    demo.ini:9:1: mesoform_quorum_cert_file is set without mesoform_quorum_key_file
        set both
    demo.ini:10:1: mesoform_quorum_prefix is "demo/"
        set it to something like /mesoform/production
    demo.ini:11:1: mesoform_quorum_insecure is "perhaps"
        set it to yes or no
    demo.ini:12:1: mesoform_quorum_ca_file is not set
        name the CA that has signed etcd's certificates
    demo.ini:12:1: mesoform_quorum_endpoints has "c:2379", which is no https:// URL
        write it like https://10.0.0.1:2379,https://10.0.0.2:2379
    demo.ini:12:1: mesoform_quorum_endpoints has "https://a", which names no port (etcd's own is 2379)
        write it like https://10.0.0.1:2379,https://10.0.0.2:2379
    demo.ini:12:1: mesoform_quorum_endpoints is set, and the group [quorum] names voters: a, b
        take one of the two out
    "#);
}

#[test]
fn what_is_not_safe_needs_consent() {
    let with = |vars: &str| load(&format!("[masters]\na\n[all:vars]\n{vars}"));
    let plain = "mesoform_quorum_endpoints=http://127.0.0.1:2379\n";
    let told = with(plain).unwrap_err().to_string();
    assert!(told.contains("demo.ini:4:1: without TLS"), "{told}");
    assert!(told.contains("mesoform_quorum_insecure=yes"), "{told}");
    let agreed = with(&format!("{plain}mesoform_quorum_insecure=yes\n")).unwrap();
    assert!(agreed.etcd.unwrap().is_open());
    let nameless = "mesoform_quorum_endpoints=https://e:2379\nmesoform_quorum_ca_file=ca.crt\n";
    let told = with(nameless).unwrap_err().to_string();
    assert!(told.contains("cannot tell this cluster from strangers"), "{told}");
    let agreed = with(&format!("{nameless}mesoform_quorum_insecure=yes\n")).unwrap();
    assert!(agreed.etcd.unwrap().is_open());
    assert!(!with(TLS).unwrap().etcd.unwrap().is_open());
    let told = with(&format!("{plain}mesoform_quorum_ca_file=ca.crt\n")).unwrap_err().to_string();
    assert!(told.contains("the endpoints are http://"), "{told}");
}

#[test]
fn its_variables_mean_nothing_without_it() {
    let told =
        load("[masters]\na\n[all:vars]\nmesoform_quorum_key_file=k\nmesoform_quorum_prefix=/a\n");
    insta::assert_snapshot!(told.unwrap_err(), @r"
    demo.ini:4:1: mesoform_quorum_key_file is set, and mesoform_quorum_endpoints is not
        it is about an etcd that stands in the quorum's place
    demo.ini:5:1: mesoform_quorum_prefix is set, and mesoform_quorum_endpoints is not
        it is about an etcd that stands in the quorum's place
    ");
}

/// Files as an etcd's CA would sign them, and an inventory that names them.
struct Signed {
    dir: tempfile::TempDir,
    authority: Authority,
}

impl Signed {
    fn new() -> Self {
        let signed =
            Self { dir: tempfile::tempdir().unwrap(), authority: Authority::create("e").unwrap() };
        write_public(&signed.path("ca.crt"), signed.authority.certificate_pem().as_bytes())
            .unwrap();
        signed.sign("demo");
        signed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sign(&self, name: &str) {
        let request = KeyRequest::generate().unwrap();
        let chain = self.authority.sign(&request.csr_pem, &Grant::new(Role::Agent, "x")).unwrap();
        write_public(&self.path(&format!("{name}.crt")), chain.as_bytes()).unwrap();
        write_secret(&self.path(&format!("{name}.key")), request.key_pem.expose().as_bytes())
            .unwrap();
    }

    fn spec(&self, ca: &str, cert: &str, key: &str) -> ClusterSpec {
        let path = |name: &str| self.path(name).display().to_string();
        let text = format!(
            "[masters]\nm\n[schedulers]\ns\n[agents]\na\n[all:vars]\n\
             mesoform_quorum_endpoints=['https://e1:2379', 'https://e2:2379']\n\
             mesoform_quorum_ca_file={}\nmesoform_quorum_cert_file={}\n\
             mesoform_quorum_key_file={}\n",
            path(ca),
            path(cert),
            path(key)
        );
        load(&text).unwrap()
    }

    fn good(&self) -> (ClusterSpec, EtcdFiles) {
        let spec = self.spec("ca.crt", "demo.crt", "demo.key");
        let files = spec.etcd.as_ref().unwrap().files().unwrap().unwrap();
        (spec, files)
    }

    /// What is wrong, without the folder's name.
    fn told(&self, spec: &ClusterSpec) -> String {
        let told = spec.etcd.as_ref().unwrap().files().unwrap_err().to_string();
        told.replace(&self.dir.path().display().to_string(), "DIR")
    }
}

#[test]
fn files_that_cannot_be_used_are_told_where_they_are_named() {
    let signed = Signed::new();
    let told = signed.told(&signed.spec("no-ca", "no-crt", "no-key"));
    insta::assert_snapshot!(told, @r"
    demo.ini:9:1: DIR/no-ca: cannot be read: No such file or directory (os error 2)
    demo.ini:10:1: DIR/no-crt: cannot be read: No such file or directory (os error 2)
    demo.ini:11:1: DIR/no-key: cannot be read: No such file or directory (os error 2)
    ");
    signed.sign("other");
    let told = signed.told(&signed.spec("ca.crt", "demo.crt", "other.key"));
    assert!(told.starts_with("demo.ini:1") && told.contains("do not belong together"), "{told}");
    std::fs::write(signed.path("odd"), "nothing of the kind").unwrap();
    let told = signed.told(&signed.spec("odd", "demo.crt", "demo.key"));
    assert!(told.starts_with("demo.ini:9:1: ") && told.contains("no PEM certificate"), "{told}");
}

fn plan(spec: &ClusterSpec, files: Option<&EtcdFiles>, host: &str) -> Plan {
    let blueprint = Blueprint {
        spec,
        templates: &Templates::embedded().unwrap(),
        ca_pem: "-----CA-----\n",
        ca_fingerprint: "f1f2",
        credentials: Some("admin:00:11\n"),
        etcd: files,
    };
    let binary = BinaryRef { sha256: "ab".repeat(32), size: 1 };
    let plan = blueprint.host(spec.host(host).unwrap(), &binary).unwrap();
    plan.validate().unwrap();
    plan
}

fn file<'p>(plan: &'p Plan, name: &str) -> Option<&'p str> {
    plan.steps.iter().find_map(|step| match step {
        Step::File { path, content, .. } if path.ends_with(name) => Some(content.as_str()),
        _ => None,
    })
}

/// `path user mode` of what travels apart from the plan.
fn keys(plan: &Plan) -> Vec<String> {
    let key = |step: &Step| match step {
        Step::Credential { path, ownership, name, .. } if name == "etcd-key" => {
            Some(format!("{} {} {:o}", path.display(), ownership.user, ownership.mode))
        }
        _ => None,
    };
    plan.steps.iter().filter_map(key).collect()
}

#[test]
fn each_service_that_uses_it_gets_the_key_to_itself_and_no_plan_has_it() {
    let signed = Signed::new();
    let (spec, files) = signed.good();
    let (master, scheduler) = (plan(&spec, Some(&files), "m"), plan(&spec, Some(&files), "s"));
    assert_eq!(keys(&master), ["/etc/mesoform/pki/master-etcd.key mesoform-master 600"]);
    assert_eq!(keys(&scheduler), ["/etc/mesoform/pki/scheduler-etcd.key mesoform-scheduler 600"]);
    assert_eq!(file(&master, "pki/etcd-ca.crt"), Some(files.ca.as_str()));
    assert_eq!(file(&master, "etc/mesoform/etcd"), Some("/demo/mesoform/\n"));
    let text: MasterSettings =
        parse(file(&master, "master.yml").unwrap(), Path::new("master.yml")).unwrap();
    assert_eq!(text.quorum.endpoints, ["e1:2379", "e2:2379"]);
    let etcd = text.quorum.etcd.unwrap();
    assert_eq!(etcd.prefix, "/demo");
    let client = etcd.tls.unwrap().client.unwrap();
    assert_eq!(client.key, Path::new("/etc/mesoform/pki/master-etcd.key"));
    let text: SchedulerSettings =
        parse(file(&scheduler, "scheduler.yml").unwrap(), Path::new("scheduler.yml")).unwrap();
    assert_eq!(text.quorum.endpoints.len(), 2);
    for plan in [&master, &scheduler] {
        let json = plan.to_json().unwrap();
        let (_, key) = files.client.as_ref().unwrap();
        let line = key.expose().lines().nth(1).unwrap();
        assert!(!json.contains(line) && !json.contains("PRIVATE"), "{json}");
        assert!(!json.contains("mesoform-quorum\"") && !json.contains("quorum.yml"), "{json}");
    }
    assert!(!format!("{files:?}").contains("PRIVATE"));
    // A new certificate is a reason to start again.
    let inputs = master.steps.iter().find_map(|step| match step {
        Step::Unit { name, inputs, .. } if name == "mesoform-master.service" => Some(inputs),
        _ => None,
    });
    let named = |name: &str| inputs.unwrap().iter().any(|path| path.ends_with(name));
    assert!(named("etcd-ca.crt") && named("etcd.crt") && named("master-etcd.key"));
}

#[test]
fn hosts_without_masters_and_schedulers_get_nothing_of_it() {
    let signed = Signed::new();
    let (spec, files) = signed.good();
    let json = plan(&spec, Some(&files), "a").to_json().unwrap();
    assert!(!json.contains("etcd"), "{json}");
}

#[test]
fn files_that_are_not_needed_any_more_go() {
    let spec = load(
        "[masters]\nm\n[all:vars]\nmesoform_quorum_endpoints=http://e:2379\n\
         mesoform_quorum_insecure=yes\n",
    )
    .unwrap();
    let gone: Vec<String> = plan(&spec, None, "m")
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Absent { path, .. } => Some(path.display().to_string()),
            _ => None,
        })
        .collect();
    let pki = |name: &str| format!("/etc/mesoform/pki/{name}");
    for name in ["etcd-ca.crt", "etcd.crt", "master-etcd.key", "scheduler-etcd.key"] {
        assert!(gone.contains(&pki(name)), "{gone:?}");
    }
}
