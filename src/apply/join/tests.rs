use super::*;
use crate::unit::Rig;
use mesoform_identity::{
    Admission, Authority, Desk, Invitation, JoinBook, JoinRefusal, Reception, inspect_file,
};
use mesoform_plan::{Thing, inputs_file, sha256_hex};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const PKI: &str = "/etc/mesoform/pki";
const LINE: &str = "admin:00:11\n";
const UNIT: &str = "mesoform-agent.service";

/// A host as its document has left it, and the operator who invited it.
struct Bench {
    rig: Rig,
    root: Authority,
    book: JoinBook,
}

impl Bench {
    fn new() -> Self {
        let (rig, root) = (Rig::new(), Authority::create("prod").unwrap());
        fs::create_dir_all(rig.at(PKI)).unwrap();
        fs::write(rig.at("/etc/mesoform/pki/ca.crt"), root.certificate_pem()).unwrap();
        fs::write(rig.at("/etc/mesoform/cluster"), "prod f1\n").unwrap();
        fs::write(rig.at("/etc/systemd/system").join(UNIT), "[Service]\n").unwrap();
        let bench = Self { rig, root, book: JoinBook::default() };
        let plan = bench.plan();
        let invitation = Invitation {
            id: Invitation::new_id().unwrap(),
            cluster: "prod".into(),
            desk: Desk::Operator,
            host: "h1".into(),
            guests: None,
            made: 0,
            roles: vec![Role::Master, Role::Agent],
            dns: vec!["h1.example".into()],
            ips: Vec::new(),
            until: jiff::Timestamp::now().as_second() + 3600,
        };
        let token = SecretText::new(bench.root.invite(&invitation).unwrap().expose());
        let joining = Joining::new(&plan, token, vec!["https://192.0.2.1:1".into()]);
        fs::write(bench.rig.at(place::JOIN), joining.to_json().unwrap()).unwrap();
        bench
    }

    fn plan(&self) -> Plan {
        let certificate = |role: Role| Step::Certificate {
            dir: PKI.into(),
            role: role.to_string(),
            owner: String::new(),
            host: "h1".into(),
            dns: vec!["h1.example".into()],
            ips: Vec::new(),
            ca_fingerprint: self.root.fingerprint(),
            renew_before_s: 60,
        };
        let credential = Step::Credential {
            path: "/etc/mesoform/agent.credentials".into(),
            ownership: Ownership::mine(0o640),
            name: "credentials".into(),
            sha256: sha256_hex(LINE),
        };
        let inputs = vec![mesoform_plan::unit_file(UNIT)];
        let unit = Step::Unit { name: UNIT.into(), enabled: true, inputs };
        let steps = vec![certificate(Role::Master), certificate(Role::Agent), credential, unit];
        Plan::new("prod", "h1", steps)
    }

    fn newcomer(&self) -> Option<Newcomer> {
        Newcomer::of(self.rig.host(), self.rig.state(), |_| unreachable!()).unwrap()
    }

    fn judge(&self, request: &JoinRequest) -> Admission {
        let desk = Reception::new(Desk::Operator, self.root.certificate_pem()).unwrap();
        desk.judge(request, jiff::Timestamp::now()).unwrap()
    }

