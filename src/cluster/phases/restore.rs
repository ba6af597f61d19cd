//! A new quorum from a backup.

use super::holdings::{self, Holding};
use super::rebuild::{Source, begin_again};
use super::{apply, connect, preflight, start, well};
use crate::HostSpec;
use crate::run::{Run, Stop, Summary};
use std::collections::BTreeMap;
use std::path::Path;

/// What a restore is about to do.
#[derive(Debug, Clone)]
pub struct Restoration {
    /// The host whose voter is the first.
    pub host: String,
    /// The voters whose present data are put aside, each with what it has.
    pub replaced: Vec<(String, Holding)>,
    /// The voters that do not answer.
    pub silent: Vec<String>,
}

/// Makes the cluster run with the quorum's data from the backup in `file`. Where voters have data,
/// `overwrite` must allow that these are put aside. `agree` is told what will be done, and may refuse.
///
/// # Errors
/// As `up`; voters are left out, there are data, or `agree` refused.
pub async fn restore(
    run: &mut Run,
    file: &Path,
    overwrite: bool,
    agree: impl AsyncFnOnce(&Restoration) -> bool,
) -> Result<Summary, Stop> {
    run.spec.own_quorum("`etcdctl snapshot restore` makes an etcd of a backup of one")?;
    nobody_left_out(run)?;
    run.phase("connect", "Connect and look", connect::look_at_all_for_restore).await?;
    run.phase("preflight", "Check what must be true", preflight::check).await?;
    run.phase("plan", "Compare with what is wanted", apply::compare).await?;
    let found = allowed(holdings::look(run).await?, overwrite)?;
    let restoration = restoration(run, found)?;
    if !agree(&restoration).await {
        return Err(Stop::Refused("nothing was restored".into()));
    }
    run.hosts.iter_mut().for_each(|host| host.in_membership = true);
    run.phase("carry", "Carry the binary", apply::open_sessions).await?;
    run.phase("lock", "Lock the hosts", apply::lock).await?;
    // Before the lock somebody may have brought data.
    allowed(holdings::look(run).await?, overwrite)?;
    run.phase("apply", "Carry out the plans", apply::apply).await?;
    run.phase("restore", "Begin again from the backup", async |run: &mut Run| {
        begin_again(run, &restoration.host, Source::Backup(file), overwrite).await
    })
    .await?;
    run.phase("start", "Start in waves", start::waves).await?;
    run.phase("verify", "See that the cluster is well", well::wait_until_well).await?;
    apply::unlock(run).await;
    run.end()
}

/// Voters that were left out would run on as the old quorum, with a majority perhaps, beside the new one.
fn nobody_left_out(run: &Run) -> Result<(), Stop> {
    let asked = |voter: &&HostSpec| run.hosts.iter().any(|host| host.spec.name == voter.name);
    let voters = run.spec.voters();
    let left_out: Vec<&str> =
        voters.iter().filter(|voter| !asked(voter)).map(|voter| voter.name.as_str()).collect();
    if left_out.is_empty() {
        return Ok(());
    }
    Err(Stop::Refused(format!(
        "--limit leaves out the voters {}: they would run on as the old quorum beside the new one; \
         restore all voters at once",
        left_out.join(", ")
    )))
}

/// What voters have, where that may be put aside.
fn allowed(
    found: BTreeMap<String, Holding>,
    overwrite: bool,
) -> Result<BTreeMap<String, Holding>, Stop> {
    if overwrite || found.is_empty() {
        return Ok(found);
    }
    let names = found.iter().map(|(host, holding)| format!("{host} ({holding})"));
    Err(Stop::Refused(format!(
        "voters have data: {}; they were left alone; --overwrite puts them aside, on their hosts",
        names.collect::<Vec<_>>().join("; ")
    )))
}

fn restoration(run: &Run, found: BTreeMap<String, Holding>) -> Result<Restoration, Stop> {
    let at_hand = |name: &str| run.hosts.iter().any(|h| h.spec.name == name && h.failure.is_none());
    let voters = run.spec.voters();
    let (there, silent): (Vec<&HostSpec>, Vec<&HostSpec>) =
        voters.into_iter().partition(|voter| at_hand(&voter.name));
    let none = || Stop::Unreachable("none of the voters can be reached; see above".into());
    let host = there.first().ok_or_else(none)?.name.clone();
    let silent = silent.into_iter().map(|voter| voter.name.clone()).collect();
    Ok(Restoration { host, replaced: found.into_iter().collect(), silent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdings::Reach;

    #[test]
    fn data_are_only_put_aside_where_that_is_allowed() {
        let quorum = Some("1a".to_owned());
        let reach = Some(Reach { revision: 7, log_index: 9 });
        let found = BTreeMap::from([
            ("h1".to_owned(), Holding { quorum: quorum.clone(), reach }),
            ("h2".to_owned(), Holding { quorum, reach: None }),
        ]);
        assert_eq!(allowed(found.clone(), true), Ok(found.clone()));
        assert_eq!(allowed(BTreeMap::new(), false), Ok(BTreeMap::new()));
        let words = "voters have data: h1 (quorum 1a at revision 7); h2 (quorum 1a, its voter does not \
                     answer); they were left alone; --overwrite puts them aside, on their hosts";
        assert_eq!(allowed(found, false), Err(Stop::Refused(words.to_owned())));
    }
}
