use crate::core::Core;
use mesoform_mesos::FrameworkId;
use mesoform_mesos::scheduler::{Decline, Revive, Suppress};

impl Core {
    /// DECLINE: the offers are refused for a while.
    pub(super) fn decline(&mut self, id: &FrameworkId, decline: Decline) {
        for offer_id in decline.offer_ids {
            if self.offers.get(&offer_id).is_none_or(|o| o.framework_id != *id) {
                continue;
            }
            if let Some(offer) = self.remove_offer(&offer_id) {
                self.refuse(id, &offer.agent_id, offer.resources, decline.filters);
            }
        }
    }

    /// REVIVE: lifts suppression of these roles (all, if none is named) and every refusal.
    pub(super) fn revive(&mut self, id: &FrameworkId, revive: &Revive) {
        let Some(framework) = self.frameworks.get_mut(id) else { return };
        framework.refusals.clear();
        if revive.roles.is_empty() {
            framework.suppressed.0.clear();
        }
        for role in &revive.roles {
            framework.suppressed.0.remove(role);
        }
        self.allocate_soon();
    }

    /// SUPPRESS: no more offers to these roles (all, if none is named).
    pub(super) fn suppress(&mut self, id: &FrameworkId, suppress: Suppress) {
        let Some(framework) = self.frameworks.get_mut(id) else { return };
        let named = !suppress.roles.is_empty();
        let roles = if named { suppress.roles } else { framework.info.effective_roles() };
        framework.suppressed.0.extend(roles);
    }
}
