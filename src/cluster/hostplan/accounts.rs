//! Whose things are: on a host of a cluster, and on a machine of one's own.

use crate::spec::TASK_USER;
use crate::{HostSpec, Places, Service};
use mesoform_plan::{Ownership, Step};
use std::path::PathBuf;

/// The users of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accounts {
    /// One per service, so that none reads another's key or data.
    OfServices,
    /// Everything belongs to whoever carries the plan out.
    Mine,
}

impl Accounts {
    /// Who runs `service`, and whose its key and data are.
    pub fn of(self, service: Service) -> &'static str {
        match self {
            Self::Mine => "",
            Self::OfServices => account(service),
        }
    }

    /// The owner of what services only read.
    pub fn root(self) -> &'static str {
        match self {
            Self::Mine => "",
            Self::OfServices => "root",
        }
    }

    /// What is root's, whoever that is.
    pub fn roots(self, mode: u32) -> Ownership {
        Ownership::new(self.root(), self.root(), mode)
    }
}

fn account(service: Service) -> &'static str {
    match service {
        Service::Quorum => "mesoform-quorum",
        Service::Master => "mesoform-master",
        Service::Scheduler => "mesoform-scheduler",
        // It starts tasks as whoever they are to be.
        Service::Agent => "root",
    }
}

/// The users that a host needs. One that tasks are to run as by the operator's wish is his to make.
pub(super) fn users(host: &HostSpec, places: &Places, task_user: &str) -> Vec<Step> {
    let mut users: Vec<Step> = host
        .services
        .iter()
        .filter(|service| **service != Service::Agent)
        .map(|service| Step::User {
            name: account(*service).into(),
            home: places.var.join(service.name()),
        })
        .collect();
    if host.runs(Service::Agent) && task_user == TASK_USER {
        // Its tasks' homes are their sandboxes.
        users.push(Step::User { name: TASK_USER.into(), home: PathBuf::from("/nonexistent") });
    }
    users
}

/// None of the users that mesoform makes.
pub(super) fn no_users() -> impl Iterator<Item = Step> {
    let services = Service::ALL.into_iter().filter(|service| *service != Service::Agent);
    let names = services.map(account).chain([TASK_USER]);
    names.map(|name| Step::UserAbsent { name: name.into() })
}
