//! What a host gets of an etcd that stands in the quorum's place: whom to believe there, and what to
//! show. Each service that uses it has the key to itself.

use super::accounts::Accounts;
use super::{Blueprint, Local};
use crate::spec::EtcdFiles;
use crate::{Places, Service};
use mesoform_identity::ETCD_KEY;
use mesoform_plan::{Ownership, Step};
use mesoform_settings::{EtcdClient, EtcdSettings, EtcdTls, QuorumClientSettings};
use std::path::PathBuf;

/// The services that use the quorum.
const USERS: [Service; 2] = [Service::Master, Service::Scheduler];

/// Where it lies whose keys in which etcd are this cluster's: state does not move by itself.
pub(crate) fn mark(places: &Places) -> PathBuf {
    places.etc.join("etcd")
}

/// What stands there.
pub(crate) fn mark_text(keys: &str) -> String {
    format!("{keys}\n")
}

impl Local<'_> {
    /// How `service` reaches the quorum, where that is an etcd of others.
    pub(super) fn etcd_client(&self, service: Service) -> Option<QuorumClientSettings> {
        let etcd = self.spec.etcd.as_ref()?;
        let [ca, cert, key] = self.paths(service);
        let tls = etcd.tls.as_ref().map(|tls| EtcdTls {
            ca,
            client: tls.client.as_ref().map(|_| EtcdClient { cert, key }),
        });
        let settings = EtcdSettings { prefix: etcd.prefix.clone(), tls };
        Some(QuorumClientSettings { endpoints: etcd.endpoints.clone(), etcd: Some(settings) })
    }

    /// etcd's CA, the cluster's certificate for it, and the copy of its key that is the service's.
    fn paths(&self, service: Service) -> [PathBuf; 3] {
        let pki = &self.places.pki;
        ["etcd-ca.crt".to_owned(), "etcd.crt".to_owned(), format!("{service}-etcd.key")]
            .map(|name| pki.join(name))
    }

    /// The files for which `service` restarts when they change.
    pub(super) fn etcd_inputs(&self, service: Service) -> Vec<PathBuf> {
        if !USERS.contains(&service) {
            return Vec::new();
        }
        let Some(tls) = self.spec.etcd.as_ref().and_then(|etcd| etcd.tls.as_ref()) else {
            return Vec::new();
        };
        let [ca, cert, key] = self.paths(service);
        let client = tls.client.iter().flat_map(|_| [cert.clone(), key.clone()]);
        [ca].into_iter().chain(client).collect()
    }
}

/// Nothing where the quorum is the cluster's own, or the host runs nothing that uses it. What an etcd
/// does not need any more goes.
pub(super) fn steps(blueprint: &Blueprint, local: &Local, accounts: Accounts) -> Vec<Step> {
    let users: Vec<Service> = USERS.into_iter().filter(|user| local.host.runs(*user)).collect();
    let (Some(etcd), Some(first)) = (&local.spec.etcd, users.first()) else { return Vec::new() };
    let file = |path, content| Step::File { path, ownership: accounts.roots(0o644), content };
    let mut steps = vec![file(mark(local.places), mark_text(&etcd.keys()))];
    let [ca, cert, _] = local.paths(*first);
    let files = blueprint.etcd;
    steps.push(match files {
        Some(files) => file(ca, files.ca.clone()),
        None => absent(ca),
    });
    match files.and_then(|files| files.client.as_ref()) {
        Some((text, secret)) => {
            steps.push(file(cert, text.clone()));
            let sha256 = EtcdFiles::key_sha256(secret);
            steps.extend(users.iter().map(|user| Step::Credential {
                path: local.paths(*user)[2].clone(),
                ownership: Ownership::new(accounts.of(*user), accounts.of(*user), 0o600),
                name: ETCD_KEY.into(),
                sha256: sha256.clone(),
            }));
        }
        None => {
            steps.push(absent(cert));
            steps.extend(users.iter().map(|user| absent(local.paths(*user)[2].clone())));
        }
    }
    steps
}

fn absent(path: PathBuf) -> Step {
    Step::Absent { path, recursive: false }
}
