use crate::core::framework::RefusedOffer;
use crate::core::{Core, Timer};
use mesoform_mesos::{AgentId, Filters, FrameworkId, Resources};
use std::time::Duration;

/// Where a framework does not say.
const DEFAULT_REFUSAL: Duration = Duration::from_secs(5);
/// Upstream's allocation interval: without it a framework that refuses for 0 s would be asked again and
/// again, as fast as it can answer.
const MIN_REFUSAL: Duration = Duration::from_secs(1);
/// Upstream's limit.
const MAX_REFUSAL: Duration = Duration::from_secs(365 * 24 * 3600);
/// Refusals that end at nearly the same time end together.
const REFUSAL_STEP: Duration = Duration::from_millis(20);
/// Refusals of one agent's resources by one framework; then the oldest goes.
const MAX_REFUSALS: usize = 16;

impl Core {
    /// The framework does not want these resources for a while.
    pub(in crate::core) fn refuse(
        &mut self,
        framework_id: &FrameworkId,
        agent_id: &AgentId,
        resources: Resources,
        filters: Option<Filters>,
    ) {
        if resources.is_empty() {
            return;
        }
        let until = self.now + refusal_time(filters);
        let Some(framework) = self.frameworks.get_mut(framework_id) else { return };
        let refusals = framework.refusals.entry(agent_id.clone()).or_default();
        if refusals.len() >= MAX_REFUSALS {
            refusals.remove(0);
        }
        refusals.push(RefusedOffer { resources, until });
        self.timers.set_by(Timer::Refusals, until);
    }

    /// Some refusals are over: what they kept away can be offered again.
    pub(in crate::core) fn refusals_end(&mut self) {
        let now = self.now.since_start;
        for framework in self.frameworks.values_mut() {
            framework.refusals.retain(|_, refusals| {
                refusals.retain(|r| r.until > now);
                !refusals.is_empty()
            });
        }
        let all = self.frameworks.values().flat_map(|f| f.refusals.values().flatten());
        if let Some(next) = all.map(|r| r.until).min() {
            self.timers.set(Timer::Refusals, next.max(self.now + REFUSAL_STEP));
        }
        self.allocate();
    }
}

fn refusal_time(filters: Option<Filters>) -> Duration {
    let Some(seconds) = filters.and_then(|f| f.refuse_seconds) else { return DEFAULT_REFUSAL };
    if seconds.is_nan() {
        return DEFAULT_REFUSAL;
    }
    Duration::from_secs_f64(seconds.clamp(MIN_REFUSAL.as_secs_f64(), MAX_REFUSAL.as_secs_f64()))
}
