//! What the leading master tells: which agents are there, and what is left of frameworks.

use super::{Ailment, Health, Views};
use crate::report::{FencedEntry, FrameworkEntry, MasterView};
use crate::{ClusterSpec, HostSpec, Service};

const NOT_REGISTERED: &str = "its agent is not registered with the leading master";

impl Health {
    pub(super) fn masters(&mut self, spec: &ClusterSpec, views: &Views) {
        self.agents_wanted = spec.with(Service::Agent).count();
        let Some((host, view)) = views.masters.iter().find(|(_, view)| view.leading) else {
            return self.nobody_leads(spec, views, Service::Master, views.masters.len());
        };
        self.leading_master = Some((*host).to_owned());
        for host in spec.with(Service::Agent) {
            if view.agents.iter().any(|a| a.registered && a.hostname == host.hostname) {
                self.agents_registered += 1;
            } else if let Some(agent) = view.fenced.iter().find(|f| f.hostname == host.hostname) {
                self.fenced(host, agent, view);
            } else {
                self.ail(Some(host), NOT_REGISTERED, "see `journalctl -u mesoform-agent` there");
            }
        }
        let ours = views.schedulers.iter().filter_map(|(_, view)| view.framework_id.as_deref());
        let ours: Vec<&str> = ours.collect();
        for framework in view.frameworks.iter().filter(|f| !ours.contains(&f.id.as_str())) {
            self.left_behind(framework, view);
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
        let (host, cure) = (Some(host.name.clone()), cure.to_owned());
        self.ailments.push(Ailment { host, what, cure, lasting: true });
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
