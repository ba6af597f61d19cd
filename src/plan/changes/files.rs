use super::{Found, Picture};
use crate::change::CONTENT;
use crate::{Diff, Kind, Ownership, PathState, Thing, What, sha256_hex};
use std::path::Path;

impl Picture<'_> {
    pub(super) fn directory(&mut self, path: &Path, wanted: &Ownership) -> Vec<Found> {
        let state = wanted_state(Kind::Directory, wanted);
        self.put(path, Thing::Directory, state).into_iter().collect()
    }

    pub(super) fn file(&mut self, path: &Path, wanted: &Ownership, content: &str) -> Vec<Found> {
        let old = self.host.paths.get(path).and_then(|state| state.text.clone());
        let existed = self.host.paths.contains_key(path);
        let sha256 = Some(sha256_hex(content));
        let state = PathState { sha256, ..wanted_state(Kind::File, wanted) };
        let mut found = self.put(path, Thing::File, state);
        if let Some(change) = found.as_mut().filter(|change| change.touches_content()) {
            let old = if existed { old } else { Some(String::new()) };
            change.diff = old.map(|old| Diff { old, new: content.to_owned() });
        }
        found.into_iter().collect()
    }

    pub(super) fn credential(
        &mut self,
        path: &Path,
        wanted: &Ownership,
        sha256: &str,
    ) -> Vec<Found> {
        let sha256 = Some(sha256.to_owned());
        let state = PathState { sha256, ..wanted_state(Kind::File, wanted) };
        self.put(path, Thing::Credential, state).into_iter().collect()
    }

    pub(super) fn binary(&mut self, path: &Path, sha256: &str) -> Vec<Found> {
        let sha256 = Some(sha256.to_owned());
        let state = PathState { sha256, ..wanted_state(Kind::File, &Ownership::root(0o755)) };
        self.put(path, Thing::Binary, state).into_iter().collect()
    }

    pub(super) fn link(&mut self, path: &Path, target: &Path) -> Vec<Found> {
        let mut state = wanted_state(Kind::Link, &Ownership::mine(0o777));
        state.target = Some(target.to_owned());
        self.put(path, Thing::Link, state).into_iter().collect()
    }

    pub(super) fn absent(&mut self, path: &Path) -> Vec<Found> {
        let known = self.host.paths.contains_key(path);
        self.forget(path);
        if known { vec![Found::new(What::Remove, Thing::Path, path.display())] } else { Vec::new() }
    }

    /// Forgets a path and all below it.
    pub(super) fn forget(&mut self, path: &Path) {
        self.host.paths.retain(|known, _| !known.starts_with(path));
        self.host.certificates.retain(|known, _| !known.starts_with(path));
    }

    /// Makes `path` be `wanted` in the picture and says what that changes.
    fn put(&mut self, path: &Path, thing: Thing, wanted: PathState) -> Option<Found> {
        let Some(found) = self.host.paths.get(path) else {
            self.host.paths.insert(path.to_owned(), wanted);
            return Some(Found::new(What::Create, thing, path.display()));
        };
        let reasons = differences(found, &wanted);
        if reasons.is_empty() {
            return None;
        }
        self.host.paths.insert(path.to_owned(), wanted);
        Some(Found::new(What::Update, thing, path.display()).because(reasons))
    }
}

impl Found {
    fn touches_content(&self) -> bool {
        self.what == What::Create || self.reasons.iter().any(|reason| reason == CONTENT)
    }
}

fn wanted_state(kind: Kind, ownership: &Ownership) -> PathState {
    PathState {
        kind,
        user: ownership.user.clone(),
        group: ownership.group.clone(),
        mode: ownership.mode,
        sha256: None,
        target: None,
        text: None,
    }
}

fn differences(found: &PathState, wanted: &PathState) -> Vec<String> {
    if found.kind != wanted.kind {
        return vec![format!("{} → {}", word(found.kind), word(wanted.kind))];
    }
    let mut reasons = Vec::new();
    if wanted.kind == Kind::Link {
        if found.target != wanted.target {
            let target = |state: &PathState| {
                format!("{:?}", state.target.as_deref().unwrap_or(Path::new("?")))
            };
            reasons.push(format!("{} → {}", target(found), target(wanted)));
        }
        return reasons;
    }
    if wanted.sha256 != found.sha256 && wanted.kind == Kind::File {
        reasons.push(CONTENT.to_owned());
    }
    reasons.extend(ownership_differences(found, &wanted.user, &wanted.group, wanted.mode));
    reasons
}

/// Empty names are not compared.
pub(super) fn ownership_differences(
    found: &PathState,
    user: &str,
    group: &str,
    mode: u32,
) -> Vec<String> {
    let mut reasons = Vec::new();
    if found.mode != mode {
        reasons.push(format!("mode {:04o} → {mode:04o}", found.mode));
    }
    if !user.is_empty() && found.user != user {
        reasons.push(format!("owner {} → {user}", found.user));
    }
    if !group.is_empty() && found.group != group {
        reasons.push(format!("group {} → {group}", found.group));
    }
    reasons
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Link => "link",
        Kind::Other => "device or socket",
    }
}