    fn answers(&mut self, request: &JoinRequest) -> std::result::Result<JoinAnswer, JoinRefusal> {
        let admission = self.judge(request);
        self.book.enter(&admission, jiff::Timestamp::now())?;
        let secrets = request.secrets.iter().map(|name| (name.clone(), LINE.to_owned()));
        let signed = admission.leaves.iter();
        let chains =
            signed.map(|(role, leaf)| (*role, self.root.sign_leaf(leaf).unwrap())).collect();
        Ok(JoinAnswer { chains, secrets: secrets.collect() })
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_host_joins_and_nothing_is_left_to_do() {
    let mut bench = Bench::new();
    let mut newcomer = bench.newcomer().unwrap();
    assert_eq!(newcomer.places(), ["https://192.0.2.1:1"]);
    assert_eq!((newcomer.cluster(), newcomer.pin()), ("prod", bench.root.fingerprint().as_str()));
    let request = newcomer.request().unwrap().unwrap();
    assert_eq!(
        (request.host.as_str(), request.secrets.as_slice()),
        ("h1", &["credentials".to_owned()][..])
    );
    assert_eq!(mode(&bench.rig.at(place::JOIN_KEYS)), 0o600);
    let answer = bench.answers(&request).unwrap();
    newcomer.settle(answer).unwrap();

    for role in ["master", "agent"] {
        let [key, cert, _] = Step::certificate_paths(&bench.rig.at(PKI), role);
        assert_eq!((mode(&key), mode(&cert)), (0o600, 0o644));
        let info = inspect_file(&cert, &bench.rig.at(PKI).join("ca.crt")).unwrap();
        assert_eq!((info.role.as_str(), info.dns.join(" ")), (role, "h1.example".to_owned()));
    }
    assert_eq!(bench.rig.text("/etc/mesoform/agent.credentials"), LINE);
    for gone in [place::JOIN, place::JOIN_KEYS, place::LOCK] {
        assert!(!bench.rig.at(gone).exists(), "{gone}");
    }
    // systemd starts the unit, and `up` knows with what it was started.
    let left = changes(&newcomer.plan, &newcomer.observe().unwrap(), jiff::Timestamp::now());
    let left: Vec<Thing> = left.iter().map(|change| change.thing).collect();
    assert_eq!(left, [Thing::Unit], "it is to be started");
    assert!(bench.rig.at(inputs_file(UNIT).to_str().unwrap()).exists());
    assert!(bench.newcomer().is_none());
}

/// A lost answer must not keep a host out for ever.
#[test]
fn whoever_asks_again_shows_the_same_keys() {
    let mut bench = Bench::new();
    let first = bench.newcomer().unwrap().request().unwrap().unwrap();
    bench.answers(&first).unwrap();
    // The host loses its power here.
    let mut newcomer = bench.newcomer().unwrap();
    let again = newcomer.request().unwrap().unwrap();
    assert_eq!(bench.judge(&first).keys, bench.judge(&again).keys);
    let answer = bench.answers(&again).unwrap();
    newcomer.settle(answer).unwrap();

    let thief = Bench { rig: Rig::new(), ..bench };
    let (root, book) = (thief.root, thief.book);
    let mut other = Bench::new();
    // The same token, found in the user-data, with keys of its own.
    fs::write(other.rig.at("/etc/mesoform/pki/ca.crt"), root.certificate_pem()).unwrap();
    other.root = root;
    other.book = book;
    let joining = Joining::new(&other.plan(), SecretText::new(&first.token), Vec::new());
    fs::write(other.rig.at(place::JOIN), joining.to_json().unwrap()).unwrap();
    let request = other.newcomer().unwrap().request().unwrap().unwrap();
    assert!(matches!(other.answers(&request), Err(JoinRefusal::Used { .. })));
}

#[test]
fn what_was_not_asked_for_is_not_put_in_place() {
    let mut bench = Bench::new();
    let mut newcomer = bench.newcomer().unwrap();
    let request = newcomer.request().unwrap().unwrap();
    let good = bench.answers(&request).unwrap();
    let rival = Authority::create("prod").unwrap();
    let agent = request.requests[&Role::Agent].clone();
    let grant = mesoform_identity::Grant::new(Role::Agent, "h1");
    let with = |chain: String| {
        let mut answer = good.clone();
        answer.chains.insert(Role::Agent, chain);
        answer
    };
    let mut short = good.clone();
    short.chains.remove(&Role::Agent);
    let mut secret = good.clone();
    secret.secrets.insert("credentials".into(), "admin:other\n".into());
    for (answer, told) in [
        (with(rival.sign(&agent, &grant).unwrap()), "not signed by the CA"),
        (with(bench.root.sign(&agent, &grant).unwrap()), "other names"),
        (with(good.chains[&Role::Master].clone()), "prod/master/h1"),
        (short, "certificate"),
        (secret, "credentials"),
    ] {
        let words = newcomer.settle(answer).unwrap_err().failure().to_string();
        assert!(words.contains(told), "{words}");
        assert!(bench.rig.at(place::JOIN).exists());
        assert!(!bench.rig.at("/etc/mesoform/agent.credentials").exists());
    }
    newcomer.settle(good).unwrap();
}

/// Its document did not know who it is; the settings that name it come with the certificates.
#[test]
fn a_host_that_nobody_knows_says_who_it_is() {
    let mut bench = Bench::new();
    let mut plan = bench.plan();
    let address = mesoform_plan::UNKNOWN_ADDRESS;
    plan.host = mesoform_plan::UNKNOWN_NAME.to_owned();
    for step in &mut plan.steps {
        if let Step::Certificate { host, dns, ips, .. } = step {
            host.clone_from(&plan.host);
            *dns = vec![host.clone(), "localhost".into(), address.into()];
            *ips = vec!["127.0.0.1".parse().unwrap()];
        }
    }
    let content = format!("hostname: {}\naddress: {address}\n", plan.host);
    let path = "/etc/mesoform/agent.yml".into();
    plan.steps.push(Step::File { path, ownership: Ownership::mine(0o644), content });
    let invitation = Invitation {
        id: Invitation::new_id().unwrap(),
        cluster: "prod".into(),
        desk: Desk::Operator,
        host: String::new(),
        guests: Some(1),
        made: 0,
        roles: vec![Role::Master, Role::Agent],
        dns: Vec::new(),
        ips: Vec::new(),
        until: jiff::Timestamp::now().as_second() + 3600,
    };
    let token = SecretText::new(bench.root.invite(&invitation).unwrap().expose());
    let joining = Joining::new(&plan, token, vec!["https://192.0.2.1:1".into()]);
    fs::write(bench.rig.at(place::JOIN), joining.to_json().unwrap()).unwrap();
    let who = |places: &[String]| {
        assert_eq!(places.len(), 1);
        Ok(("a7".to_owned(), "192.0.2.7".parse().unwrap()))
    };
    let mut newcomer = Newcomer::of(bench.rig.host(), bench.rig.state(), who).unwrap().unwrap();
    let request = newcomer.request().unwrap().unwrap();
    assert_eq!((request.host.as_str(), request.address), ("a7", "192.0.2.7".parse().ok()));
    let answer = bench.answers(&request).unwrap();
    newcomer.settle(answer).unwrap();
    assert_eq!(bench.rig.text("/etc/mesoform/agent.yml"), "hostname: a7\naddress: 192.0.2.7\n");
    assert!(!bench.rig.at(place::JOIN).exists());
}

#[test]
fn a_ca_that_is_not_the_pinned_one_is_not_believed() {
    let bench = Bench::new();
    let other = Authority::create("prod").unwrap();
    fs::write(bench.rig.at("/etc/mesoform/pki/ca.crt"), other.certificate_pem()).unwrap();
    let error =
        Newcomer::of(bench.rig.host(), bench.rig.state(), |_| unreachable!()).err().unwrap();
    assert!(error.failure().to_string().contains("pinned"));
}

#[test]
fn a_host_that_has_all_asks_for_nothing() {
    let mut bench = Bench::new();
    let ticket = fs::read_to_string(bench.rig.at(place::JOIN)).unwrap();
    let mut newcomer = bench.newcomer().unwrap();
    let request = newcomer.request().unwrap().unwrap();
    let answer = bench.answers(&request).unwrap();
    newcomer.settle(answer).unwrap();
    // Its document was carried out once more.
    fs::write(bench.rig.at(place::JOIN), ticket).unwrap();
    let mut newcomer = bench.newcomer().unwrap();
    assert!(newcomer.request().unwrap().is_none());
    newcomer.settle(JoinAnswer::default()).unwrap();
    assert!(bench.newcomer().is_none());
}
