use super::*;
use crate::unit::Rig;
use mesoform_identity::{
    Authority, Grant, KeyRequest, RenewalAuthority, decide, inspect_file, write_public,
    write_secret,
};
use std::fs;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const PKI: &str = "/etc/mesoform/pki";

/// A host with certificates, and a master that renews them.
struct Bench {
    rig: Rig,
    root: Authority,
    issuer: RenewalAuthority,
}

impl Bench {
    fn new() -> Self {
        let (rig, root) = (Rig::new(), Authority::create("prod").unwrap());
        fs::create_dir_all(rig.at(PKI)).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let issuer = install(&root, elsewhere.path(), &Grant::new(Role::Issuer, "m1"));
        Self { rig, issuer: RenewalAuthority::load(&issuer).unwrap(), root }
    }

    fn has(&self, role: Role, lifetime: Duration) -> PkiPaths {
        let dns = vec!["h1.example".to_owned()];
        install(&self.root, &self.rig.at(PKI), &Grant { dns, lifetime, ..Grant::new(role, "h1") })
    }

    fn renew(&self) -> Vec<(Role, String)> {
        self.renew_with(|request, paths| {
            let shown = inspect_file(&paths.cert, &paths.ca).map_err(|e| e.to_string())?;
            let now = Timestamp::now();
            let leaf = decide(&shown, &request.csr_pem, &self.issuer, now);
            let leaf = leaf.map_err(|e| e.to_string())?;
            self.issuer.sign(&leaf, now).map_err(|e| e.to_string())
        })
    }

