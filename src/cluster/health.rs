//! Whether a cluster is well, from what its hosts tell. Pure.

mod before;
mod certificates;
mod etcd;
mod full;
mod leaders;
mod lost;
mod masters;
mod members;
mod rivals;

pub(crate) use before::Before;
pub use etcd::etcd_members;
pub(crate) use rivals::rivals;

use crate::report::{
    AgentView, HostReport, MasterView, QuorumView, SchedulerView, ServiceReport, View,
};
use crate::{ClusterSpec, HostSpec, Service, Stop};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that is wrong, and what cures it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ailment {
    /// The host, where it is one host's.
    pub host: Option<String>,
    /// The service that is unwell, where it is one.
    pub service: Option<Service>,
    pub what: String,
    pub cure: String,
    /// No waiting cures it.
    pub lasting: bool,
    /// All that is wrong is that it was stopped.
    #[serde(skip)]
    pub stopped: bool,
}

impl Ailment {
    fn new(host: Option<&HostSpec>, what: impl Into<String>, cure: &str) -> Self {
        let host = host.map(|h| h.name.clone());
        let (what, cure) = (what.into(), cure.into());
        Self { host, service: None, what, cure, lasting: false, stopped: false }
    }

    /// The same, as one of `service`.
    fn of(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }
}

/// What a host says that has no mesoform.
pub(crate) const NOT_INSTALLED: &str = "mesoform is not installed there";

fn is_bare(report: &Result<HostReport, Stop>) -> bool {
    matches!(report, Err(Stop::Failed(cause)) if cause == NOT_INSTALLED)
}

