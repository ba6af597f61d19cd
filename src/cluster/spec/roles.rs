//! Which groups make a host what, by the names of our own and of existing Mesos inventories.

use super::Mistakes;
use crate::Service;
use mesoform_inventory::{Host, Inventory, Origin, Source};
use std::collections::BTreeSet;

const MASTERS: &[&str] =
    &["masters", "mesos_masters", "mesos-masters", "mesos_master", "mesos-master"];
const AGENTS: &[&str] = &[
    "agents",
    "mesos_agents",
    "mesos-agents",
    "mesos_agent",
    "mesos-agent",
    "mesos_slaves",
    "mesos-slaves",
    "mesos_slave",
    "mesos-slave",
];
const QUORUM: &[&str] = &["quorum"];
const SCHEDULERS: &[&str] = &["schedulers"];

/// The groups of roles, as this inventory has them.
pub(super) struct Roles {
    /// A list of hosts (`-i 'h1,h2,'`) has no groups: each host is everything.
    everything: bool,
    own_quorum: bool,
    own_schedulers: bool,
    /// An etcd of others stands in the quorum's place.
    pub without_voters: bool,
}

impl Roles {
    pub fn of(inventory: &Inventory, mistakes: &mut Mistakes) -> Self {
        let filled = |names: &[&str]| {
            names.iter().any(|n| inventory.group(n).is_some_and(|g| !g.is_empty()))
        };
        let everything = matches!(inventory.source(), Source::HostList(_));
        if !everything && !filled(MASTERS) {
            mistakes.add(
                &origin_of(inventory),
                "no host is a master",
                "put one, three or five hosts into the group [masters] (or [mesos_masters])",
            );
        }
        let (own_quorum, own_schedulers) = (filled(QUORUM), filled(SCHEDULERS));
        Self { everything, own_quorum, own_schedulers, without_voters: false }
    }

    /// What runs on `host`; nothing for a host in no group of a role.
    pub fn services(&self, host: &Host) -> BTreeSet<Service> {
        let mut services = self.with_quorum(host);
        if self.without_voters {
            services.remove(&Service::Quorum);
        }
        services
    }

    fn with_quorum(&self, host: &Host) -> BTreeSet<Service> {
        if self.everything {
            return Service::ALL.into();
        }
        let in_any = |names: &[&str]| names.iter().any(|name| host.in_group(name));
        let master = in_any(MASTERS);
        let wanted = [
            (Service::Quorum, if self.own_quorum { in_any(QUORUM) } else { master }),
            (Service::Master, master),
            (Service::Scheduler, if self.own_schedulers { in_any(SCHEDULERS) } else { master }),
            (Service::Agent, in_any(AGENTS)),
        ];
        wanted.into_iter().filter_map(|(service, runs)| runs.then_some(service)).collect()
    }
}

/// The inventory as a whole.
fn origin_of(inventory: &Inventory) -> Origin {
    match inventory.source() {
        Source::File(path) => Origin::file(&path.as_path().into()),
        Source::HostList(list) => Origin::option(&format!("-i {list}")),
    }
}
