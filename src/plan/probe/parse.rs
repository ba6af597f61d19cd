use super::content::Encoding;
use super::paths::Paths;
use super::records::records;
use super::system::System;
use super::units::Units;
use crate::{Facts, Observed, PlanError, Versions};
use std::collections::BTreeSet;

/// Reads what a [`super::probe_script`] printed.
///
/// # Errors
/// The answer was cut short or is none of ours; a file changed while it was looked at.
pub fn parse_probe(text: &str) -> Result<(Facts, Observed), PlanError> {
    let mut encoding = Encoding::default();
    let mut system = System::default();
    let mut paths = Paths::default();
    let mut units = Units::default();
    let mut users = BTreeSet::new();
    let mut versions = Versions::default();
    for record in records(text)? {
        match record.word {
            "enc" => encoding = Encoding::parse(&record)?,
            "user" => drop(users.insert(record.rest.to_owned())),
            "unit" | "inputs" => units.read(&record),
            "version" | "leads" | "runs" => read_version(&mut versions, record.word, record.rest),
            "path" | "there" | "stat" | "link" | "hashed" | "sha" | "text" => {
                paths.read(&record, encoding)?;
            }
            _ => system.read(&record)?,
        }
    }
    let facts = system.finish();
    let identity = facts.cluster.as_ref().map(|mark| mark.name.clone());
    let (paths, certificates) = paths.finish()?;
    let units = units.finish();
    Ok((facts, Observed { paths, users, units, certificates, identity, versions }))
}

/// A folder that is not named as a version's is passed over.
fn read_version(versions: &mut Versions, word: &str, rest: &str) {
    match (word, rest.split_once(' ')) {
        ("version", Some((brought, name))) if Versions::is_name(name) => {
            versions.there.extend(brought.parse().ok().map(|brought| (name.to_owned(), brought)));
        }
        ("leads", Some((link, target))) => {
            versions.links.insert(link.into(), target.into());
        }
        ("runs", None) => drop(versions.running.insert(rest.to_owned())),
        _ => {}
    }
}
