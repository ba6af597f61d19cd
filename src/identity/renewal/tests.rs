use super::*;
use crate::{Authority, KeyRequest, inspect, write_public, write_secret};
use jiff::ToSpan;
use mesoform_settings::PkiPaths;
use rcgen::{CertificateParams, KeyPair, SanType};

/// A root, and the CA of a master below it.
struct Bench {
    root: Authority,
    issuer: RenewalAuthority,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let root = Authority::create("demo").unwrap();
        let issuer = issuer(&root);
        Self { root, issuer, now: Timestamp::now() }
    }

    fn decide(&self, shown: &CertInfo) -> Result<Leaf, Refusal> {
        decide(shown, &KeyRequest::generate().unwrap().csr_pem, &self.issuer, self.now)
    }
}

fn issuer(root: &Authority) -> RenewalAuthority {
    let dir = tempfile::tempdir().unwrap();
    RenewalAuthority::load(&files(root, dir.path(), Role::Issuer)).unwrap()
}

fn files(root: &Authority, dir: &std::path::Path, role: Role) -> PkiPaths {
    let paths = PkiPaths::in_dir(dir, role.as_str());
    let request = KeyRequest::generate().unwrap();
    let chain = root.sign(&request.csr_pem, &Grant::new(role, "m1")).unwrap();
    write_public(&paths.ca, root.certificate_pem().as_bytes()).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    paths
}

/// A certificate that ends so many days after `now`.
fn lasting(role: Role, now: Timestamp, days: i64) -> CertInfo {
    CertInfo {
        cluster: "demo".into(),
        role,
        host: "h1".into(),
        dns: vec!["h1.example".into(), "localhost".into()],
        ips: vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        not_before: now - (90 * 24).hours(),
        not_after: now + (days * 24).hours(),
        fingerprint: String::new(),
    }
}

#[test]
fn a_renewed_certificate_says_what_the_old_one_said_and_lasts() {
    let bench = Bench::new();
    for role in Role::RENEWED {
        for days in [1, 15, 30, 31, 32] {
            let shown = lasting(role, bench.now, days);
            let leaf = bench.decide(&shown).unwrap();
            let chain = bench.issuer.sign(&leaf, bench.now).unwrap();
            let info = inspect(&chain, bench.root.certificate_pem()).unwrap();
            assert_eq!((info.peer(), &info.dns, &info.ips), (shown.peer(), &shown.dns, &shown.ips));
            let life = info.not_after.duration_since(bench.now).as_secs();
            let whole = i64::try_from(LIFETIME.as_secs()).unwrap();
            assert!((whole - 1..=whole).contains(&life), "{life}");
        }
    }
}

#[test]
fn nobody_gets_another_role_or_host_whatever_he_asks_for() {
    let bench = Bench::new();
    let mut greedy = CertificateParams::new(vec!["evil.example".to_owned()]).unwrap();
    for uri in ["mesoform://demo/operator/h1", "mesoform://demo/agent/h2"] {
        greedy.subject_alt_names.push(SanType::URI(uri.try_into().unwrap()));
    }
    let csr = greedy.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
    let shown = lasting(Role::Agent, bench.now, 10);
    let leaf = decide(&shown, &csr, &bench.issuer, bench.now).unwrap();
    let chain = bench.issuer.sign(&leaf, bench.now).unwrap();
    let info = inspect(&chain, bench.root.certificate_pem()).unwrap();
    assert_eq!((info.peer(), info.dns), (shown.peer(), shown.dns));
}

#[test]
fn what_is_no_business_of_a_master_is_refused() {
    let bench = Bench::new();
    let refused = |shown: &CertInfo| bench.decide(shown).unwrap_err();
    let now = bench.now;
    for role in [Role::Operator, Role::Issuer] {
        assert!(matches!(refused(&lasting(role, now, 10)), Refusal::Role(found) if found == role));
    }
    let foreign = CertInfo { cluster: "other".into(), ..lasting(Role::Agent, now, 10) };
    assert!(matches!(refused(&foreign), Refusal::OtherCluster { .. }));
    for ended in [0, -1, -400] {
        assert!(matches!(refused(&lasting(Role::Agent, now, ended)), Refusal::Ended(_)));
    }
    let early = CertInfo { not_before: now + 1.hours(), ..lasting(Role::Agent, now, 10) };
    assert!(matches!(refused(&early), Refusal::NotYet(_)));
    for days in [33, 90, 3650] {
        assert!(matches!(refused(&lasting(Role::Agent, now, days)), Refusal::TooEarly(_)));
    }
}

