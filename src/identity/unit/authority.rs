use super::*;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, SanType};

#[test]
fn a_certificate_says_what_the_grant_says() {
    let authority = Authority::create("demo").unwrap();
    let request = KeyRequest::generate().unwrap();
    let chain = authority.sign(&request.csr_pem, &grant(Role::Master)).unwrap();
    let info = inspect(&chain, authority.certificate_pem()).unwrap();
    assert_eq!(
        (info.cluster.as_str(), info.role, info.host.as_str()),
        ("demo", Role::Master, "h1")
    );
    assert_eq!(info.dns, ["localhost", "h1.example"]);
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    assert_eq!(info.ips, loopback);
    let life = info.not_before.duration_until(info.not_after);
    assert_eq!(life, SignedDuration::try_from(LIFETIME + BACKDATE).unwrap());
}

#[test]
fn nothing_but_the_key_is_taken_from_a_request() {
    let authority = Authority::create("demo").unwrap();
    let mut greedy = CertificateParams::new(vec!["evil.example".to_owned()]).unwrap();
    greedy.distinguished_name.push(DnType::CommonName, "operator@evil");
    let uri = "mesoform://demo/operator/evil".try_into().unwrap();
    greedy.subject_alt_names.push(SanType::URI(uri));
    let key = KeyPair::generate().unwrap();
    let csr = greedy.serialize_request(&key).unwrap().pem().unwrap();
    let chain = authority.sign(&csr, &Grant::new(Role::Agent, "h1")).unwrap();
    let info = inspect(&chain, authority.certificate_pem()).unwrap();
    assert_eq!((info.role, info.host.as_str()), (Role::Agent, "h1"));
    assert!(info.dns.is_empty() && info.ips.is_empty());
}

#[test]
fn a_request_that_its_key_did_not_sign_is_refused() {
    let authority = Authority::create("demo").unwrap();
    let csr = KeyRequest::generate().unwrap().csr_pem;
    let body: String = csr.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, body).unwrap();
    let last = der.len() - 1;
    der[last] ^= 1;
    let body = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, der);
    let forged =
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n");
    let refused = authority.sign(&forged, &grant(Role::Agent));
    assert!(matches!(refused, Err(IdentityError::Request { .. })), "{refused:?}");
}

#[test]
fn only_p256_is_signed() {
    let authority = Authority::create("demo").unwrap();
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
        let refused = authority.sign(&csr, &grant(Role::Agent));
        assert!(matches!(refused, Err(IdentityError::Request { .. })), "{refused:?}");
    }
    for nonsense in
        ["", "x", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"]
    {
        assert!(authority.sign(nonsense, &grant(Role::Agent)).is_err());
    }
}

#[test]
fn a_foreign_certificate_is_untrusted() {
    let (ours, theirs) = (Authority::create("demo").unwrap(), Authority::create("demo").unwrap());
    let request = KeyRequest::generate().unwrap();
    let chain = theirs.sign(&request.csr_pem, &grant(Role::Agent)).unwrap();
    let refused = inspect(&chain, ours.certificate_pem());
    assert!(matches!(refused, Err(IdentityError::Untrusted { .. })), "{refused:?}");
}

#[test]
fn what_lies_in_a_folder_is_read_with_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let paths = install(&authority, dir.path(), Role::Agent);
    let ca = inspect_ca_file(&paths.ca).unwrap();
    assert_eq!((ca.cluster.as_str(), ca.fingerprint), ("demo", authority.fingerprint()));
    let agent = inspect_file(&paths.cert, &paths.ca).unwrap();
    assert!(agent.not_after < ca.not_after);
    let no_ca = inspect_ca_file(&paths.cert).unwrap_err().to_string();
    assert!(no_ca.contains("agent.crt: it is no mesoform CA"), "{no_ca}");
    assert!(inspect_file(&dir.path().join("none.crt"), &paths.ca).is_err());
}

