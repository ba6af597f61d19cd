use super::Core;
use crate::model::{AppDefinition, AppId, Problems};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Where service ports are taken from that the user leaves open, as Marathon's defaults have it.
const DYNAMIC: RangeInclusive<u16> = 10_000..=20_000;

impl Core {
    /// The service ports of all apps but those in `except`.
    pub(super) fn service_ports(&self, except: &BTreeSet<AppId>) -> BTreeSet<u16> {
        let others = self.state.apps.values().filter(|app| !except.contains(&app.id));
        others.flat_map(|app| &app.port_definitions).map(|d| d.port).collect()
    }

    /// Gives a port of the cluster to each definition that leaves it open; the app keeps those it
    /// has. With `requirePorts` an open port is one of the host's, and stays open.
    pub(super) fn assign_service_ports(
        &self,
        app: &mut AppDefinition,
        taken: &mut BTreeSet<u16>,
    ) -> Result<(), Problems> {
        taken.extend(app.port_definitions.iter().map(|d| d.port));
        if app.require_ports {
            return Ok(());
        }
        let before = self.state.apps.get(&app.id);
        let own: Vec<u16> =
            before.map(|b| b.port_definitions.iter().map(|d| d.port).collect()).unwrap_or_default();
        let mut candidates = own.into_iter().filter(|p| DYNAMIC.contains(p)).chain(DYNAMIC);
        for definition in app.port_definitions.iter_mut().filter(|d| d.port == 0) {
            let free = candidates.find(|port| !taken.contains(port));
            definition.port =
                free.ok_or_else(|| Problems::one("/portDefinitions", NONE_LEFT.to_owned()))?;
            taken.insert(definition.port);
        }
        Ok(())
    }
}

const NONE_LEFT: &str = "all service ports from 10000 to 20000 are taken; name one yourself";
