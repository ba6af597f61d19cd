use mesoform_identity::Role;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A service of the cluster, in the order in which they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The consensus store with the etcd v3 API.
    Quorum,
    /// Agents, offers and frameworks.
    Master,
    /// Long-running apps.
    Scheduler,
    /// Runs tasks on its host.
    Agent,
}

/// Names that operators know the services by, beside their own.
const ALIASES: &[(&str, Service)] = &[
    ("zookeeper", Service::Quorum),
    ("zookeeper-equivalent", Service::Quorum),
    ("mesos-master", Service::Master),
    ("mesos-agent", Service::Agent),
    ("mesos-slave", Service::Agent),
    ("marathon", Service::Scheduler),
];

impl Service {
    pub const ALL: [Self; 4] = [Self::Quorum, Self::Master, Self::Scheduler, Self::Agent];

    /// Its name, as in `mesoform restart NAME` and in file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Master => "master",
            Self::Scheduler => "scheduler",
            Self::Agent => "agent",
        }
    }

    /// Its systemd unit.
    pub fn unit(self) -> String {
        format!("mesoform-{}.service", self.name())
    }

    /// The role that stands in its certificate.
    pub fn role(self) -> Role {
        match self {
            Self::Quorum => Role::Quorum,
            Self::Master => Role::Master,
            Self::Scheduler => Role::Scheduler,
            Self::Agent => Role::Agent,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no service has.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "there is no service {0:?}; the services are quorum (also: zookeeper, zookeeper-equivalent), \
     master (mesos-master), scheduler (marathon) and agent (mesos-agent, mesos-slave)"
)]
pub struct UnknownService(pub String);

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, UnknownService> {
        let own = Self::ALL.into_iter().find(|s| s.name() == name);
        let alias = || ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, s)| *s);
        own.or_else(alias).ok_or_else(|| UnknownService(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_old_are_understood() {
        assert_eq!("zookeeper-equivalent".parse(), Ok(Service::Quorum));
        assert_eq!("marathon".parse(), Ok(Service::Scheduler));
        assert!("chronos".parse::<Service>().unwrap_err().to_string().contains("zookeeper"));
    }
}
