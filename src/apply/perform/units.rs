use crate::{Host, Result, Verb};
use mesoform_plan::{What, inputs_file, unit_file};

/// Starts are not made here: they come in waves across the hosts.
pub fn enable(host: &mut Host, unit: &str, what: What) -> Result<()> {
    match what {
        What::Enable | What::Disable => {
            host.stale = true;
            host.systemd().enable(unit, what == What::Enable)
        }
        _ => Ok(()),
    }
}

pub fn remove(host: &mut Host, unit: &str) -> Result<()> {
    let systemd = host.systemd();
    let name = [unit.to_owned()];
    let state = systemd.show(&name)?.remove(unit).unwrap_or_default().state;
    if state.is_up() || state.active == "deactivating" {
        systemd.stop(unit)?;
    }
    if state.enabled {
        systemd.enable(unit, false)?;
    }
    if state.active == "failed" {
        // Only so that it does not stay in the list of failed units.
        drop(systemd.tell(Verb::ResetFailed, &name));
    }
    host.stale = true;
    host.tree.remove(&unit_file(unit), false)?;
    host.tree.remove(&inputs_file(unit), false)
}
