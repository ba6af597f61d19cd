//! Folders, the binary and its links, identity and credentials.

use super::accounts::Accounts;
use super::{BinaryRef, Blueprint, Local, renewal};
use crate::{HostSpec, Places, Service};
use mesoform_identity::{CREDENTIALS, RENEW_BEFORE};
use mesoform_plan::{Ownership, Step, place, wants_link};
use sha2::{Digest, Sha256};
use std::path::Path;

fn directory(path: &Path, user: &str, mode: u32) -> Step {
    Step::Directory { path: path.to_owned(), ownership: Ownership::new(user, user, mode) }
}

pub(super) fn directories(host: &HostSpec, places: &Places, accounts: Accounts) -> Vec<Step> {
    let root = accounts.root();
    let mut steps = Vec::new();
    if accounts != Accounts::Mine {
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
        let mode = if *service == Service::Agent { 0o711 } else { 0o700 };
        steps.push(directory(&places.var.join(service.name()), accounts.of(*service), mode));
    }
    steps
}

/// What a restore that was given up has prepared, and nobody's data are: the next one begins with the backup
/// anew. As the crate `quorum` names it.
const STAGED: &str = ".staged";

pub(super) fn left_over(host: &HostSpec, places: &Places) -> Option<Step> {
    let path = places.var.join(Service::Quorum.name()).join(STAGED);
    host.runs(Service::Quorum).then_some(Step::Absent { path, recursive: true })
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

/// What a document brought for the first boot, to fetch the binary and to join: whoever brings and signs all
/// himself has no need of it, and the services would wait for what may never come.
pub(super) fn no_first_boot() -> Vec<Step> {
    let absent = |path| Step::Absent { path, recursive: false };
    let units = [place::JOIN_UNIT, place::FETCH_UNIT];
    let mut steps: Vec<Step> = Vec::new();
    for unit in units {
        steps.push(Step::UnitAbsent { name: unit.to_owned() });
        steps.push(absent(wants_link(unit)));
    }
    steps.extend([place::JOIN, place::JOIN_KEYS].map(|path| absent(path.into())));
    steps
}

/// Which version a service runs is a link of its own, so that an upgrade can go service by service.
pub(super) fn link(places: &Places, service: Service) -> std::path::PathBuf {
    places.bin.join(format!("mesoform-{service}"))
}

pub(super) fn identity(blueprint: &Blueprint, local: &Local, accounts: Accounts) -> Vec<Step> {
    let (dns, ips) = local.host.subject_names();
    let mut steps = vec![
        Step::File {
            path: local.places.etc.join("cluster"),
            ownership: accounts.roots(0o644),
            content: format!("{} {}\n", local.spec.name, blueprint.ca_fingerprint),
        },
        Step::File {
            path: local.places.pki.join("ca.crt"),
            ownership: accounts.roots(0o644),
            content: blueprint.ca_pem.to_owned(),
        },
    ];
    for service in &local.host.services {
        steps.push(Step::Certificate {
            dir: local.places.pki.clone(),
            role: service.role().to_string(),
            owner: accounts.of(*service).into(),
            // The name that the agent shows: the master compares the two.
            host: local.host.hostname.clone(),
            dns: dns.clone(),
            ips: ips.clone(),
            ca_fingerprint: blueprint.ca_fingerprint.to_owned(),
            renew_before_s: RENEW_BEFORE.as_secs(),
        });
    }
    steps.extend(renewal::issuer(blueprint, local, accounts));
    if let Some(credentials) = blueprint.credentials {
        let sha256 = hex::encode(Sha256::digest(credentials));
        for service in local.host.services.iter().filter(|s| **s != Service::Quorum) {
            steps.push(Step::Credential {
                path: local.places.credentials(*service),
                ownership: Ownership::new(accounts.root(), accounts.of(*service), 0o640),
                name: CREDENTIALS.into(),
                sha256: sha256.clone(),
            });
        }
    }
    steps
}
