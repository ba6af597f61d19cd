//! What renews a host's certificates before they end: a master's own CA, and a timer on each host.

use super::accounts::Accounts;
use super::{Blueprint, Local};
use crate::{HostPlanError, Places, Service};
use mesoform_identity::{ISSUER_RENEW_BEFORE, Role};
use mesoform_plan::Step;
use mesoform_settings::parse;
use serde::Serialize;
use std::path::PathBuf;

const TIMER: &str = "mesoform-certificates.timer";
const SERVICE: &str = "mesoform-certificates.service";
/// The timer first: it would start the other one again.
pub(super) const UNITS: [&str; 2] = [TIMER, SERVICE];

/// The master's CA. Its key is made on its host, as all are, and signs with the master's rights.
pub(super) fn issuer(blueprint: &Blueprint, local: &Local, accounts: Accounts) -> Option<Step> {
    (local.renews() && local.host.runs(Service::Master)).then(|| Step::Certificate {
        dir: local.places.pki.clone(),
        role: Role::Issuer.to_string(),
        owner: accounts.of(Service::Master).into(),
        host: local.host.hostname.clone(),
        dns: Vec::new(),
        ips: Vec::new(),
        ca_fingerprint: blueprint.ca_fingerprint.to_owned(),
        renew_before_s: ISSUER_RENEW_BEFORE.as_secs(),
    })
}

/// The files of the master's CA.
pub(super) fn issuer_files(places: &Places) -> [PathBuf; 2] {
    ["crt", "key"].map(|ending| places.pki.join(format!("{}.{ending}", Role::Issuer)))
}

#[derive(Serialize)]
struct SettingsContext<'a, S> {
    cluster: &'a str,
    settings: &'a S,
}

#[derive(Serialize)]
struct UnitContext<'a> {
    cluster: &'a str,
    places: &'a Places,
}

/// The settings and units.
pub(super) fn steps(
    blueprint: &Blueprint,
    local: &Local,
    accounts: Accounts,
) -> Result<Vec<Step>, HostPlanError> {
    let (cluster, places) = (blueprint.spec.name.as_str(), local.places);
    let settings = local.certificates();
    let path = places.etc.join("certificates.yml");
    let context = SettingsContext { cluster, settings: &settings };
    let content = blueprint.templates.render("etc/certificates.yml", context)?;
    parse::<mesoform_settings::CertificatesSettings>(&content, &path)?;
    let mut steps = vec![Step::File { path, ownership: accounts.roots(0o644), content }];
    for unit in UNITS {
        let context = UnitContext { cluster, places };
        let content = blueprint.templates.render(&format!("units/{unit}"), context)?;
        let path = places.units.join(unit);
        steps.push(Step::File { path, ownership: accounts.roots(0o644), content });
    }
    let inputs = vec![places.units.join(TIMER)];
    steps.push(Step::Unit { name: TIMER.into(), enabled: true, inputs });
    Ok(steps)
}

/// None of it.
pub(super) fn absent(places: &Places) -> impl Iterator<Item = Step> {
    UNITS.into_iter().flat_map(|unit| {
        let path = places.units.join(unit);
        [Step::UnitAbsent { name: unit.into() }, Step::Absent { path, recursive: true }]
    })
}

impl Local<'_> {
    /// Whether the host looks after its certificates itself. A cluster on one machine runs in `up`, which
    /// has the cluster's root at hand.
    pub(super) fn renews(&self) -> bool {
        self.launcher == mesoform_settings::Launcher::Systemd
    }
}
