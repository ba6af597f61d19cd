use super::offer::{Offer, decimal};
use crate::model::{AppDefinition, Constraint, Instance, Operator, full_match};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An app's constraints, ready to be asked.
pub struct Wishes<'a> {
    wishes: Vec<(&'a Constraint, Option<Regex>)>,
    instances: usize,
}

impl<'a> Wishes<'a> {
    pub fn of(app: &'a AppDefinition) -> Self {
        let pattern = |c: &Constraint| match c.operator {
            Operator::Like | Operator::Unlike => full_match(c.value.as_deref()?).ok(),
            _ => None,
        };
        let wishes = app.constraints.iter().map(|c| (c, pattern(c))).collect();
        Self { wishes, instances: app.instances as usize }
    }

    /// Whether `offer` will do, where `placed` are the app's instances of the same configuration.
    pub fn allow(&self, offer: &Offer, placed: &[Arc<Instance>]) -> bool {
        self.wishes.iter().all(|(wish, pattern)| {
            let Some(value) = offer.field(&wish.field) else {
                return wish.operator == Operator::Unlike;
            };
            match wish.operator {
                Operator::Like => pattern.as_ref().is_some_and(|p| p.is_match(value)),
                Operator::Unlike => pattern.as_ref().is_some_and(|p| !p.is_match(value)),
                Operator::Is => value == normal(wish),
                Operator::Unique => placed.iter().all(|i| i.field(&wish.field) != Some(value)),
                Operator::Cluster => cluster(wish, value, placed),
                Operator::MaxPer => max_per(wish, value, placed),
                Operator::GroupBy => group_by(wish, value, placed, self.instances),
            }
        })
    }
}

/// The wished value, numbers as attributes show them.
fn normal(wish: &Constraint) -> String {
    let value = wish.value.as_deref().unwrap_or_default();
    let numeric = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match value.parse::<f64>() {
        Ok(number) if numeric => decimal(number),
        _ => value.to_owned(),
    }
}

/// All on the wished value, or all where the first one is.
fn cluster(wish: &Constraint, value: &str, placed: &[Arc<Instance>]) -> bool {
    match &wish.value {
        Some(wanted) => wanted == value,
        None => placed.first().is_none_or(|i| i.field(&wish.field) == Some(value)),
    }
}

fn max_per(wish: &Constraint, value: &str, placed: &[Arc<Instance>]) -> bool {
    let max: usize = wish.value.as_deref().and_then(|v| v.parse().ok()).unwrap_or(0);
    placed.iter().filter(|i| i.field(&wish.field) == Some(value)).count() < max
}

/// Evenly over the values. With a number of groups each gets its share, as in Marathon; without
/// one, a value does when it is new or has as few instances as any.
fn group_by(wish: &Constraint, value: &str, placed: &[Arc<Instance>], instances: usize) -> bool {
    let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for instance in placed {
        *counts.entry(instance.field(&wish.field)).or_default() += 1;
    }
    let here = counts.get(&Some(value)).copied();
    let Some(groups) = groups(wish) else {
        return here.is_none_or(|count| counts.values().all(|other| count <= *other));
    };
    let Some(here) = here else { return counts.len() < groups };
    let (share, rest) = (instances / groups, instances % groups);
    let used: usize = counts.values().map(|count| count.saturating_sub(share)).sum();
    here < share || (here == share && used < rest)
}

fn groups(wish: &Constraint) -> Option<usize> {
    match wish.value.as_deref()? {
        "inf" => Some(usize::MAX),
        number => number.parse().ok().filter(|n| *n > 0),
    }
}
