use crate::tree::Owner;
use crate::{Host, Pair, Result};
use mesoform_plan::Step;
use std::path::Path;

/// Ends what a lost power or a kill has interrupted: `by_new` says whether the new certificate is the
/// one that belongs to the key.
pub fn settle(host: &mut Host, dir: &Path, role: &str, by_new: bool) -> Result<()> {
    let [_, certificate, unfinished] = Step::certificate_paths(dir, role);
    match by_new {
        true => host.tree.rename(&unfinished, &certificate),
        false => host.tree.remove(&unfinished, false),
    }
}

/// Puts key and certificate in place; without a pair only their modes and owners.
///
/// Two files cannot change at once. So the new certificate lies beside the old one while the key
/// changes, and is moved last: where a run ends in between, it still lies there, and
/// `mesoform_plan::changes` asks for a new pair.
pub fn put(
    host: &mut Host,
    dir: &Path,
    role: &str,
    owner: Owner,
    pair: Option<&Pair>,
) -> Result<()> {
    let [key, certificate, unfinished] = Step::certificate_paths(dir, role);
    if let Some(pair) = pair {
        let before = host.tree.sha256(&key).ok();
        host.tree.write(&unfinished, pair.chain_pem.as_bytes(), 0o644, owner)?;
        let written = host.tree.write(&key, pair.key_pem.reveal().as_bytes(), 0o600, owner);
        if written.is_err() && host.tree.sha256(&key).ok() == before {
            // Nothing has begun: the old pair is whole.
            drop(host.tree.remove(&unfinished, false));
        }
        written?;
        return host.tree.rename(&unfinished, &certificate);
    }
    host.tree.own(&key, 0o600, owner)?;
    host.tree.own(&certificate, 0o644, owner)
}
