//! What the operator adds, and in which order all units of a host start.

use super::accounts::Accounts;
use super::{Blueprint, Local, services};
use crate::spec::{ExtraUnit, Extras};
use crate::{HostPlanError, HostSpec, Places, Service, graph};
use mesoform_plan::{Ownership, Step, unit_file};
use std::path::PathBuf;

/// Holds what a unit needs beside what its own file says.
const DROP_IN: &str = "10-mesoform-needs.conf";

/// The services' units and the operator's, along the unit graph of the host.
pub(super) fn units(
    blueprint: &Blueprint,
    local: &Local,
    accounts: Accounts,
) -> Result<Vec<Step>, HostPlanError> {
    let extras = &local.host.extras;
    let waves = graph::waves(&extras.declarations(&local.host.services))?;
    let mut steps = Vec::new();
    for name in waves.into_iter().flatten() {
        steps.extend(needs(extras, local.host, &name));
        match name.parse::<Service>() {
            Ok(service) => steps.extend(services::unit(blueprint, local, service, accounts)?),
            Err(_) => steps.extend(own(extras, &name)),
        }
    }
    Ok(steps)
}

fn own(extras: &Extras, name: &str) -> Vec<Step> {
    let Some(ExtraUnit { name, content, enabled }) = extras.units.iter().find(|u| u.name == name)
    else {
        return Vec::new();
    };
    let path = unit_file(name);
    let file = Step::File {
        path: path.clone(),
        ownership: Ownership::root(0o644),
        content: content.clone(),
    };
    vec![file, Step::Unit { name: name.clone(), enabled: *enabled, inputs: vec![path] }]
}

/// What the inventory says that `name` needs. It is started with what it needs, after it.
fn needs(extras: &Extras, host: &HostSpec, name: &str) -> Vec<Step> {
    let there = |need: &&String| {
        let service = need.parse::<Service>();
        service.map_or_else(|_| extras.units.iter().any(|u| u.name == **need), |s| host.runs(s))
    };
    let wanted = extras.needs.get(name).into_iter().flatten().filter(there);
    let units: Vec<String> = wanted.map(|need| unit(need)).collect();
    if units.is_empty() {
        return Vec::new();
    }
    let folder = drop_ins(name);
    let units = units.join(" ");
    let content = format!(
        "# What mesoform_unit_needs says. Written by mesoform: change the inventory, not this file.\n\
         [Unit]\nWants={units}\nAfter={units}\n"
    );
    vec![
        Step::Directory { path: folder.clone(), ownership: Ownership::root(0o755) },
        Step::File { path: folder.join(DROP_IN), ownership: Ownership::root(0o644), content },
    ]
}

fn unit(name: &str) -> String {
    name.parse::<Service>().map_or_else(|_| name.to_owned(), Service::unit)
}

fn drop_ins(name: &str) -> PathBuf {
    unit_file(&format!("{}.d", unit(name)))
}

/// None of it. Folders stay: something else may lie there.
pub(super) fn absent(host: &HostSpec, places: &Places) -> Vec<Step> {
    let extras = &host.extras;
    let units = || extras.units.iter().map(|unit| &unit.name).rev();
    let mut steps: Vec<Step> =
        units().map(|name| Step::UnitAbsent { name: name.clone() }).collect();
    let files = extras.files.iter().filter_map(|step| match step {
        Step::File { path, .. } => Some(path.clone()),
        _ => None,
    });
    let unit_files = units().map(|name| places.units.join(name));
    let absent = |path| Step::Absent { path, recursive: false };
    steps.extend(unit_files.chain(files).map(absent));
    steps.extend(
        extras.needs.keys().map(|name| Step::Absent { path: drop_ins(name), recursive: true }),
    );
    steps
}