#[test]
fn a_leaf_signs_nobody() {
    let authority = Authority::create("demo").unwrap();
    let key = KeyPair::generate().unwrap();
    let request = KeyRequest::renew(&Secret::new(key.serialize_pem())).unwrap();
    let leaf = authority.sign(&request.csr_pem, &grant(Role::Agent)).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&leaf, key).unwrap();
    let params = grant(Role::Operator)
        .params("demo", std::time::SystemTime::now() + Duration::from_secs(60))
        .unwrap();
    let forged = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().pem();
    let refused = inspect(&format!("{forged}{leaf}"), authority.certificate_pem());
    assert!(matches!(refused, Err(IdentityError::Untrusted { .. })), "{refused:?}");
}

#[test]
fn renewing_keeps_the_key_and_draws_a_new_certificate() {
    let authority = Authority::create("demo").unwrap();
    let first = KeyRequest::generate().unwrap();
    let second = KeyRequest::renew(&first.key_pem).unwrap();
    assert_eq!(first.key_pem.expose(), second.key_pem.expose());
    let prints = [first, second].map(|request| {
        let chain = authority.sign(&request.csr_pem, &grant(Role::Agent)).unwrap();
        inspect(&chain, authority.certificate_pem()).unwrap().fingerprint
    });
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn a_certificate_never_outlives_its_root() {
    let authority = Authority::create("demo").unwrap();
    let forever = Grant { lifetime: Duration::MAX, ..grant(Role::Agent) };
    let request = KeyRequest::generate().unwrap();
    let chain = authority.sign(&request.csr_pem, &forever).unwrap();
    let info = inspect(&chain, authority.certificate_pem()).unwrap();
    let years = (info.not_after.duration_since(Timestamp::now()).as_hours()) / 24 / 365;
    assert!((9..=10).contains(&years), "{years}");
}

#[test]
fn the_root_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let prints: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Authority::load_or_create(&dir, "demo").unwrap().fingerprint()))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(prints.iter().all(|print| *print == prints[0]), "{prints:?}");
    assert_eq!((mode(&dir), mode(&dir.join("ca.key"))), (0o700, 0o600));
    let other = Authority::load_or_create(&dir, "prod");
    assert!(matches!(other, Err(IdentityError::OtherCluster { .. })), "{other:?}");
}

#[test]
fn a_root_without_its_key_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    Authority::load_or_create(dir.path(), "demo").unwrap();
    std::fs::remove_file(dir.path().join("ca.key")).unwrap();
    let refused = Authority::load_or_create(dir.path(), "demo");
    assert!(matches!(refused, Err(IdentityError::KeyMissing { .. })), "{refused:?}");
}

#[test]
fn an_interrupted_creation_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let before = Authority::load_or_create(dir.path(), "demo").unwrap();
    std::fs::remove_file(dir.path().join("ca.crt")).unwrap();
    let after = Authority::load_or_create(dir.path(), "demo").unwrap();
    assert_eq!(before.key_pem().expose(), after.key_pem().expose());
}

#[test]
fn the_operator_gets_his_own_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::load_or_create(dir.path(), "demo").unwrap();
    let paths = authority.issue_operator(dir.path()).unwrap();
    assert_eq!(mode(&paths.key), 0o600);
    assert_eq!(Identity::load(&paths).unwrap().role(), Role::Operator);
    let first = std::fs::read_to_string(&paths.cert).unwrap();
    authority.issue_operator(dir.path()).unwrap();
    assert_eq!(first, std::fs::read_to_string(&paths.cert).unwrap(), "it holds, so it stays");
    std::fs::remove_file(&paths.key).unwrap();
    authority.issue_operator(dir.path()).unwrap();
    assert!(Identity::load(&paths).is_ok());
}

#[test]
fn names_that_do_not_do_are_refused() {
    for name in ["", "a/b", "a b", ".a", "a..b", "-a", "ä", &"a".repeat(64)] {
        assert!(matches!(Authority::create(name), Err(IdentityError::Name { .. })), "{name}");
    }
    let authority = Authority::create("demo").unwrap();
    let request = KeyRequest::generate().unwrap();
    let grant = Grant::new(Role::Agent, "h1/../h2");
    assert!(matches!(authority.sign(&request.csr_pem, &grant), Err(IdentityError::Name { .. })));
}
