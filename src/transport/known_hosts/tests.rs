use std::path::Path;

use proptest::prelude::*;
use russh::keys::PublicKey;

use super::pattern::{hashed, wildcard};
use super::*;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILIG2T/B0l0gaqj3puu510tu9N1OkQ4znY3LYuEm5zCF";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfkNV4OS33ImTXvorZr72q4v5XhVEQKfvqsxOEJ/XaR";

fn key(text: &str) -> PublicKey {
    PublicKey::from_openssh(text).unwrap()
}

fn known(text: &str, name: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.add(text, Path::new("known_hosts"), name);
    known
}

fn verdict(text: &str, name: &str) -> String {
    match known(text, name).check(key(KEY).key_data()) {
        Verdict::Known => "known".to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::Changed(entry) => format!("changed at {}", entry.at),
        Verdict::Revoked(at) => format!("revoked at {at}"),
    }
}

#[test]
fn names_are_matched() {
    for (names, name, matches) in [
        ("web", "web", true),
        ("WEB", "web", true),
        ("web", "web2", false),
        ("web?", "web2", true),
        ("*.example.org,!db.example.org", "web.example.org", true),
        ("*.example.org,!db.example.org", "db.example.org", false),
        ("!db,*", "db", false),
        ("[web]:2222", "[web]:2222", true),
        ("web", "[web]:2222", false),
        ("[*]:2222", "[web]:2222", true),
        ("2001:db8::1", "2001:db8::1", true),
        ("", "web", false),
        (",,", "web", false),
    ] {
        let expected = if matches { "known" } else { "unknown" };
        assert_eq!(verdict(&format!("{names} {KEY}"), name), expected, "{names} for {name}");
    }
}

#[test]
fn the_place_of_the_old_key_is_told() {
    let text = format!("# first\n\nweb {OTHER}\n");
    assert_eq!(verdict(&text, "web"), "changed at known_hosts:3");
    assert_eq!(verdict(&format!("{text}web {KEY}\n"), "web"), "known");
    assert_eq!(verdict(&format!("web {KEY}\n@revoked * {KEY}"), "web"), "revoked at known_hosts:2");
}

#[test]
fn a_hashed_name_is_found_and_no_other() {
    let line = format!("{} {KEY}", hashed("web", &[7; 20]));
    assert_eq!(verdict(&line, "web"), "known");
    assert_eq!(verdict(&line, "web2"), "unknown");
}

#[test]
fn authorities_are_no_host_keys() {
    let known = known(&format!("@cert-authority *.org {KEY}"), "web.org");
    assert!(matches!(known.check(key(KEY).key_data()), Verdict::Unknown));
    assert_eq!(known.authorities().count(), 1);
}

#[test]
fn a_line_is_appended_once_and_after_one_without_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("deep/known_hosts");
    append(&file, "one", &key(KEY), false).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.trim_end()).unwrap();
    append(&file, "one", &key(KEY), true).unwrap();
    append(&file, "two", &key(OTHER), true).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(verdict(&text, "one"), "known");
    assert_eq!(verdict(&text, "two"), "changed at known_hosts:2");
}

proptest! {
    #[test]
    fn no_line_makes_the_reader_fall(text in "\\PC{0,200}", marker in "(@[a-z-]{0,16} )?") {
        let _ = verdict(&text, "web");
        let _ = verdict(&format!("{marker}{text} {KEY}"), "web");
    }

    /// The matcher against the plain recursive definition.
    #[test]
    fn wildcards_match_as_defined(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
        let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
        prop_assert_eq!(wildcard(pattern, name), defined(pattern, name));
    }
}

fn defined(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            defined(rest, name) || (!name.is_empty() && defined(pattern, &name[1..]))
        }
        (Some((p, rest)), Some((n, names))) if *p == b'?' || p == n => defined(rest, names),
        _ => false,
    }
}
