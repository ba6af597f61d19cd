//! Whether a cluster is well, from what its hosts tell. Pure.

mod certificates;
mod masters;
mod members;

use crate::report::{HostReport, MasterView, QuorumView, SchedulerView, ServiceReport, View};
use crate::{ClusterSpec, HostSpec, Service, Stop};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Something that is wrong, and what cures it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// The host, where it is one host's.
    pub host: Option<String>,
    pub what: String,
    pub cure: String,
    /// No waiting cures it.
    pub lasting: bool,
}

impl Ailment {
    fn new(host: Option<&HostSpec>, what: impl Into<String>, cure: &str) -> Self {
        let host = host.map(|h| h.name.clone());
        Self { host, what: what.into(), cure: cure.into(), lasting: false }
    }
}

impl fmt::Display for Ailment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}: ")?;
        }
        write!(f, "{}; {}", self.what, self.cure)
    }
}

/// What hosts told, or why they did not.
pub type Reports = BTreeMap<String, Result<HostReport, Stop>>;

/// The cluster as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Health {
    pub quorum_leader: Option<String>,
    pub voters_ready: usize,
    pub leading_master: Option<String>,
    pub leading_scheduler: Option<String>,
    /// The leading scheduler is connected to a master.
    pub scheduler_connected: bool,
    pub agents_registered: usize,
    pub agents_wanted: usize,
    pub ailments: Vec<Ailment>,
    /// What will be wrong if nobody sees to it.
    pub warnings: Vec<Ailment>,
}

impl Health {
    pub fn is_well(&self) -> bool {
        self.ailments.is_empty()
    }

    /// Judges a cluster by its hosts' reports.
    pub fn of(spec: &ClusterSpec, reports: &Reports) -> Self {
        let mut health = Self::default();
        for host in &spec.hosts {
            match reports.get(&host.name) {
                Some(Ok(report)) => health.host(host, report),
                Some(Err(cause)) => {
                    let cure = "see to the host, then run `mesoform up` again";
                    health.ail(Some(host), cause.to_string(), cure);
                }
                // Left out by --limit: nothing is known of it, and that is nothing wrong.
                None => {}
            }
        }
        let views = Views::of(reports);
        health.quorum(spec, &views);
        health.members(spec, &views);
        health.masters(spec, &views);
        health.schedulers(spec, &views);
        health
    }

    fn ail(&mut self, host: Option<&HostSpec>, what: impl Into<String>, cure: &str) {
        self.ailments.push(Ailment::new(host, what, cure));
    }

    fn warn(&mut self, host: Option<&HostSpec>, what: impl Into<String>, cure: &str) {
        self.warnings.push(Ailment::new(host, what, cure));
    }

    fn host(&mut self, host: &HostSpec, report: &HostReport) {
        for service in &host.services {
            match report.services.get(service) {
                None => {
                    let what = format!("the {service} is not installed");
                    self.ail(Some(host), what, "run `mesoform up`");
                }
                Some(found) => self.service(host, *service, found),
            }
        }
    }

    fn service(&mut self, host: &HostSpec, service: Service, found: &ServiceReport) {
        let logs = format!("see `journalctl -u {}` there", service.unit());
        let up = found.is_up();
        if found.active == "inactive" {
            let cure = format!("`mesoform up` starts it; {logs} why it ended");
            return self.ail(Some(host), format!("the {service} is not running"), &cure);
        }
        let what = match (&found.error, found.status.as_str()) {
            (None, _) if up => return,
            (Some(error), _) if up => format!("the {service} does not answer: {error}"),
            (_, "") => format!("the {service} is {}", found.active),
            (_, status) => format!("the {service} is {} ({status})", found.active),
        };
        self.ail(Some(host), what, &logs);
    }

    fn quorum(&mut self, spec: &ClusterSpec, views: &Views) {
        let all = || views.quorum.iter().map(|(_, view)| *view);
        self.voters_ready = all().filter(|view| view.is_led(all())).count();
        let leader =
            views.quorum.iter().find(|(_, v)| v.leader_id != 0 && v.leader_id == v.member_id);
        self.quorum_leader = leader.map(|(host, _)| (*host).to_owned());
        let voters = || spec.with(Service::Quorum).map(|h| h.name.as_str());
        if self.voters_ready > 0 || !voters().any(|host| views.asked.contains(&host)) {
            return;
        }
        if voters().any(|host| views.told.contains(&host)) {
            let what = format!(
                "the quorum has no consensus: no voter knows a leader ({} of {} must be up)",
                spec.majority(),
                spec.voters().len()
            );
            self.ail(None, what, "bring it back with `mesoform restart zookeeper-equivalent`");
        } else {
            let what = "nothing is known of the quorum: none of its hosts could be asked";
            self.ail(None, what, "see to them first");
        }
    }

    fn schedulers(&mut self, spec: &ClusterSpec, views: &Views) {
        let Some((host, view)) = views.schedulers.iter().find(|(_, view)| view.leading) else {
            let answered = views.schedulers.len();
            return self.nobody_leads(spec, views, Service::Scheduler, answered);
        };
        self.leading_scheduler = Some((*host).to_owned());
        self.scheduler_connected = view.connected_master.is_some();
        if !self.scheduler_connected {
            let what = "the leading scheduler is not connected to a master";
            self.ail(None, what, "see `journalctl -u mesoform-scheduler` on its host");
        }
    }

    /// Nothing is known where none of them answered, or where --limit left out one that may lead.
    fn nobody_leads(
        &mut self,
        spec: &ClusterSpec,
        views: &Views,
        service: Service,
        answered: usize,
    ) {
        let every = |hosts: &[&str]| spec.with(service).all(|h| hosts.contains(&h.name.as_str()));
        if answered == 0 || !every(&views.asked) {
            return;
        }
        if every(&views.told) {
            let what = format!("no {service} leads");
            self.ail(None, what, "wait some seconds; if it stays so, see to the quorum");
        } else {
            let what = format!("no {service} leads among those that could be asked");
            self.ail(None, what, "see to the other hosts first");
        }
    }
}

/// The services' own words, by host.
#[derive(Default)]
struct Views<'a> {
    asked: Vec<&'a str>,
    /// Those that answered.
    told: Vec<&'a str>,
    quorum: Vec<(&'a str, &'a QuorumView)>,
    masters: Vec<(&'a str, &'a MasterView)>,
    schedulers: Vec<(&'a str, &'a SchedulerView)>,
}

impl<'a> Views<'a> {
    fn of(reports: &'a Reports) -> Self {
        let mut views = Self::default();
        for (host, report) in reports {
            views.asked.push(host);
            let Ok(report) = report else { continue };
            views.told.push(host);
            for view in report.services.values().filter_map(|s| s.view.as_ref()) {
                match view {
                    View::Quorum(view) => views.quorum.push((host, view)),
                    View::Master(view) => views.masters.push((host, view)),
                    View::Scheduler(view) => views.schedulers.push((host, view)),
                    View::Agent(_) => {}
                }
            }
        }
        views
    }
}

#[cfg(test)]
mod tests;