#[test]
fn requests_that_are_none_are_refused() {
    let bench = Bench::new();
    let shown = lasting(Role::Agent, bench.now, 10);
    let whole = KeyRequest::generate().unwrap().csr_pem;
    let huge = format!("{whole}{}", "#".repeat(16 << 10));
    for csr in ["", "x", &whole[..whole.len() / 2], &huge] {
        let refused = decide(&shown, csr, &bench.issuer, bench.now).unwrap_err();
        assert!(matches!(refused, Refusal::Request(_)), "{refused}");
    }
}

#[test]
fn nothing_outlives_the_masters_own_ca() {
    let bench = Bench::new();
    let shown = |now| lasting(Role::Quorum, now, 20);
    for (before_the_end, gained) in [(60, true), (22, true), (20, false), (3, false), (-5, false)] {
        let now = bench.issuer.end() - (before_the_end * 24).hours();
        let csr = KeyRequest::generate().unwrap().csr_pem;
        match decide(&shown(now), &csr, &bench.issuer, now) {
            Ok(leaf) => {
                let chain = bench.issuer.sign(&leaf, now).unwrap();
                let info = inspect(&chain, bench.root.certificate_pem()).unwrap();
                assert!(gained && info.not_after == bench.issuer.end(), "{before_the_end}");
            }
            Err(Refusal::NoGain(end)) => assert!(!gained && end == bench.issuer.end()),
            Err(other) => panic!("{before_the_end}: {other}"),
        }
    }
}

#[test]
fn hosts_ask_before_up_would_renew_and_not_before_a_master_does() {
    let now = Timestamp::now();
    let up = i64::try_from(RENEW_BEFORE.as_secs() / 86_400).unwrap();
    assert!(is_renewal_due(&lasting(Role::Agent, now, up + 1), now));
    assert!(!is_renewal_due(&lasting(Role::Agent, now, up + 2), now));
    assert!(GRANT_BEFORE > ASK_BEFORE && ASK_BEFORE > RENEW_BEFORE);
}

#[test]
fn only_a_masters_ca_is_one() {
    let (root, dir) = (Authority::create("demo").unwrap(), tempfile::tempdir().unwrap());
    let leaf = RenewalAuthority::load(&files(&root, dir.path(), Role::Master)).unwrap_err();
    assert!(leaf.to_string().contains("the certificate of a master"), "{leaf}");
    let paths = files(&root, dir.path(), Role::Issuer);
    let other = Authority::create("demo").unwrap();
    write_public(&paths.ca, other.certificate_pem().as_bytes()).unwrap();
    assert!(matches!(RenewalAuthority::load(&paths), Err(IdentityError::Untrusted { .. })));
    let foreign = files(&other, tempfile::tempdir().unwrap().path(), Role::Issuer);
    assert!(RenewalAuthority::load(&foreign).is_err(), "its folder is gone");
    write_public(&paths.ca, root.certificate_pem().as_bytes()).unwrap();
    write_secret(&paths.key, KeyRequest::generate().unwrap().key_pem.expose().as_bytes()).unwrap();
    let unpaired = RenewalAuthority::load(&paths).unwrap_err().to_string();
    assert!(unpaired.contains("another one's"), "{unpaired}");
}

#[test]
fn a_masters_ca_makes_no_other_ca() {
    let bench = Bench::new();
    let leaf = bench.decide(&lasting(Role::Agent, bench.now, 10)).unwrap();
    let middle = KeyPair::generate().unwrap();
    let request = KeyRequest::renew(&crate::Secret::new(middle.serialize_pem())).unwrap();
    let grant = Grant::new(Role::Issuer, "evil");
    let key = proven_key(&request.csr_pem).unwrap();
    let below = bench.issuer.sign(&Leaf { grant, key }, bench.now).unwrap();
    let forger = rcgen::Issuer::from_ca_cert_pem(&below, middle).unwrap();
    let params = leaf.grant.params("demo", std::time::SystemTime::now() + LIFETIME).unwrap();
    let forged = params.signed_by(&leaf.key, &forger).unwrap().pem();
    let refused = inspect(&format!("{forged}{below}"), bench.root.certificate_pem());
    assert!(matches!(refused, Err(IdentityError::Untrusted { .. })), "{refused:?}");
}
