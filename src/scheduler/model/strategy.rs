use serde::{Deserialize, Serialize};

/// How a rolling restart replaces instances; both are shares of the instance count (0 to 1).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeStrategy {
    pub minimum_health_capacity: f64,
    pub maximum_over_capacity: f64,
}

impl Default for UpgradeStrategy {
    fn default() -> Self {
        Self { minimum_health_capacity: 1.0, maximum_over_capacity: 1.0 }
    }
}

impl UpgradeStrategy {
    /// How many instances must stay up while `instances` are replaced.
    pub fn min_healthy(&self, instances: usize) -> usize {
        (instances as f64 * self.minimum_health_capacity).ceil() as usize
    }

    /// How many may live at once. One more than allowed where old ones may neither go first nor
    /// new ones be added, as in Marathon: the restart could not begin otherwise.
    pub fn max_capacity(&self, instances: usize) -> usize {
        let capacity = (instances as f64 * (1.0 + self.maximum_over_capacity)).floor() as usize;
        if capacity <= self.min_healthy(instances) { capacity + 1 } else { capacity }
    }
}

/// Which instances a scale-down kills first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KillSelection {
    #[default]
    YoungestFirst,
    OldestFirst,
}
