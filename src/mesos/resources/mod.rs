//! Arithmetic on resources. Amounts are kept in thousandths, as Mesos does, so that sums of fractions
//! come out even; ranges are kept sorted and joined.

mod error;
mod ranges;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::ResourceError;
pub use ranges::RangeSet;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Unreserved resources, by name. What is zero or empty is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resources {
    /// In thousandths.
    scalars: BTreeMap<String, u64>,
    ranges: BTreeMap<String, RangeSet>,
    sets: BTreeMap<String, BTreeSet<String>>,
}

impl Resources {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.scalars.is_empty() && self.ranges.is_empty() && self.sets.is_empty()
    }

    /// An amount in thousandths; 0 where there is none.
    pub fn milli(&self, name: &str) -> u64 {
        self.scalars.get(name).copied().unwrap_or(0)
    }

    /// An amount: cores, MiB.
    #[allow(clippy::cast_precision_loss)] // Amounts are far below 2^53 thousandths.
    pub fn scalar(&self, name: &str) -> f64 {
        self.milli(name) as f64 / 1000.0
    }

    /// The names and thousandths of all amounts.
    pub fn scalars(&self) -> impl Iterator<Item = (&str, u64)> {
        self.scalars.iter().map(|(name, milli)| (name.as_str(), *milli))
    }

    /// Ranges by name, such as `ports`.
    pub fn ranges(&self, name: &str) -> Option<&RangeSet> {
        self.ranges.get(name)
    }

    /// A set by name.
    pub fn set(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.sets.get(name)
    }

    /// Whether all of `other` is in this.
    pub fn contains(&self, other: &Self) -> bool {
        other.scalars.iter().all(|(name, milli)| self.milli(name) >= *milli)
            && other.ranges.iter().all(|(name, theirs)| {
                self.ranges.get(name).is_some_and(|ours| ours.contains(theirs))
            })
            && other.sets.iter().all(|(name, theirs)| {
                self.sets.get(name).is_some_and(|ours| ours.is_superset(theirs))
            })
    }

    /// Whether both name the same port or the same item of a set; amounts never overlap.
    pub fn overlaps(&self, other: &Self) -> bool {
        other
            .ranges
            .iter()
            .any(|(name, theirs)| self.ranges.get(name).is_some_and(|ours| ours.overlaps(theirs)))
            || other.sets.iter().any(|(name, theirs)| {
                self.sets.get(name).is_some_and(|ours| !ours.is_disjoint(theirs))
            })
    }

    /// Adds `other`: amounts are summed, ranges and sets united.
    pub fn add(&mut self, other: &Self) {
        for (name, milli) in &other.scalars {
            let sum = self.scalars.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*milli);
        }
        for (name, theirs) in &other.ranges {
            self.ranges.entry(name.clone()).or_default().add(theirs);
        }
        for (name, theirs) in &other.sets {
            self.sets.entry(name.clone()).or_default().extend(theirs.iter().cloned());
        }
    }

    /// Takes `other` away, if all of it is there.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.contains(other).then(|| {
            let mut rest = self.clone();
            rest.subtract(other);
            rest
        })
    }

    /// Takes away what is there of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for (name, milli) in &other.scalars {
            if let Some(ours) = self.scalars.get_mut(name) {
                *ours = ours.saturating_sub(*milli);
            }
        }
        for (name, theirs) in &other.ranges {
            if let Some(ours) = self.ranges.get_mut(name) {
                ours.subtract(theirs);
            }
        }
        for (name, theirs) in &other.sets {
            if let Some(ours) = self.sets.get_mut(name) {
                ours.retain(|item| !theirs.contains(item));
            }
        }
        self.normalise();
    }

    fn normalise(&mut self) {
        self.scalars.retain(|_, milli| *milli > 0);
        self.ranges.retain(|_, ranges| !ranges.is_empty());
        self.sets.retain(|_, items| !items.is_empty());
    }
}

impl fmt::Display for Resources {
    /// As Mesos writes them: `cpus:1.5; mem:512; ports:[31000-32000]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scalars = self.scalars.keys().map(|name| format!("{name}:{}", self.scalar(name)));
        let ranges = self.ranges.iter().map(|(name, ranges)| format!("{name}:{ranges}"));
        let sets = self.sets.iter().map(|(name, items)| {
            let items: Vec<_> = items.iter().map(String::as_str).collect();
            format!("{name}:{{{}}}", items.join(", "))
        });
        f.write_str(&scalars.chain(ranges).chain(sets).collect::<Vec<_>>().join("; "))
    }
}
