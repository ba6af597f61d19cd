mod versions;

use crate::accounts::Accounts;
use crate::tree::{Entry, Tree};
use crate::{Host, Result};
use mesoform_plan::{Interest, Kind, Look, Observed, PathState, UnitState, inputs_file, place};
use std::path::Path;

/// Longer texts are neither compared line by line nor sent.
const MAX_TEXT: u64 = 64 * 1024;

/// Looks at what `interest` asks for. What cannot be read has no hash, and so differs.
pub fn observe(host: &Host, interest: &Interest) -> Result<Observed> {
    let accounts = Accounts::read(&host.tree)?;
    let mut seen = Observed::default();
    for (path, look) in &interest.paths {
        let Some(entry) = host.tree.entry(path)? else { continue };
        let state = state(&host.tree, &accounts, path, &entry, look)?;
        if let (Look::Certificate, Some(pem)) = (look, &state.text) {
            seen.certificates.insert(path.clone(), pem.clone());
        }
        seen.paths.insert(path.clone(), state);
    }
    seen.users = interest.users.iter().filter(|name| accounts.has_user(name)).cloned().collect();
    let units: Vec<String> = interest.units.iter().cloned().collect();
    for (unit, view) in host.systemd().show(&units)? {
        let started_inputs = started_inputs(&host.tree, &unit)?;
        seen.units.insert(unit, UnitState { started_inputs, ..view.state });
    }
    seen.identity = identity(&host.tree)?;
    if let Some(at) = &interest.versions {
        seen.versions = versions::observe(&host.tree, at)?;
    }
    Ok(seen)
}

fn state(
    tree: &Tree,
    accounts: &Accounts,
    path: &Path,
    entry: &Entry,
    look: &Look,
) -> Result<PathState> {
    let is_file = entry.kind == Kind::File;
    let sha256 = if is_file && *look != Look::Stat { tree.sha256(path).ok() } else { None };
    let differs = match look {
        Look::Stat | Look::Hash => false,
        Look::Text { wanted } => sha256.as_ref() != Some(wanted),
        Look::Certificate => true,
    };
    let text = if is_file && differs { tree.text(path, MAX_TEXT).ok().flatten() } else { None };
    let target = if entry.kind == Kind::Link { tree.target(path)? } else { None };
    let (user, group) = (accounts.user(entry.uid), accounts.group(entry.gid));
    Ok(PathState { kind: entry.kind, user, group, mode: entry.mode, sha256, target, text })
}

fn started_inputs(tree: &Tree, unit: &str) -> Result<Option<String>> {
    let text = tree.text(&inputs_file(unit), MAX_TEXT)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn identity(tree: &Tree) -> Result<Option<String>> {
    let text = tree.text(Path::new(place::CLUSTER), MAX_TEXT)?;
    Ok(text.and_then(|text| text.split_whitespace().next().map(str::to_owned)))
}
