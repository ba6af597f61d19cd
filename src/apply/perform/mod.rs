//! One change at a time, through the tree and the commands of a host.

pub(crate) mod certificate;
mod files;
mod units;
mod users;

use crate::accounts::Accounts;
use crate::{Host, Materials, Result};
use mesoform_plan::{Change, Plan, Step, What};
use std::path::Path;

/// Makes one change.
pub fn perform(host: &mut Host, plan: &Plan, change: &Change, with: &Materials) -> Result<()> {
    let Some(step) = plan.steps.get(change.step) else { return Ok(()) };
    match step {
        Step::User { name, home } => users::add(host, name, home),
        Step::UserAbsent { name } => users::remove(host, name),
        Step::Directory { path, ownership } => files::directory(host, path, ownership),
        Step::File { path, ownership, content } => files::write(host, path, ownership, content),
        Step::Credential { path, ownership, name, sha256 } => {
            files::write(host, path, ownership, with.secret(name, sha256)?)
        }
        Step::Link { path, target } => files::link(host, path, target),
        Step::Binary { path, sha256, .. } => files::binary(host, path, sha256),
        Step::Absent { path, recursive } => files::remove(host, path, *recursive),
        Step::Certificate { dir, role, owner, .. } => {
            let owner = Accounts::read(&host.tree)?.private(owner)?;
            let pair =
                if change.what == What::Update { None } else { Some(with.pair(change.step)?) };
            certificate::put(host, dir, role, owner, pair)
        }
        Step::Unit { name, .. } => units::enable(host, name, change.what),
        Step::UnitAbsent { name } => units::remove(host, name),
        Step::Versions { dir, .. } => files::remove_version(host, dir, Path::new(&change.subject)),
    }
}
