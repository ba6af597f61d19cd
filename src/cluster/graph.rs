//! The unit graph: what starts after what, on one host and across hosts.

use std::collections::BTreeMap;
use thiserror::Error;

use crate::Service;

/// One unit of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    pub name: String,
    /// The units that must be ready before this one starts.
    pub needs: Vec<String>,
}

/// What must be there before `service`.
pub(crate) fn needs(service: Service) -> Vec<Service> {
    match service {
        Service::Quorum => vec![],
        Service::Master => vec![Service::Quorum],
        Service::Scheduler => vec![Service::Quorum, Service::Master],
        Service::Agent => vec![Service::Master],
    }
}

/// Whether `service` needs `other`, or something that does.
pub(crate) fn rests_on(service: Service, other: Service) -> bool {
    needs(service).into_iter().any(|need| need == other || rests_on(need, other))
}

/// The services' own declarations.
pub fn services() -> Vec<Declaration> {
    let named = |s: Service| s.name().to_owned();
    Service::ALL
        .map(|s| Declaration { name: named(s), needs: needs(s).into_iter().map(named).collect() })
        .to_vec()
}

/// Why declarations make no graph.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    #[error("the units need each other in a circle: {}; take one of these needs out", .0.join(" -> "))]
    Cycle(Vec<String>),
    #[error("the unit {unit:?} needs {need:?}, which is no unit; declare it or take the need out")]
    Unknown { unit: String, need: String },
}

/// Sorts units into waves: each wave needs only units of earlier waves. Names keep their order.
///
/// # Errors
/// A need that is no unit, or a circle, which the error names.
pub fn waves(units: &[Declaration]) -> Result<Vec<Vec<String>>, GraphError> {
    let by_name: BTreeMap<_, _> = units.iter().map(|u| (u.name.as_str(), u)).collect();
    for unit in units {
        if let Some(need) = unit.needs.iter().find(|n| !by_name.contains_key(n.as_str())) {
            return Err(GraphError::Unknown { unit: unit.name.clone(), need: need.clone() });
        }
    }
    let mut waves: Vec<Vec<String>> = Vec::new();
    let mut waiting: Vec<&Declaration> = units.iter().collect();
    while !waiting.is_empty() {
        let started = |name: &String| waves.iter().flatten().any(|s| s == name);
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|u| u.needs.iter().all(started));
        if ready.is_empty() {
            return Err(GraphError::Cycle(circle(&rest)));
        }
        waves.push(ready.into_iter().map(|u| u.name.clone()).collect());
        waiting = rest;
    }
    Ok(waves)
}

/// Follows needs among `stuck` units, each of which needs another one of them, until one comes again.
fn circle(stuck: &[&Declaration]) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    let mut current = stuck.first().copied();
    while let Some(unit) = current {
        if let Some(start) = path.iter().position(|name| *name == unit.name) {
            path.push(unit.name.clone());
            return path.split_off(start);
        }
        path.push(unit.name.clone());
        current = stuck.iter().find(|other| unit.needs.contains(&other.name)).copied();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str, needs: &[&str]) -> Declaration {
        Declaration { name: name.into(), needs: needs.iter().map(|n| (*n).to_owned()).collect() }
    }

    #[test]
    fn services_start_after_what_they_need() {
        let waves = waves(&services()).unwrap();
        assert_eq!(waves, [vec!["quorum"], vec!["master"], vec!["scheduler", "agent"]]);
    }

    #[test]
    fn a_circle_is_named() {
        let units = [unit("a", &["b"]), unit("b", &["c"]), unit("c", &["b"]), unit("d", &[])];
        let error = waves(&units).unwrap_err();
        assert_eq!(error, GraphError::Cycle(vec!["b".into(), "c".into(), "b".into()]));
    }

    #[test]
    fn an_unknown_need_is_named() {
        let error = waves(&[unit("a", &["z"])]).unwrap_err();
        assert_eq!(error, GraphError::Unknown { unit: "a".into(), need: "z".into() });
    }
}
