use crate::core::Core;
use mesoform_mesos::scheduler::{Event, Rescind};
use mesoform_mesos::{AgentId, FrameworkId};

impl Core {
    /// All offers of an agent, which is no longer there for them.
    pub(in crate::core) fn withdraw_offers(&mut self, agent: &AgentId) {
        let offers = self.agents.get(agent).map(|a| a.offers.clone()).unwrap_or_default();
        for offer_id in offers {
            if let Some(offer) = self.remove_offer(&offer_id) {
                self.tell(&offer.framework_id, Event::Rescind(Rescind { offer_id }));
            }
        }
    }

    /// All offers of a framework, which is no longer there to take them.
    pub(in crate::core) fn drop_offers(&mut self, framework: &FrameworkId) {
        let offers = self.frameworks.get(framework).map(|f| f.offers.clone()).unwrap_or_default();
        for offer_id in offers {
            self.remove_offer(&offer_id);
        }
    }
}
