//! The whole cluster on this machine: the same spec, plan and graph, without root, users and units.

use crate::graph::{self, Declaration};
use crate::hostplan::Blueprint;
use crate::{Admin, Auth, ClusterSpec, HostPlanError, Mistakes, Places, Service, resolve};
use mesoform_inventory::{ExtraVars, Inventory, InventoryErrors};
use mesoform_plan::Plan;
use mesoform_settings::Scheme;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The name of a cluster on one machine.
const NAME: &str = "local";

/// Why there is no such cluster.
#[derive(Debug, Error)]
pub enum AloneError {
    #[error(transparent)]
    Inventory(#[from] InventoryErrors),
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
    #[error(transparent)]
    Plan(#[from] HostPlanError),
    #[error("the cluster of this machine has no host")]
    Empty,
    #[error(
        "mesoform_quorum_endpoints is for clusters of hosts (`mesoform up -i INV`): the cluster of one \
         machine has a quorum of its own"
    )]
    Etcd,
    #[error(transparent)]
    Template(#[from] mesoform_template::TemplateError),
}

/// A cluster of this machine alone.
#[derive(Debug, Clone)]
pub struct Alone {
    pub spec: ClusterSpec,
    pub places: Places,
}

/// A service of it, ready to be supervised.
#[derive(Debug, Clone)]
pub struct AloneUnit {
    pub name: String,
    pub command: Vec<OsString>,
    pub needs: Vec<String>,
    pub log: PathBuf,
}

impl Alone {
    /// The cluster whose data lie in `root`; `-e` variables set ports and resources as elsewhere.
    ///
    /// # Errors
    /// The variables are wrong.
    pub fn new(root: &Path, extra: &ExtraVars) -> Result<Self, AloneError> {
        let inventory = Inventory::load("localhost,", extra)?;
        let mut spec = resolve(&inventory)?;
        if spec.etcd.is_some() {
            return Err(AloneError::Etcd);
        }
        spec.name = NAME.to_owned();
        spec.state_dir = root.join("operator");
        // Bound to 127.0.0.1, where whoever connects could as well read the password file.
        spec.options.scheme = Scheme::Http;
        spec.options.auth = Auth::None;
        for host in &mut spec.hosts {
            host.address = "127.0.0.1".to_owned();
        }
        Ok(Self { spec, places: Places::under(root) })
    }

    /// What this machine should look like for it.
    ///
    /// # Errors
    /// A template fails.
    pub fn plan(&self, admin: &Admin) -> Result<Plan, AloneError> {
        let templates = self.spec.templates()?;
        let fingerprint = admin.authority.fingerprint();
        let blueprint = Blueprint {
            spec: &self.spec,
            templates: &templates,
            ca_pem: admin.authority.certificate_pem(),
            ca_fingerprint: &fingerprint,
            credentials: None,
            etcd: None,
        };
        let Some(host) = self.spec.hosts.first() else {
            return Err(AloneError::Empty);
        };
        Ok(blueprint.alone(host, &self.places)?)
    }

    /// The services along the unit graph, each run by `executable`.
    pub fn units(&self, executable: &Path) -> Vec<AloneUnit> {
        let unit = |declaration: Declaration| {
            let config = self.places.etc.join(format!("{}.yml", declaration.name));
            let command: Vec<OsString> = vec![
                executable.into(),
                declaration.name.clone().into(),
                "--config".into(),
                config.into(),
            ];
            let log = self.places.var.join("log").join(format!("{}.log", declaration.name));
            AloneUnit { name: declaration.name, command, needs: declaration.needs, log }
        };
        graph::services().into_iter().map(unit).collect()
    }

    /// The ports that its services listen on.
    pub fn ports(&self) -> impl Iterator<Item = (u16, Service, &'static str)> {
        let all = self.spec.options.ports.all().into_iter();
        all.filter(|(_, _, variable)| *variable != crate::spec::ENROLMENT)
    }
}
