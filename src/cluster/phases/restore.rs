//! A new quorum from a backup.

use super::holdings::{self, Holding};
use super::rebuild::{Source, begin_again};
use super::{apply, connect, membership, preflight, start, well};
use crate::HostSpec;
use crate::membership::Seen;
use crate::run::{Run, Stop, Summary};
use holdings::is_voter;
use std::collections::{BTreeMap, BTreeSet};
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

/// What a restore may do beside restoring.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// The data that voters have may be put aside.
    pub overwrite: bool,
    /// These voters cannot be stopped, and are known to be gone.
    pub without: BTreeSet<String>,
}

/// Makes the cluster run with the quorum's data from the backup in `file`. What voters have must be
/// `allowed` to be put aside, and those of a majority that cannot be reached must be named there. `agree` is
/// told what will be done, and may refuse.
///
/// # Errors
/// As `up`; voters are left out, there are data, too many of the voters may run on, or `agree` refused.
pub async fn restore(
    run: &mut Run,
    file: &Path,
    allowed: &Allowed,
    agree: impl AsyncFnOnce(&Restoration) -> bool,
) -> Result<Summary, Stop> {
    run.spec.own_quorum("`etcdctl snapshot restore` makes an etcd of a backup of one")?;
    nobody_left_out(run)?;
    run.phase("connect", "Connect and look", connect::look_at_all_for_restore).await?;
    run.phase("preflight", "Check what must be true", preflight::check).await?;
    run.phase("plan", "Compare with what is wanted", apply::compare).await?;
    not_beside_the_old(run, &allowed.without).await?;
    let overwrite = allowed.overwrite;
    let found = free(holdings::look(run).await?, overwrite)?;
    let restoration = restoration(run, found)?;
    if !agree(&restoration).await {
        return Err(Stop::Refused("nothing was restored".into()));
    }
    run.hosts.iter_mut().for_each(|host| host.in_membership = true);
    run.phase("carry", "Carry the binary", apply::open_sessions).await?;
    run.phase("lock", "Lock the hosts", apply::lock).await?;
    // Before the lock somebody may have brought data.
    free(holdings::look(run).await?, overwrite)?;
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

/// Refuses where the old quorum may go on beside the new one.
async fn not_beside_the_old(run: &mut Run, without: &BTreeSet<String>) -> Result<(), Stop> {
    let seen = Seen::of(&membership::ask_voters(run).await);
    let members: BTreeSet<String> = seen.voters().map(|voter| voter.name.clone()).collect();
    let wanted = run.spec.voters().iter().map(|voter| voter.name.clone()).collect();
    are_known(without, &members, &wanted)?;
    let ended = run.hosts.iter().filter(|host| is_voter(host));
    let ended: BTreeSet<String> = ended.map(|host| host.spec.name.clone()).collect();
    [members, wanted].into_iter().try_for_each(|old| ends(&old, &ended, without))
}

/// Refuses names that are no voters', neither of the quorum that there is nor of the inventory.
fn are_known(
    names: &BTreeSet<String>,
    members: &BTreeSet<String>,
    wanted: &BTreeSet<String>,
) -> Result<(), Stop> {
    let known: BTreeSet<String> = members | wanted;
    let Some(stranger) = names.difference(&known).next() else { return Ok(()) };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let known = known.join(", ");
    Err(Stop::Refused(format!("--without {stranger}: that is no voter; the voters are {known}")))
}

/// Whether the quorum of the voters `old` has no majority any more once those of `ended` are stopped: of the
/// others only those of `without` are known not to run.
fn ends(
    old: &BTreeSet<String>,
    ended: &BTreeSet<String>,
    without: &BTreeSet<String>,
) -> Result<(), Stop> {
    let left = old.difference(ended).filter(|voter| !without.contains(*voter));
    let left: Vec<&str> = left.map(String::as_str).collect();
    if left.len() * 2 <= old.len() {
        return Ok(());
    }
    let (they, names) = (left.join(", "), left.join(","));
    Err(Stop::Refused(format!(
        "{they} cannot be stopped, and are the majority of the voters: if they run, they go on as the old \
         quorum beside the new one, each with masters and apps of its own; nothing was changed; bring \
         them back, or, where they are gone or surely switched off, say --without {names}"
    )))
}

/// What voters have, where that may be put aside.
fn free(
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
        assert_eq!(free(found.clone(), true), Ok(found.clone()));
        assert_eq!(free(BTreeMap::new(), false), Ok(BTreeMap::new()));
        let words = "voters have data: h1 (quorum 1a at revision 7); h2 (quorum 1a, its voter does not \
                     answer); they were left alone; --overwrite puts them aside, on their hosts";
        assert_eq!(free(found, false), Err(Stop::Refused(words.to_owned())));
    }

    fn names(text: &str) -> BTreeSet<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_old_quorum_is_not_left_to_run_beside_the_new_one() {
        let ends = |old, ended, without| ends(&names(old), &names(ended), &names(without));
        assert_eq!(ends("h1 h2 h3", "h1 h2 h3", ""), Ok(()));
        assert_eq!(ends("h1 h2 h3", "h1 h2", ""), Ok(()), "one of three is no majority");
        assert_eq!(ends("h1 h2", "h1", ""), Ok(()), "neither is one of two");
        assert_eq!(ends("", "h1", ""), Ok(()), "there is none");
        let Err(refused) = ends("h1 h2 h3", "h1", "") else { panic!() };
        insta::assert_snapshot!(refused, @"h2, h3 cannot be stopped, and are the majority of the voters: if they run, they go on as the old quorum beside the new one, each with masters and apps of its own; nothing was changed; bring them back, or, where they are gone or surely switched off, say --without h2,h3");
        assert_eq!(ends("h1 h2 h3", "h1", "h2 h3"), Ok(()));
        assert_eq!(ends("h1 h2 h3", "h1", "h2"), Ok(()), "the other one is alone");
        // The inventory has other voters than the quorum.
        assert!(ends("h1 h2 h3", "h1 h4 h5", "").is_err());
    }

    #[test]
    fn voters_of_the_old_quorum_can_be_named_though_the_inventory_has_others() {
        let known = |without| are_known(&names(without), &names("h1 h2 h3"), &names("h1 h4 h5"));
        assert_eq!(known("h2 h3"), Ok(()));
        assert_eq!(known("h4"), Ok(()));
        let Err(refused) = known("h2 h9") else { panic!() };
        insta::assert_snapshot!(refused, @"--without h9: that is no voter; the voters are h1, h2, h3, h4, h5");
    }
}
