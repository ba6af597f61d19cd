use super::rig::plan;
use crate::apply_local;
use mesoform_identity::{Authority, Grant, Identity, Role};
use mesoform_plan::{Ownership, Plan, SecretText, SigningRequest, Step, sha256_hex};
use mesoform_settings::PkiPaths;
use std::path::Path;

fn here(dir: &Path, ca: &Authority) -> Plan {
    let pki = dir.join("pki");
    let mine = Ownership::mine;
    plan(vec![
        Step::Directory { path: pki.clone(), ownership: mine(0o700) },
        Step::File {
            path: pki.join("ca.crt"),
            ownership: mine(0o644),
            content: ca.certificate_pem().into(),
        },
        Step::Certificate {
            dir: pki,
            role: "quorum".into(),
            owner: String::new(),
            host: "localhost".into(),
            dns: vec!["localhost".into()],
            ips: vec!["127.0.0.1".parse().unwrap()],
            ca_fingerprint: ca.fingerprint(),
            renew_before_s: 60,
        },
        Step::Credential {
            path: dir.join("admin"),
            ownership: mine(0o600),
            name: "admin".into(),
            sha256: sha256_hex("hunter2"),
        },
        Step::Link { path: dir.join("now"), target: "pki".into() },
    ])
}

#[test]
fn a_cluster_on_ones_own_machine() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let ca = Authority::create("prod").unwrap();
    let secrets = [("admin".to_owned(), SecretText::new("hunter2"))].into();
    let mut signed = 0;
    let mut apply = || {
        apply_local(&here(&dir, &ca), &secrets, |request: &SigningRequest| {
            signed += 1;
            let role: Role = request.role.parse()?;
            let mut grant = Grant::new(role, &request.host);
            (grant.dns, grant.ips) = (request.dns.clone(), request.ips.clone());
            ca.sign(&request.csr_pem, &grant)
        })
    };
    assert_eq!(apply().unwrap().len(), 5);
    assert_eq!(apply().unwrap(), []);
    assert_eq!(signed, 1);
    let identity = Identity::load(&PkiPaths::in_dir(&dir.join("pki"), "quorum")).unwrap();
    assert_eq!((identity.role(), identity.host()), (Role::Quorum, "localhost"));
}

#[test]
fn what_needs_root_is_refused_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("x");
    let steps = vec![
        Step::Directory { path: path.clone(), ownership: Ownership::mine(0o700) },
        Step::Unit { name: "a.service".into(), enabled: true, inputs: Vec::new() },
    ];
    let sign = |_: &SigningRequest| Err::<String, _>("never asked");
    let error = apply_local(&plan(steps), &Default::default(), sign).unwrap_err().to_string();
    assert!(error.contains("step 1: a systemd unit cannot be made without root"), "{error}");
    assert!(!path.exists());
}