    /// Each role, and the error in words.
    fn renew_with(
        &self,
        sign: impl FnMut(&SigningRequest, &PkiPaths) -> std::result::Result<String, String>,
    ) -> Vec<(Role, String)> {
        let (host, state) = (self.rig.host(), self.rig.state());
        let mut all = Certificates::of(host, state, "prod", Path::new(PKI));
        let words = |one: Renewed| (one.role, one.result.err().map_or(String::new(), told));
        all.renew(Timestamp::now(), sign).renewed.into_iter().map(words).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.rig.at(PKI))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn told(error: ApplyError) -> String {
    error.failure().to_string()
}

fn install(root: &Authority, dir: &Path, grant: &Grant) -> PkiPaths {
    let paths = PkiPaths::in_dir(dir, grant.role.as_str());
    let request = KeyRequest::generate().unwrap();
    let chain = root.sign(&request.csr_pem, grant).unwrap();
    write_public(&paths.ca, root.certificate_pem().as_bytes()).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    paths
}

fn read(paths: &PkiPaths) -> (String, String) {
    (fs::read_to_string(&paths.cert).unwrap(), fs::read_to_string(&paths.key).unwrap())
}

#[test]
fn what_is_due_is_renewed_with_a_new_key_and_what_lasts_stays() {
    let bench = Bench::new();
    let (due, lasts) = (bench.has(Role::Agent, 10 * DAY), bench.has(Role::Quorum, 80 * DAY));
    let before = [read(&due), read(&lasts)];
    assert_eq!(bench.renew(), [(Role::Agent, String::new())]);
    let after = [read(&due), read(&lasts)];
    assert!(before[0].0 != after[0].0 && before[0].1 != after[0].1);
    assert_eq!(before[1], after[1]);
    let info = inspect_file(&due.cert, &due.ca).unwrap();
    assert_eq!(
        (info.role, info.host, info.dns),
        (Role::Agent, "h1".into(), vec!["h1.example".into()])
    );
    assert!(info.not_after.duration_since(Timestamp::now()).as_hours() / 24 >= 89);
    assert!(Identity::load(&due).is_ok());
    assert_eq!(bench.renew(), []);
    assert_eq!(bench.names(), ["agent.crt", "agent.key", "ca.crt", "quorum.crt", "quorum.key"]);
}

/// What a master does with a request.
type Signs = Box<dyn Fn(&str, &Authority) -> String>;

#[test]
fn what_a_master_should_not_have_signed_is_not_put_in_place() {
    let bench = Bench::new();
    let due = bench.has(Role::Agent, 10 * DAY);
    let before = read(&due);
    let rival = Authority::create("prod").unwrap();
    let own = |grant: Grant| move |csr: &str, root: &Authority| root.sign(csr, &grant).unwrap();
    let dns = vec!["h1.example".to_owned()];
    let right = || Grant { dns: dns.clone(), ..Grant::new(Role::Agent, "h1") };
    let cases: [(Signs, &Authority, &str); 5] = [
        (
            Box::new(own(Grant { host: "h2".into(), ..right() })),
            &bench.root,
            "it is for prod/agent/h2",
        ),
        (Box::new(own(Grant { role: Role::Operator, ..right() })), &bench.root, "prod/operator/h1"),
        (Box::new(own(Grant { dns: vec![], ..right() })), &bench.root, "other names"),
        (Box::new(own(Grant { lifetime: 5 * DAY, ..right() })), &bench.root, "lasts no longer"),
        (Box::new(own(right())), &rival, "not signed by the CA"),
    ];
    for (sign, root, cause) in cases {
        let refused = bench.renew_with(|request, _| Ok(sign(&request.csr_pem, root)));
        let [(Role::Agent, words)] = refused.as_slice() else { panic!("{refused:?}") };
        assert!(words.contains(cause), "{words}");
        assert_eq!(read(&due), before);
    }
    // Another key than the one that was made here.
    let other = KeyRequest::generate().unwrap();
    let refused = bench.renew_with(|_, _| Ok(bench.root.sign(&other.csr_pem, &right()).unwrap()));
    assert!(refused[0].1.contains("do not belong together"), "{refused:?}");
    assert_eq!(read(&due), before);
    assert_eq!(bench.names(), ["agent.crt", "agent.key", "ca.crt"]);
}

#[test]
fn one_that_fails_keeps_no_other_from_it() {
    let bench = Bench::new();
    bench.has(Role::Quorum, 10 * DAY);
    let agent = bench.has(Role::Agent, 10 * DAY);
    fs::write(&agent.cert, "garbage").unwrap();
    let renewed = bench.renew();
    assert_eq!(renewed[0], (Role::Quorum, String::new()));
    assert!(renewed[1].0 == Role::Agent && !renewed[1].1.is_empty(), "{renewed:?}");
    let refused = |_: &SigningRequest, _: &PkiPaths| Err("nobody is there".to_owned());
    bench.has(Role::Master, 10 * DAY);
    let told = bench.renew_with(refused);
    assert!(told[0].0 == Role::Master && told[0].1.contains("nobody is there"), "{told:?}");
}

/// The power was lost before the key was there, and after.
#[test]
fn an_interrupted_renewal_is_ended() {
    for key_is_new in [false, true] {
        let bench = Bench::new();
        let paths = bench.has(Role::Agent, 80 * DAY);
        let old = read(&paths);
        let mark = bench.rig.at(PKI).join("agent.crt.new");
        fs::rename(&paths.cert, &mark).unwrap();
        let new = bench.has(Role::Agent, 85 * DAY);
        let new = read(&new);
        // Now the mark is the old certificate and the rest is new: swapped, it is as in a renewal.
        fs::write(&mark, &new.0).unwrap();
        fs::write(&paths.cert, &old.0).unwrap();
        let key = if key_is_new { &new.1 } else { &old.1 };
        write_secret(&paths.key, key.as_bytes()).unwrap();
        assert_eq!(bench.renew(), []);
        assert_eq!(read(&paths), if key_is_new { new } else { old });
        assert_eq!(bench.names(), ["agent.crt", "agent.key", "ca.crt"]);
    }
}

#[test]
fn nobody_is_in_an_operators_way() {
    let bench = Bench::new();
    let due = bench.has(Role::Agent, 10 * DAY);
    let before = read(&due);
    let keeper = Keeper::take(&bench.rig.state(), "ann", "run-1", &Pulse::real()).unwrap();
    let told = bench.renew();
    assert!(told[0].1.contains("ann has worked on this host"), "{told:?}");
    assert_eq!(read(&due), before);
    keeper.release().unwrap();
    assert_eq!(bench.renew(), [(Role::Agent, String::new())]);
}

#[test]
fn when_nothing_is_due_it_is_known_what_comes_next_and_when() {
    let bench = Bench::new();
    bench.has(Role::Agent, 80 * DAY);
    let first = bench.has(Role::Quorum, 60 * DAY);
    let (host, state) = (bench.rig.host(), bench.rig.state());
    let mut all = Certificates::of(host, state, "prod", Path::new(PKI));
    let round = all.renew(Timestamp::now(), |_, _| Err::<String, _>("nobody is asked"));
    assert!(round.renewed.is_empty(), "{round:?}");
    let due = renewal_due(&inspect_file(&first.cert, &first.ca).unwrap());
    assert_eq!(round.next, Some((due, Role::Quorum)));
}
