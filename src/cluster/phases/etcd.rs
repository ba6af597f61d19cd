//! An etcd in the quorum's place: what must be seen of hosts for it, and what must not have changed.

use crate::hostplan::etcd::{mark, mark_text};
use crate::preflight::Problem;
use crate::run::{HostRun, Stop};
use crate::{ClusterSpec, EtcdFiles, EtcdSpec, HostSpec, Places, Service};
use mesoform_plan::{Interest, Look, sha256_hex};
use std::net::IpAddr;

/// What is looked at on every host: whether it has part in a quorum of the cluster's own, or in an etcd.
#[derive(Debug, Clone)]
pub(super) struct EtcdLook {
    /// The keys that are wanted in an etcd.
    keys: Option<String>,
    /// Names of its members that must be known to whoever uses it.
    names: Vec<String>,
}

impl EtcdLook {
    pub fn of(spec: &ClusterSpec) -> Self {
        let endpoints = spec.etcd.iter().flat_map(|etcd| &etcd.endpoints);
        let hosts =
            endpoints.filter_map(|endpoint| endpoint.rsplit_once(':')).map(|(host, _)| host);
        let is_name = |host: &&str| !host.starts_with('[') && host.parse::<IpAddr>().is_err();
        Self {
            keys: spec.etcd.as_ref().map(EtcdSpec::keys),
            names: hosts.filter(is_name).map(str::to_owned).collect(),
        }
    }

    pub fn add_interest(&self, host: &HostSpec, interest: &mut Interest) {
        let places = Places::system();
        let look = match &self.keys {
            Some(keys) => Look::Text { wanted: sha256_hex(mark_text(keys)) },
            None => Look::Stat,
        };
        interest.look(&mark(&places), look);
        interest.look(&voters_data(&places), Look::Stat);
        if [Service::Master, Service::Scheduler].iter().any(|service| host.runs(*service)) {
            interest.names.extend(self.names.iter().cloned());
        }
    }
}

/// What goes to the hosts that use it: read before any host is asked.
pub(super) fn files(spec: &ClusterSpec) -> Result<Option<EtcdFiles>, Stop> {
    let files = spec.etcd.as_ref().map(EtcdSpec::files).transpose();
    files.map(Option::flatten).map_err(|mistakes| Stop::Refused(mistakes.to_string()))
}

/// Where a voter keeps what the quorum knows.
fn voters_data(places: &Places) -> std::path::PathBuf {
    places.var.join(Service::Quorum.name())
}

/// What the quorum knows does not go over to another one by itself: whoever changes it must know that.
pub(super) fn moved(spec: &ClusterSpec, host: &HostRun) -> Option<Problem> {
    let places = Places::system();
    let marked = host.observed.paths.get(&mark(&places));
    let Some(etcd) = &spec.etcd else {
        return marked.map(|_| Problem::QuorumWasEtcd);
    };
    if host.observed.paths.contains_key(&voters_data(&places)) {
        return Some(Problem::QuorumWasOwn { etcd: etcd.urls().join(",") });
    }
    // The text comes only where it is not the wanted one.
    let found = marked?.text.as_ref()?.trim().to_owned();
    let wanted = etcd.keys();
    (found != wanted).then_some(Problem::OtherKeys { found, wanted })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::{ExtraVars, Inventory};
    use mesoform_plan::{Kind, PathState};
    use std::path::{Path, PathBuf};

    fn spec(vars: &str) -> ClusterSpec {
        let text = format!("[masters]\nh1\n[all:vars]\n{vars}");
        let inventory =
            Inventory::parse(&text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
        crate::resolve(&inventory).unwrap()
    }

    const ETCD: &str = "mesoform_quorum_endpoints=http://e1:2379,http://10.0.0.2:2379\n\
                        mesoform_quorum_insecure=yes\n";

    fn host(spec: &ClusterSpec, there: &[(PathBuf, Option<&str>)]) -> HostRun {
        let mut host = HostRun::new(spec.hosts[0].clone());
        for (path, text) in there {
            let state = PathState {
                kind: Kind::File,
                user: "root".into(),
                group: "root".into(),
                mode: 0o644,
                sha256: None,
                target: None,
                text: text.map(str::to_owned),
            };
            host.observed.paths.insert(path.clone(), state);
        }
        host
    }

    #[test]
    fn a_quorum_does_not_become_another_one_unseen() {
        let (own, etcd) = (spec(""), spec(ETCD));
        let places = Places::system();
        let (mark, data) = (mark(&places), voters_data(&places));
        assert_eq!(moved(&own, &host(&own, &[])), None);
        assert_eq!(moved(&etcd, &host(&etcd, &[])), None);
        assert_eq!(moved(&own, &host(&own, &[(data.clone(), None)])), None);
        assert_eq!(moved(&etcd, &host(&etcd, &[(mark.clone(), None)])), None, "as it is wanted");
        let back = moved(&own, &host(&own, &[(mark.clone(), None)])).unwrap().to_string();
        assert!(
            back.contains("mesoform_quorum_endpoints") && back.contains("mesoform down"),
            "{back}"
        );
        let over = moved(&etcd, &host(&etcd, &[(data, None)])).unwrap().to_string();
        assert!(over.contains("http://e1:2379") && over.contains("mesoform down"), "{over}");
        let other =
            moved(&etcd, &host(&etcd, &[(mark, Some("/old/mesoform/\n"))])).unwrap().to_string();
        assert!(other.contains("/old/mesoform/") && other.contains("/demo/mesoform/"), "{other}");
    }

    #[test]
    fn who_uses_an_etcd_must_know_its_names() {
        let spec = spec(ETCD);
        let mut interest = Interest::default();
        EtcdLook::of(&spec).add_interest(&spec.hosts[0], &mut interest);
        assert_eq!(interest.names.iter().collect::<Vec<_>>(), ["e1"]);
    }
}
