use crate::core::{Core, Effect, LinkId, Now, Refusal, Timer};
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{OrderKind, Pong};

impl Core {
    /// An agent's answer to a ping. `host` is the one in its certificate.
    ///
    /// # Errors
    /// The agent is not registered with this leadership, or is another.
    pub fn pong(&mut self, host: &str, pong: &Pong, now: Now) -> Result<Vec<Effect>, Refusal> {
        self.now = now;
        self.heard(host, &pong.agent_id, pong.leadership)?;
        Ok(self.take_effects())
    }

    /// A sign of life of a registered agent.
    pub(in crate::core) fn heard(
        &mut self,
        host: &str,
        id: &AgentId,
        leadership: i64,
    ) -> Result<(), Refusal> {
        let agent = self.agents.get_mut(id).filter(|a| a.is_active());
        let agent = agent.ok_or(Refusal::UnknownAgent)?;
        if leadership != self.term.leadership.revision {
            return Err(Refusal::UnknownAgent);
        }
        if agent.info.hostname != host {
            let hostname = agent.info.hostname.clone();
            return Err(Refusal::OtherHost { host: host.to_owned(), hostname });
        }
        agent.last_heard = self.now.since_start;
        Ok(())
    }

    /// Asks for a sign of life, or sees that there was none for too long.
    pub(in crate::core) fn ping(&mut self, id: &AgentId) {
        let Some(agent) = self.agents.get(id).filter(|a| !a.leaving) else { return };
        let end = agent.last_heard.saturating_add(self.limits.silence());
        if self.now.since_start >= end {
            self.begin_loss(id);
            return;
        }
        let next = end.min(self.now + self.limits.ping);
        self.order(id, OrderKind::Ping);
        self.timers.set(Timer::Ping(id.clone()), next);
    }

    /// The agent's stream is over: nothing is offered from it, and it has until its silence is too long
    /// to come back.
    pub(in crate::core) fn agent_link_lost(&mut self, id: &AgentId, link: LinkId) {
        let Some(agent) = self.agents.get_mut(id).filter(|a| a.link == Some(link)) else { return };
        agent.link = None;
        tracing::info!(agent = %id, "agent disconnected");
        self.withdraw_offers(id);
    }
}
