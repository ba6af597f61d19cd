//! What the leading master tells: which agents are there, and what is left of frameworks.

use super::leaders::Known;
use super::{Ailment, Health, Views};
use crate::report::{FencedEntry, FrameworkEntry, MasterView};
use crate::{ClusterSpec, HostSpec, Service};

const NOT_REGISTERED: &str = "its agent is not registered with the leading master";
const AGENT_LOGS: &str = "see `journalctl -u mesoform-agent` there";

impl Health {
    pub(super) fn masters(&mut self, spec: &ClusterSpec, views: &Views) {
        self.agents_wanted = spec.with(Service::Agent).count();
        let Some((host, view)) = views.masters.iter().find(|(_, view)| view.leading) else {
            self.agents_alone(spec, views);
            let known = views.masters.iter().map(|(host, view)| (*host, view.leader.as_ref()));
            let known: Vec<Known> = known.collect();
            return self.nobody_leads(spec, views, Service::Master, &known);
        };
        self.leading_master = Some((*host).to_owned());
        for host in spec.with(Service::Agent) {
            if view.agents.iter().any(|a| a.registered && a.hostname == host.hostname) {
                self.agents_registered += 1;
            } else if let Some(agent) = view.fenced.iter().find(|f| f.hostname == host.hostname) {
                self.fenced(host, agent, view);
            } else if !self.is_stopped(host) {
                self.ail_of(Service::Agent, Some(host), NOT_REGISTERED, AGENT_LOGS);
            }
        }
        self.departed(spec, view);
        let ours = views.schedulers.iter().filter_map(|(_, view)| view.framework_id.as_deref());
        let ours: Vec<&str> = ours.collect();
        for framework in view.frameworks.iter().filter(|f| !ours.contains(&f.id.as_str())) {
            self.left_behind(framework, view);
        }
    }

    /// That its agent does not run says enough.
    fn is_stopped(&self, host: &HostSpec) -> bool {
        let agent = |a: &Ailment| a.stopped && a.service == Some(Service::Agent);
        self.ailments.iter().any(|a| agent(a) && a.host.as_ref() == Some(&host.name))
    }

    /// Agents of which the inventory does not know go on getting tasks.
    fn departed(&mut self, spec: &ClusterSpec, view: &MasterView) {
        for agent in view.agents.iter().filter(|agent| agent.registered) {
            let name = &agent.hostname;
            let cure = match spec.hosts.iter().find(|host| host.hostname == *name) {
                Some(host) if host.runs(Service::Agent) => continue,
                Some(_) => "`mesoform up --prune` takes it away",
                None => {
                    "put the host into the inventory again, and take it away with `mesoform down -l`"
                }
            };
            let what =
                format!("{name} has an agent that gets tasks, though not among the inventory's");
            self.warn(None, what, cure);
        }
    }

    /// Where the leading master was not asked, an agent's own word counts.
    fn agents_alone(&mut self, spec: &ClusterSpec, views: &Views) {
        if spec.with(Service::Master).all(|host| views.asked.contains(&host.name.as_str())) {
            return;
        }
        for (name, _) in views.agents.iter().filter(|(_, view)| !view.registered) {
            let host = spec.with(Service::Agent).find(|host| host.name == *name);
            if let Some(host) = host {
                self.ail_of(Service::Agent, Some(host), NOT_REGISTERED, AGENT_LOGS);
            }
        }
    }

    /// The agent obeys another quorum's masters, which nobody but the operator can end.
    fn fenced(&mut self, host: &HostSpec, agent: &FencedEntry, view: &MasterView) {
        let known = |quorum: &Option<String>| quorum.clone().unwrap_or_else(|| "unknown".into());
        let what = format!(
            "its agent has obeyed the masters of quorum {} up to revision {}, and refuses those of \
             quorum {} (revision {})",
            known(&agent.seen_quorum),
            agent.seen_leadership,
            known(&view.quorum),
            view.leadership.unwrap_or_default()
        );
        let cure = "if the quorum that it obeys is lost for good, run `mesoform restart agent \
                    --accept-quorum`; if not, bring that one back";
        let ailment = Ailment::new(Some(host), what, cure).of(Service::Agent);
        self.ailments.push(Ailment { lasting: true, ..ailment });
    }

    /// Tasks of a framework that is gone hold what they hold until its failover time-out ends.
    fn left_behind(&mut self, framework: &FrameworkEntry, view: &MasterView) {
        if !framework.recovered || framework.connected || framework.tasks == 0 {
            return;
        }
        let FrameworkEntry { id, name, tasks, .. } = framework;
        let tasks = if *tasks == 1 { "one task".into() } else { format!("{tasks} tasks") };
        let what =
            format!("{tasks} of the framework {name} ({id}) run on, which has not come back");
        let master = view.leader.as_ref().map_or("the leading master", |leader| &leader.http);
        let cure = format!(
            "they end with its failover time-out, or at once by POST of frameworkId={id} to \
             {master}/master/teardown"
        );
        self.warn(None, what, &cure);
    }
}
