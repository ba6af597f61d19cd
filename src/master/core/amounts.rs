use mesoform_mesos::Resources;
use std::collections::BTreeMap;

/// Sums of amounts over many agents, in thousandths: what shares are reckoned from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amounts(BTreeMap<String, u64>);

impl Amounts {
    pub fn add(&mut self, resources: &Resources) {
        for (name, milli) in resources.scalars() {
            let sum = self.0.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(milli);
        }
    }

    pub fn subtract(&mut self, resources: &Resources) {
        for (name, milli) in resources.scalars() {
            if let Some(sum) = self.0.get_mut(name) {
                *sum = sum.saturating_sub(milli);
            }
        }
    }

    pub fn milli(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// The largest part of any kind of `total` that this is, in billionths: the dominant share.
    pub fn dominant_share(&self, total: &Self) -> u64 {
        let share = |(name, milli): (&String, &u64)| {
            let whole = u128::from(total.milli(name).max(1));
            u64::try_from(u128::from(*milli) * 1_000_000_000 / whole).unwrap_or(u64::MAX)
        };
        self.0.iter().map(share).max().unwrap_or(0)
    }
}
