//! ClusterSpec → one plan per host. Nothing else knows what a host of a cluster looks like.

mod acceptance;
mod accounts;
pub(crate) mod etcd;
mod extras;
mod layout;
mod removal;
mod renewal;
mod retirement;
mod services;
mod settings;

pub use acceptance::acceptance;
pub use removal::removal;
pub(crate) use retirement::{ending, last_copies, marks, retirement};
pub(crate) use settings::Local;

use crate::{ClusterSpec, EtcdFiles, HostPlanError, HostSpec, Places};
use accounts::Accounts;
use mesoform_plan::{FORMAT, Plan, Step};
use mesoform_settings::Launcher;
use mesoform_template::Templates;

/// How many versions stay on a host that nothing uses any more: the way back.
const SPARE_VERSIONS: usize = 2;

/// The binary that a host is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryRef {
    /// Hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What the plans of a cluster's hosts have in common.
pub struct Blueprint<'a> {
    pub spec: &'a ClusterSpec,
    pub templates: &'a Templates,
    /// The root CA's certificate (PEM) and its SHA-256.
    pub ca_pem: &'a str,
    pub ca_fingerprint: &'a str,
    /// The line of accepted credentials, whose content travels apart from the plan.
    pub credentials: Option<&'a str>,
    /// What goes to the hosts for an etcd in the quorum's place; none where nothing does, or only units
    /// are wanted.
    pub etcd: Option<&'a EtcdFiles>,
}

impl Blueprint<'_> {
    /// The plan of `host`, which runs `binary` under systemd.
    ///
    /// # Errors
    /// A template fails, or renders settings that the service would not read.
    pub fn host(&self, host: &HostSpec, binary: &BinaryRef) -> Result<Plan, HostPlanError> {
        let places = Places::system();
        let local = Local {
            spec: self.spec,
            host,
            places: &places,
            bind: settings::ANYWHERE,
            launcher: Launcher::Systemd,
        };
        let accounts = Accounts::OfServices;
        let mut steps = accounts::users(host, &places, &self.spec.options.task_user);
        steps.extend(layout::directories(host, &places, accounts));
        steps.extend(layout::left_over(host, &places));
        steps.extend(layout::binary(host, &places, binary));
        steps.extend(layout::identity(self, &local, accounts));
        steps.extend(etcd::steps(self, &local, accounts));
        for service in &host.services {
            steps.extend(services::settings(self, &local, *service, accounts)?);
        }
        steps.extend(host.extras.files.iter().cloned());
        // Documents leave out what is gone: they bring these units.
        steps.extend(layout::no_first_boot());
        steps.extend(extras::units(self, &local, accounts)?);
        steps.extend(renewal::steps(self, &local, accounts)?);
        let (dir, links) = (places.opt.join("versions"), places.bin.clone());
        steps.push(Step::Versions { dir, links, spare: SPARE_VERSIONS });
        Ok(self.plan(host, steps))
    }

    /// Of the plan of `host` only its units, for a restart of what is there.
    ///
    /// # Errors
    /// As [`Blueprint::host`].
    pub fn units(&self, host: &HostSpec) -> Result<Plan, HostPlanError> {
        let nothing = BinaryRef { sha256: String::new(), size: 0 };
        let mut plan = self.host(host, &nothing)?;
        plan.steps.retain(|step| matches!(step, Step::Unit { .. }));
        Ok(plan)
    }

    /// The plan of a cluster on this machine alone: no users, no units, everything under `places`.
    ///
    /// # Errors
    /// As [`Blueprint::host`].
    pub fn alone(&self, host: &HostSpec, places: &Places) -> Result<Plan, HostPlanError> {
        let local = Local {
            spec: self.spec,
            host,
            places,
            bind: std::net::IpAddr::from([127, 0, 0, 1]),
            launcher: Launcher::Process,
        };
        let accounts = Accounts::Mine;
        let mut steps = layout::directories(host, places, accounts);
        steps.extend(layout::identity(self, &local, accounts));
        for service in &host.services {
            steps.extend(services::settings(self, &local, *service, accounts)?);
        }
        Ok(self.plan(host, steps))
    }

    fn plan(&self, host: &HostSpec, steps: Vec<Step>) -> Plan {
        Plan { format: FORMAT, cluster: self.spec.name.clone(), host: host.name.clone(), steps }
    }
}
