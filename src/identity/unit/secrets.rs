use super::*;

#[test]
fn a_secret_hides_in_debug() {
    let request = KeyRequest::generate().unwrap();
    let authority = Authority::create("demo").unwrap();
    assert!(!format!("{request:?}").contains("PRIVATE"));
    let shown = format!("{authority:?}");
    assert!(!shown.contains("PRIVATE"), "{shown}");
    assert_eq!(format!("{:?}", Secret::new("x".into())), "Secret(…)");
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let paths = install(&authority, dir.path(), Role::Agent);
    for open in [0o640, 0o604, 0o660] {
        std::fs::set_permissions(&paths.key, PermissionsExt::from_mode(open)).unwrap();
        let error = Identity::load(&paths).unwrap_err().to_string();
        let cure = format!("chmod 600 {}", paths.key.display());
        assert!(error.contains(&cure) && error.contains(&format!("{open:04o}")), "{error}");
    }
}

#[test]
fn writing_replaces_whole_files_and_leaves_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, "an old one, open to all and longer").unwrap();
    write_secret(&path, b"new").unwrap();
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o600));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let missing = write_secret(&dir.path().join("no/such/folder"), b"x");
    assert!(matches!(missing, Err(IdentityError::Write { .. })));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::create("demo").unwrap();
    let paths = install(&authority, one.path(), Role::Agent);
    let other = install(&authority, two.path(), Role::Agent);
    let mixed = PkiPaths { key: other.key, ..paths.clone() };
    assert!(matches!(Identity::load(&mixed), Err(IdentityError::Pair { .. })));
    let foreign = Authority::create("demo").unwrap();
    write_public(&paths.ca, foreign.certificate_pem().as_bytes()).unwrap();
    assert!(matches!(Identity::load(&paths), Err(IdentityError::Untrusted { .. })));
}

#[test]
fn a_certificate_that_has_ended_is_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let over = Grant { lifetime: Duration::ZERO, ..grant(Role::Agent) };
    let error = Identity::load(&install_granted(&authority, dir.path(), &over)).unwrap_err();
    assert!(matches!(error, IdentityError::Expired { .. }), "{error}");
    assert!(error.to_string().contains("mesoform up"), "{error}");
}
