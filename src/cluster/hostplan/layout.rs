//! Folders, the binary and its links, identity and credentials.

use super::{BinaryRef, Blueprint, Local};
use crate::{HostSpec, Places, Service};
use mesoform_plan::{Ownership, Step};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The account of quorum, master and scheduler; agents are root, since they start tasks.
pub(super) const USER: &str = "mesoform";

/// Whoever carries the plan out: on a machine of one's own everything belongs to one user.
pub(super) const ME: &str = "";

/// Certificates are renewed by `up` when less than this is left (30 of 90 days).
const RENEW_BEFORE_SECONDS: u64 = 30 * 24 * 3600;

/// The owner of what services only read.
pub(super) fn root(user: &str) -> &str {
    if user == ME { ME } else { "root" }
}

pub(super) fn owned(user: &str, mode: u32) -> Ownership {
    Ownership { user: user.into(), group: user.into(), mode }
}

fn directory(path: &Path, user: &str, mode: u32) -> Step {
    Step::Directory { path: path.to_owned(), ownership: owned(user, mode) }
}

pub(super) fn directories(host: &HostSpec, places: &Places, user: &str) -> Vec<Step> {
    let root = root(user);
    let mut steps = Vec::new();
    if user != ME {
        let folders = [places.opt.clone(), places.opt.join("versions"), places.bin.clone()];
        steps.extend(folders.iter().map(|folder| directory(folder, root, 0o755)));
    }
    steps.extend([
        directory(&places.etc, root, 0o755),
        directory(&places.pki, root, 0o755),
        directory(&places.var, root, 0o755),
    ]);
    for service in &host.services {
        // Tasks run as other users too and must reach their sandboxes; the rest is nobody's business.
        let (owner, mode) = match service {
            Service::Agent => (root, 0o711),
            _ => (user, 0o700),
        };
        steps.push(directory(&places.var.join(service.name()), owner, mode));
    }
    steps
}

pub(super) fn binary(host: &HostSpec, places: &Places, binary: &BinaryRef) -> Vec<Step> {
    let version = places.version(&binary.sha256);
    let mut steps = vec![Step::Binary {
        path: version.clone(),
        sha256: binary.sha256.clone(),
        size: binary.size,
    }];
    steps.push(Step::Link { path: places.bin.join("mesoform"), target: version.clone() });
    for service in &host.services {
        steps.push(Step::Link { path: link(places, *service), target: version.clone() });
    }
    steps
}

/// Which version a service runs is a link of its own, so that an upgrade can go service by service.
pub(super) fn link(places: &Places, service: Service) -> std::path::PathBuf {
    places.bin.join(format!("mesoform-{service}"))
}

pub(super) fn identity(blueprint: &Blueprint, local: &Local, user: &str) -> Vec<Step> {
    let root = root(user);
    let (dns, ips) = local.host.subject_names();
    let mut steps = vec![
        Step::File {
            path: local.places.etc.join("cluster"),
            ownership: owned(root, 0o644),
            content: format!("{} {}\n", local.spec.name, blueprint.ca_fingerprint),
        },
        Step::File {
            path: local.places.pki.join("ca.crt"),
            ownership: owned(root, 0o644),
            content: blueprint.ca_pem.to_owned(),
        },
    ];
    for service in &local.host.services {
        steps.push(Step::Certificate {
            dir: local.places.pki.clone(),
            role: service.role().to_string(),
            owner: if *service == Service::Agent { root.into() } else { user.into() },
            // The name that the agent shows: the master compares the two.
            host: local.host.hostname.clone(),
            dns: dns.clone(),
            ips: ips.clone(),
            ca_fingerprint: blueprint.ca_fingerprint.to_owned(),
            renew_before_s: RENEW_BEFORE_SECONDS,
        });
    }
    if let Some(credentials) = blueprint.credentials {
        steps.push(Step::Credential {
            path: local.places.etc.join("credentials"),
            ownership: Ownership { user: root.into(), group: user.into(), mode: 0o640 },
            name: "credentials".into(),
            sha256: hex::encode(Sha256::digest(credentials)),
        });
    }
    steps
}
