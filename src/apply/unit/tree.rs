use crate::tree::{Owner, Tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_link_of_the_system_is_followed_and_one_of_anybody_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().canonicalize().unwrap();
    fs::create_dir(place.join("real")).unwrap();
    symlink("real", place.join("link")).unwrap();
    let write = || {
        let tree = Tree::real().unwrap();
        tree.write(&place.join("link/a"), b"a", 0o644, Owner::default())
    };
    fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
    write().unwrap();
    fs::set_permissions(&place, PermissionsExt::from_mode(0o777)).unwrap();
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let error = write().unwrap_err().to_string();
    assert!(error.contains("is a link that is not root's alone"), "{error}");
}

#[test]
fn the_mode_of_a_link_is_not_the_mode_of_what_it_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().canonicalize().unwrap();
    fs::write(place.join("precious"), "").unwrap();
    fs::set_permissions(place.join("precious"), PermissionsExt::from_mode(0o600)).unwrap();
    symlink("precious", place.join("link")).unwrap();
    Tree::real().unwrap().own(&place.join("link"), 0o666, Owner::default()).unwrap_err();
    let mode = fs::metadata(place.join("precious")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_pipe_in_place_of_a_file_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let tree = Tree::real().unwrap();
    assert_eq!(tree.text(&path, 10).unwrap(), None);
    tree.write(&path, b"file", 0o644, Owner::default()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"file");
}

#[test]
fn what_is_flushed_later_is_as_whole_and_may_be_gone_by_then() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().canonicalize().unwrap();
    let paths = [place.join("a"), place.join("b")];
    let tree = Tree::real().unwrap();
    for path in &paths {
        tree.write_unflushed(path, b"old", 0o644, Owner::default()).unwrap();
        tree.write_unflushed(path, b"new", 0o600, Owner::default()).unwrap();
    }
    fs::remove_file(&paths[1]).unwrap();
    tree.flush(&paths.clone().into()).unwrap();
    assert_eq!(fs::read(&paths[0]).unwrap(), b"new");
    assert_eq!(fs::metadata(&paths[0]).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "no draft is left");
}
