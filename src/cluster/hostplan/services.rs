//! A service's settings file and unit.

use super::accounts::Accounts;
use super::layout::link;
use super::{Blueprint, Local};
use crate::{HostPlanError, Service};
use mesoform_plan::Step;
use mesoform_settings::{Settings, parse};
use serde::Serialize;
use std::path::PathBuf;

pub(super) fn settings(
    blueprint: &Blueprint,
    local: &Local,
    service: Service,
    accounts: Accounts,
) -> Result<Vec<Step>, HostPlanError> {
    let path = file(local, service);
    let content = match service {
        Service::Quorum => render(blueprint, service, &local.quorum(), &path)?,
        Service::Master => render(blueprint, service, &local.master(), &path)?,
        Service::Scheduler => render(blueprint, service, &local.scheduler(), &path)?,
        Service::Agent => render(blueprint, service, &local.agent(), &path)?,
    };
    Ok(vec![Step::File { path, ownership: accounts.roots(0o644), content }])
}

fn file(local: &Local, service: Service) -> PathBuf {
    local.places.etc.join(format!("{service}.yml"))
}

#[derive(Serialize)]
struct SettingsContext<'a, S> {
    cluster: &'a str,
    settings: &'a S,
}

/// Renders the template and reads it back: what the service would refuse never leaves this machine.
fn render<S: Settings + PartialEq>(
    blueprint: &Blueprint,
    service: Service,
    settings: &S,
    path: &std::path::Path,
) -> Result<String, HostPlanError> {
    let template = format!("etc/{service}.yml");
    let context = SettingsContext { cluster: &blueprint.spec.name, settings };
    let text = blueprint.templates.render(&template, context)?;
    parse::<S>(&text, path)?;
    Ok(text)
}

#[derive(Serialize)]
struct UnitContext<'a> {
    cluster: &'a str,
    places: &'a crate::Places,
    user: &'a str,
}

pub(super) fn unit(
    blueprint: &Blueprint,
    local: &Local,
    service: Service,
    accounts: Accounts,
) -> Result<Vec<Step>, HostPlanError> {
    let name = service.unit();
    let user = accounts.of(service);
    let context = UnitContext { cluster: &blueprint.spec.name, places: local.places, user };
    let path = local.places.units.join(&name);
    let content = blueprint.templates.render(&format!("units/{name}"), context)?;
    // Certificates are read again while the service runs: they are no reason to restart it.
    let mut inputs = vec![path.clone(), file(local, service), link(local.places, service)];
    inputs.extend(local.etcd_inputs(service));
    Ok(vec![
        Step::File { path, ownership: accounts.roots(0o644), content },
        Step::Unit { name, enabled: true, inputs },
    ])
}
