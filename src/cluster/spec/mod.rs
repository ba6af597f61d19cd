//! The cluster that an inventory describes: validated once, and only this travels on.

mod artifact_url;
mod etcd;
mod extras;
mod host;
mod host_variables;
mod join_url;
mod keys;
mod mistake;
mod notes;
mod options;
mod reach;
mod reader;
mod resolve;
mod roles;
mod variables;
mod voters;

pub use artifact_url::ArtifactUrl;
pub use etcd::{EtcdFiles, EtcdSpec};
pub use extras::{ExtraUnit, Extras};
pub use host::HostSpec;
pub use join_url::JoinUrl;
pub use keys::key_mistakes;
pub use mistake::{Mistake, Mistakes};
pub use notes::notes;
pub(crate) use options::ENROLMENT;
pub use options::{Auth, Options, Ports, TASK_USER, Timing};
pub use resolve::{resolve, resolve_hosts};

use crate::Service;
use mesoform_settings::Scheme;
use mesoform_template::{TemplateError, Templates};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A cluster, as it is wanted.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    pub name: String,
    /// All hosts with a role, in the inventory's order.
    pub hosts: Vec<HostSpec>,
    pub options: Options,
    /// An etcd that is not mesoform's, in the quorum's place: then no host is a voter.
    pub etcd: Option<EtcdSpec>,
    /// Templates of the operator's, in the place of embedded ones (`mesoform_templates`).
    pub templates: Option<PathBuf>,
    /// The operator's folder of this cluster: root CA, admin credential, logs of runs.
    pub state_dir: PathBuf,
}

impl ClusterSpec {
    /// The hosts that run `service`.
    pub fn with(&self, service: Service) -> impl Iterator<Item = &HostSpec> {
        self.hosts.iter().filter(move |h| h.runs(service))
    }

    /// The voters in order of their slots.
    pub fn voters(&self) -> Vec<&HostSpec> {
        let mut voters: Vec<_> = self.with(Service::Quorum).collect();
        voters.sort_by_key(|h| h.slot);
        voters
    }

    /// How many voters must agree; none where the cluster has none.
    pub fn majority(&self) -> usize {
        match self.with(Service::Quorum).count() {
            0 => 0,
            voters => voters / 2 + 1,
        }
    }

    /// `https`, or `http` where it was asked for.
    pub fn scheme_word(&self) -> &'static str {
        match self.options.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The templates that this cluster's hosts are made with.
    ///
    /// # Errors
    /// What is wrong with the operator's own.
    pub fn templates(&self) -> Result<Templates, TemplateError> {
        match &self.templates {
            Some(folder) => Templates::with_folder(folder),
            None => Templates::embedded(),
        }
    }

    /// An agent whose name and address are not known yet: as the first host of the inventory that is an agent
    /// alone, where there is one.
    pub fn unknown_agent(&self) -> Option<HostSpec> {
        let only = BTreeSet::from([Service::Agent]);
        let model = self.hosts.iter().find(|host| host.services == only);
        let mut agent = model.or_else(|| self.hosts.first())?.clone();
        if model.is_none() {
            (agent.attributes, agent.resources) = Default::default();
            (agent.slot, agent.services) = (None, only);
        }
        agent.name = mesoform_plan::UNKNOWN_NAME.to_owned();
        agent.hostname.clone_from(&agent.name);
        agent.address = mesoform_plan::UNKNOWN_ADDRESS.to_owned();
        Some(agent)
    }

    pub fn host(&self, name: &str) -> Option<&HostSpec> {
        self.hosts.iter().find(|h| h.name == name)
    }
}