/// One line for services of one host.
fn together(stopped: &[&Ailment]) -> String {
    let services: Vec<String> =
        stopped.iter().filter_map(|a| a.service).map(|s| s.to_string()).collect();
    let host = stopped.first().and_then(|ailment| ailment.host.as_deref()).unwrap_or_default();
    format!(
        "{host}: these services are not running: {}; `mesoform up` starts them; `journalctl -u \
         'mesoform-*'` there says why they ended",
        services.join(", ")
    )
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

    /// The ailments as an operator wants to read them: the services of a host that were stopped together
    /// are told together.
    pub fn told(&self) -> Vec<String> {
        let stopped = |host: &Option<String>| -> Vec<&Ailment> {
            self.ailments.iter().filter(|a| a.stopped && a.host == *host).collect()
        };
        let mut told: Vec<String> = Vec::new();
        for ailment in &self.ailments {
            let line = match &stopped(&ailment.host)[..] {
                [_, _, ..] if !ailment.stopped => ailment.to_string(),
                all @ [_, _, ..] => together(all),
                _ => ailment.to_string(),
            };
            if !told.contains(&line) {
                told.push(line);
            }
        }
        told
    }

    /// Judges a cluster by its hosts' reports.
    pub fn of(spec: &ClusterSpec, reports: &Reports) -> Self {
        let mut health = Self::default();
        if !reports.is_empty() && reports.values().all(is_bare) {
            let what = "mesoform is installed on none of these hosts";
            health.ail(None, what, "`mesoform up` makes the cluster run on them");
            return health;
        }
        for host in &spec.hosts {
            match reports.get(&host.name) {
                Some(Ok(report)) => health.host(host, report),
                Some(bare) if is_bare(bare) => {
                    health.ail(Some(host), NOT_INSTALLED, "`mesoform up` brings it");
                }
                Some(Err(cause)) => {
                    let cure = "see to the host, then run `mesoform up`";
                    health.ail(Some(host), cause.to_string(), cure);
                }
                // Left out by --limit: nothing is known of it, and that is nothing wrong.
                None => {}
            }
        }
        let views = Views::of(reports);
        health.quorum(spec, &views);
        health.full_disks(&views);
        health.rivals(&views);
        health.members(spec, &views);
        health.etcd(spec, reports);
        health.masters(spec, &views);
        health.schedulers(spec, &views);
        health
    }

    fn ail(&mut self, host: Option<&HostSpec>, what: impl Into<String>, cure: &str) {
        self.ailments.push(Ailment::new(host, what, cure));
    }

    fn ail_of(
        &mut self,
        service: Service,
        host: Option<&HostSpec>,
        what: impl Into<String>,
        cure: &str,
    ) {
        self.ailments.push(Ailment::new(host, what, cure).of(service));
    }

    fn warn(&mut self, host: Option<&HostSpec>, what: impl Into<String>, cure: &str) {
        self.warnings.push(Ailment::new(host, what, cure));
    }

    fn host(&mut self, host: &HostSpec, report: &HostReport) {
        for service in &host.services {
            match report.services.get(service) {
                None => {
                    let what = format!("the {service} is not installed");
                    self.ail_of(*service, Some(host), what, "run `mesoform up`");
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
            let what = format!("the {service} is not running");
            let ailment = Ailment::new(Some(host), what, &cure).of(service);
            return self.ailments.push(Ailment { stopped: true, ..ailment });
        }
        if found.is_elsewhere() {
            let what = format!(
                "the {service} runs with settings from before the last `mesoform up`, which has not \
                 restarted it; what it does is not known, since it is asked by the new ones"
            );
            let cure = "`mesoform up` restarts it, once what stopped the last one is mended";
            return self.ail_of(service, Some(host), what, cure);
        }
        let what = match (&found.error, found.status.as_str()) {
            (None, _) if up => return,
            (Some(error), _) if up => format!("the {service} does not answer: {error}"),
            (_, "") => format!("the {service} is {}", found.active),
            (_, status) => format!("the {service} is {} ({status})", found.active),
        };
        self.ail_of(service, Some(host), what, &logs);
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
        if views.elsewhere.contains(&Service::Quorum) {
            return;
        }
        if let Some((what, cure)) = lost::lost_majority(views) {
            self.ail_of(Service::Quorum, None, what, &cure);
        } else if voters().any(|host| views.told.contains(&host)) {
            let what = format!(
                "the quorum has no consensus: no voter knows a leader ({} of {} must be up)",
                spec.majority(),
                spec.voters().len()
            );
            let cure = "bring it back with `mesoform restart zookeeper-equivalent`";
            self.ail_of(Service::Quorum, None, what, cure);
        } else {
            let what = "nothing is known of the quorum: none of its hosts could be asked";
            self.ail(None, what, "see to them first");
        }
    }
}

/// The services' own words, by host.
#[derive(Default)]
struct Views<'a> {
    asked: Vec<&'a str>,
    /// Those that answered.
    told: Vec<&'a str>,
    /// Services of which some run where nobody can ask them: see [`ServiceReport::is_elsewhere`].
    elsewhere: BTreeSet<Service>,
    quorum: Vec<(&'a str, &'a QuorumView)>,
    masters: Vec<(&'a str, &'a MasterView)>,
    schedulers: Vec<(&'a str, &'a SchedulerView)>,
    agents: Vec<(&'a str, &'a AgentView)>,
}

impl<'a> Views<'a> {
    fn of(reports: &'a Reports) -> Self {
        let mut views = Self::default();
        for (host, report) in reports {
            views.asked.push(host);
            let Ok(report) = report else { continue };
            views.told.push(host);
            let elsewhere = report.services.iter().filter(|(_, found)| found.is_elsewhere());
            views.elsewhere.extend(elsewhere.map(|(service, _)| *service));
            for view in report.services.values().filter_map(|s| s.view.as_ref()) {
                match view {
                    View::Quorum(view) => views.quorum.push((host, view)),
                    View::Master(view) => views.masters.push((host, view)),
                    View::Scheduler(view) => views.schedulers.push((host, view)),
                    View::Agent(view) => views.agents.push((host, view)),
                }
            }
        }
        views
    }
}

#[cfg(test)]
mod tests;
