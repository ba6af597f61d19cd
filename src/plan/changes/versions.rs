use super::{Found, Picture};
use crate::{Kind, Thing, What};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

impl Picture<'_> {
    /// Removes versions that nobody uses, but for the newest. What runs counts among the newest, so
    /// that a restart which ends its use gives the next run nothing to do.
    pub(super) fn versions(&mut self, dir: &Path, spare: usize) -> Vec<Found> {
        let linked = self.linked(dir);
        let seen = &self.host.versions;
        let mut others: Vec<(&String, &i64)> =
            seen.there.iter().filter(|(name, _)| !linked.contains(*name)).collect();
        others.sort_by_key(|(name, brought)| (Reverse(**brought), Reverse(*name)));
        let surplus = others.into_iter().skip(spare).map(|(name, _)| name);
        let unused: Vec<String> =
            surplus.filter(|name| !seen.running.contains(*name)).cloned().collect();
        let remove = |name: &String| {
            self.host.versions.there.remove(name);
            let path = dir.join(name);
            self.forget(&path);
            Found::new(What::Remove, Thing::Path, path.display())
        };
        unused.iter().map(remove).collect()
    }

    /// The versions that links lead to when the steps so far are done.
    fn linked(&self, dir: &Path) -> BTreeSet<String> {
        let wanted = self.host.paths.values().filter(|state| state.kind == Kind::Link);
        let wanted = wanted.filter_map(|state| state.target.as_ref());
        let links = self.host.versions.links.iter();
        let unplanned = links.filter(|(link, _)| !self.host.paths.contains_key(*link));
        let others = unplanned.map(|(_, target)| target);
        wanted.chain(others).filter_map(|target| version(dir, target)).collect()
    }
}

/// The name of the version that lies at `path`.
fn version(dir: &Path, path: &Path) -> Option<String> {
    let name = path.strip_prefix(dir).ok()?.components().next()?;
    name.as_os_str().to_str().map(str::to_owned)
}
