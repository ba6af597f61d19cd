use super::*;
use crate::reload::ReloadingKey;
use std::time::Instant;

const LATER: Duration = Duration::from_secs(3);

fn reloading(paths: &PkiPaths) -> ReloadingKey {
    ReloadingKey::load(paths, std::fs::read_to_string(&paths.ca).unwrap()).unwrap()
}

#[test]
fn a_renewed_certificate_is_picked_up() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let key = reloading(&install(&authority, dir.path(), Role::Agent));
    let (start, old) = (Instant::now(), key.current_at(Instant::now()));
    install(&authority, dir.path(), Role::Agent);
    assert_eq!(key.current_at(start).cert, old.cert, "the files are not looked at on every call");
    assert_ne!(key.current_at(start + LATER).cert, old.cert);
}

#[test]
fn a_half_written_pair_waits_for_its_other_half() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let paths = install(&authority, dir.path(), Role::Agent);
    let key = reloading(&paths);
    let (start, old) = (Instant::now(), key.current_at(Instant::now()));
    let request = KeyRequest::generate().unwrap();
    let chain = authority.sign(&request.csr_pem, &grant(Role::Agent)).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    assert_eq!(key.current_at(start + LATER).cert, old.cert);
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    assert_ne!(key.current_at(start + 2 * LATER).cert, old.cert);
}

#[test]
fn another_ones_certificate_is_not_picked_up() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = Authority::create("demo").unwrap();
    let paths = install(&authority, dir.path(), Role::Agent);
    let key = reloading(&paths);
    let (start, old) = (Instant::now(), key.current_at(Instant::now()));
    let foreign = install(&authority, other.path(), Role::Master);
    std::fs::copy(foreign.key, &paths.key).unwrap();
    std::fs::copy(foreign.cert, &paths.cert).unwrap();
    assert_eq!(key.current_at(start + LATER).cert, old.cert);
    std::fs::remove_file(&paths.cert).unwrap();
    assert_eq!(key.current_at(start + 2 * LATER).cert, old.cert);
}

#[test]
fn what_others_would_not_accept_is_not_picked_up() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::create("demo").unwrap();
    let key = reloading(&install(&authority, dir.path(), Role::Agent));
    let (start, old) = (Instant::now(), key.current_at(Instant::now()));
    let ended = Grant { lifetime: Duration::ZERO, ..grant(Role::Agent) };
    install_granted(&authority, dir.path(), &ended);
    assert_eq!(key.current_at(start + LATER).cert, old.cert, "it has ended");
    install(&Authority::create("demo").unwrap(), dir.path(), Role::Agent);
    assert_eq!(key.current_at(start + 2 * LATER).cert, old.cert, "another CA signed it");
    install(&authority, dir.path(), Role::Agent);
    assert_ne!(key.current_at(start + 3 * LATER).cert, old.cert);
}
