use crate::core::{Core, Effect, LinkId, MAX_COMPLETED, Now, Refusal, Timer};
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::{AgentId, FrameworkId};
use std::collections::BTreeSet;

impl Core {
    /// The framework's stream is over; it has its failover time-out to come back.
    pub(in crate::core) fn framework_link_lost(&mut self, id: &FrameworkId, link: LinkId) {
        let framework = self.frameworks.get_mut(id).filter(|f| f.link == Some(link));
        let Some(framework) = framework else { return };
        framework.link = None;
        let patience = framework.failover_timeout().unwrap_or_default();
        tracing::info!(framework = %id, seconds = patience.as_secs(), "framework disconnected");
        self.drop_offers(id);
        self.timers.set(Timer::Failover(id.clone()), self.now + patience);
    }

    /// An operator wants the framework gone, whether or not it is here.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn tear_down(&mut self, id: &FrameworkId, now: Now) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        if !self.frameworks.contains_key(id) {
            return Err(Refusal::UnknownFramework);
        }
        self.remove_framework(id);
        Ok(self.take_effects())
    }

    /// The framework is no more: its tasks are ended.
    pub(in crate::core) fn remove_framework(&mut self, id: &FrameworkId) {
        let Some(framework) = self.frameworks.get(id) else { return };
        let link = framework.link;
        let agents: BTreeSet<AgentId> =
            framework.tasks.values().map(|t| t.agent_id.clone()).collect();
        let tasks: Vec<_> = framework.tasks.keys().cloned().collect();
        self.drop_offers(id);
        for agent in agents {
            let framework_id = id.clone();
            self.order(&agent, OrderKind::ShutdownFramework { framework_id });
        }
        for task in tasks {
            self.remove_task(&(id.clone(), task));
        }
        self.frameworks.remove(id);
        self.timers.cancel(&Timer::Failover(id.clone()));
        self.timers.cancel(&Timer::Heartbeat(id.clone()));
        self.effects.extend(link.map(|link| Effect::Close { link }));
        self.remember_completed(id.clone());
        tracing::info!(framework = %id, "framework removed");
    }

    fn remember_completed(&mut self, id: FrameworkId) {
        if self.completed.len() == MAX_COMPLETED {
            self.completed.pop_front();
        }
        self.completed.push_back(id);
    }
}
