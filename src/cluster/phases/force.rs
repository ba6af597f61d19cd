//! A new quorum from one voter of an old one whose majority is lost for good.

use super::rebuild::{Source, begin_again};
use super::{apply, connect, holdings, membership, preflight, restart};
use crate::Reports;
use crate::report::{QuorumView, quorum_views};
use crate::run::{HostRun, Run, Stop, Summary};
use holdings::Holding;
use std::collections::BTreeSet;

/// What is known before a quorum is begun anew.
#[derive(Debug, Clone, Default)]
pub struct Forcing {
    pub host: String,
    /// What the host's voter has.
    pub has: Holding,
    /// What others have, by host.
    pub others: Vec<(String, Holding)>,
    /// The voters that do not answer.
    pub silent: Vec<String>,
}

impl Forcing {
    /// The voters that are known to have what `host` has not.
    pub fn ahead(&self) -> impl Iterator<Item = &(String, Holding)> {
        self.others.iter().filter(|(_, other)| other.has_more_than(&self.has) == Some(true))
    }

    /// Those of which nobody knows whether they have.
    pub fn perhaps_ahead(&self) -> impl Iterator<Item = &(String, Holding)> {
        self.others.iter().filter(|(_, other)| other.has_more_than(&self.has).is_none())
    }

    /// Refuses to begin while a voter stands still that might say more than another one: of `host` and the
    /// others, either all run or none does, as a run leaves them that was interrupted.
    fn hears_all(&self, without: &BTreeSet<String>) -> Result<(), Stop> {
        let others = self
            .others
            .iter()
            .filter(|(host, other)| other.quorum == self.has.quorum && !without.contains(host));
        let (run, still): (Vec<_>, Vec<_>) = others.partition(|(_, other)| other.reach.is_some());
        match self.has.reach {
            Some(_) => self.hears_those(&still),
            None => self.says_itself(&run),
        }
    }

    fn hears_those(&self, still: &[&(String, Holding)]) -> Result<(), Stop> {
        if still.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = still.iter().map(|(host, _)| host.as_str()).collect();
        Err(Stop::Refused(format!(
            "{0} may have more than {1}, and does not run: have it say what it has (`mesoform restart \
             quorum` starts it, which may bring consensus back), or go on without that with --without {2}",
            names.join(", "),
            self.host,
            names.join(",")
        )))
    }

    fn says_itself(&self, run: &[&(String, Holding)]) -> Result<(), Stop> {
        let Some((best, _)) = run.iter().max_by_key(|(_, holding)| holding.reach) else {
            return Ok(());
        };
        let has = |(host, holding): &&(String, Holding)| format!("{host} ({})", holding.in_full());
        let all: Vec<String> = run.iter().map(has).collect();
        let names: Vec<&str> = run.iter().map(|(host, _)| host.as_str()).collect();
        Err(Stop::Refused(format!(
            "{0} does not run and may have less than {1}: name {best} instead, or have {0} say what it has \
             (`mesoform restart quorum` starts it), or go on without what others have more with \
             --without {2}",
            self.host,
            all.join(" and "),
            names.join(",")
        )))
    }

    /// Refuses to lose what is known to be there, but for what `without` names.
    fn loses_nothing_unasked(&self, without: &BTreeSet<String>) -> Result<(), Stop> {
        let ahead: Vec<_> = self.ahead().filter(|(host, _)| !without.contains(host)).collect();
        let Some((best, _)) = ahead.iter().max_by_key(|(_, holding)| holding.reach) else {
            return Ok(());
        };
        let has = |(host, holding): &&(String, Holding)| format!("{host} ({})", holding.in_full());
        let all: Vec<String> = ahead.iter().map(has).collect();
        let names: Vec<&str> = ahead.iter().map(|(host, _)| host.as_str()).collect();
        Err(Stop::Refused(format!(
            "{} has less than {}: what was acknowledged and is missing there would be lost; name {best} \
             instead, or give up what others have more with --without {}",
            has(&&(self.host.clone(), self.has.clone())),
            all.join(" and "),
            names.join(",")
        )))
    }
}

/// Rewrites the membership of the quorum to `host`'s voter alone, under new ids; the other voters that
/// can be reached begin anew and join it. What the voters of `without` have more than `host`'s may be lost.
/// `agree` is told what is known, and may refuse.
///
/// # Errors
/// The quorum has consensus, `host` is no voter, has no data or less than another one, or cannot be reached,
/// `agree` refused, or a host failed.
pub async fn force_new_cluster(
    run: &mut Run,
    host: &str,
    without: &BTreeSet<String>,
    agree: impl AsyncFnOnce(&Forcing) -> bool,
) -> Result<Summary, Stop> {
    run.spec
        .own_quorum("etcd's `--force-new-cluster` and `etcdctl snapshot restore` do that there")?;
    are_named_right(run, host, without)?;
    run.phase("connect", "Connect and look", connect::look_at_all_for_restart).await?;
    preflight::ours(run).await?;
    let forcing = forcing(run, host).await?;
    forcing.loses_nothing_unasked(without)?;
    forcing.hears_all(without)?;
    if !agree(&forcing).await {
        return Err(Stop::Refused("nothing was changed".into()));
    }
    run.phase("lock", "Lock the hosts", restart::open_and_lock).await?;
    run.phase("force", "Begin again from one voter", async |run: &mut Run| {
        begin_again(run, host, Source::Own, true).await
    })
    .await?;
    apply::unlock(run).await;
    run.end()
}

fn are_named_right(run: &Run, host: &str, without: &BTreeSet<String>) -> Result<(), Stop> {
    holdings::are_voters(run, std::iter::once(host).chain(without.iter().map(String::as_str)))?;
    if without.contains(host) {
        return Err(Stop::Refused(format!(
            "--without {host}: it is what {host} has that the new quorum begins with"
        )));
    }
    if !run.hosts.iter().any(|h| h.spec.name == host) {
        return Err(Stop::Refused(format!("{host} is among the hosts that --limit leaves out")));
    }
    Ok(())
}

async fn forcing(run: &mut Run, host: &str) -> Result<Forcing, Stop> {
    let reports = membership::ask_voters(run).await;
    let voters: Vec<String> = run.spec.voters().iter().map(|v| v.name.clone()).collect();
    if let Some(led) = led(&reports, &voters) {
        return Err(Stop::Refused(format!(
            "the quorum has consensus (ask {led}): nothing needs to be forced; `mesoform up` brings in \
             voters that are missing, and `mesoform restart agent --accept-quorum` agents that refuse \
             the new masters"
        )));
    }
    let at_hand = |name: &str| run.hosts.iter().any(|h: &HostRun| at_hand(h, name));
    if !at_hand(host) {
        return Err(Stop::Unreachable(format!(
            "{host} cannot be reached (see above); bring it back, or name another voter that has data"
        )));
    }
    let silent: Vec<String> = voters.iter().filter(|name| !at_hand(name)).cloned().collect();
    let mut found = holdings::look(run).await?;
    let has = found
        .remove(host)
        .ok_or_else(|| nothing(host, &found.keys().cloned().collect::<Vec<_>>()))?;
    Ok(Forcing { host: host.to_owned(), has, others: found.into_iter().collect(), silent })
}

fn at_hand(host: &HostRun, name: &str) -> bool {
    host.spec.name == name && host.failure.is_none()
}

/// The voter that knows a leader of the quorum.
fn led<'v>(reports: &Reports, voters: &'v [String]) -> Option<&'v String> {
    let views: Vec<(&String, &QuorumView)> =
        quorum_views(reports).filter(|(host, _)| voters.contains(host)).collect();
    let all = || views.iter().map(|(_, view)| *view);
    let (led, _) = views.iter().find(|(_, view)| view.is_led(all()))?;
    voters.iter().find(|voter| voter == led)
}

fn nothing(host: &str, others: &[String]) -> Stop {
    Stop::Refused(match others {
        [] => format!(
            "{host} has no data of a quorum, and no other voter that can be reached has any; restore a \
             backup (`mesoform restore FILE`)"
        ),
        others => {
            format!(
                "{host} has no data of a quorum; voters that may have some: {}",
                others.join(", ")
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdings::Reach;

    fn holding(quorum: &str, reach: Option<(i64, u64)>) -> Holding {
        let reach = reach.map(|(revision, log_index)| Reach { revision, log_index });
        Holding { quorum: Some(quorum.to_owned()), reach }
    }

    fn forcing(others: &[(&str, Holding)]) -> Forcing {
        let others = others.iter().map(|(host, holding)| ((*host).to_owned(), holding.clone()));
        let (host, has) = ("h1".to_owned(), holding("1a", Some((7, 90))));
        Forcing { host, has, others: others.collect(), ..Forcing::default() }
    }

    fn refused(forcing: &Forcing, without: &[&str]) -> Option<String> {
        let without = without.iter().map(|name| (*name).to_owned()).collect();
        forcing.loses_nothing_unasked(&without).err().map(|stop| stop.to_string())
    }

    #[test]
    fn what_another_voter_has_more_is_not_lost_unasked() {
        let more =
            forcing(&[("h2", holding("1a", Some((9, 92)))), ("h3", holding("1a", Some((8, 91))))]);
        let words = refused(&more, &[]).unwrap();
        insta::assert_snapshot!(words, @"h1 (quorum 1a at revision 7, log up to 90) has less than h2 (quorum 1a at revision 9, log up to 92) and h3 (quorum 1a at revision 8, log up to 91): what was acknowledged and is missing there would be lost; name h2 instead, or give up what others have more with --without h2,h3");
        assert!(
            refused(&more, &["h2"])
                .unwrap()
                .ends_with("name h3 instead, or give up what others have more with --without h3")
        );
        assert_eq!(refused(&more, &["h2", "h3"]), None);
        for longer in [Some((7, 91)), Some((8, 89))] {
            assert!(refused(&forcing(&[("h2", holding("1a", longer))]), &[]).is_some());
        }
    }

    #[test]
    fn who_could_say_more_is_asked_first() {
        let hears = |forcing: &Forcing, without: &[&str]| {
            let without = without.iter().map(|name| (*name).to_owned()).collect();
            forcing.hears_all(&without).err().map(|stop| stop.to_string())
        };
        let silent = forcing(&[("h2", holding("1a", None)), ("h3", holding("1a", Some((7, 90))))]);
        let words = hears(&silent, &[]).unwrap();
        assert!(words.starts_with("h2 may have more than h1, and does not run"), "{words}");
        assert!(words.ends_with("--without h2"), "{words}");
        assert_eq!(hears(&silent, &["h2"]), None);
        // What an interrupted run has left: nobody runs, or another has nothing of this quorum.
        let has = holding("1a", None);
        let all = Forcing { has: has.clone(), ..forcing(&[("h2", holding("1a", None))]) };
        assert_eq!(hears(&all, &[]), None);
        // Where another one runs, it may well have more than who stands still.
        let words = hears(&Forcing { has, ..silent }, &[]).unwrap();
        insta::assert_snapshot!(words, @"h1 does not run and may have less than h3 (quorum 1a at revision 7, log up to 90): name h3 instead, or have h1 say what it has (`mesoform restart quorum` starts it), or go on without what others have more with --without h3");
        for other in [holding("2b", None), Holding::default()] {
            assert_eq!(hears(&forcing(&[("h2", other)]), &[]), None);
        }
    }

    #[test]
    fn what_is_not_known_to_be_more_is_only_told() {
        for (as_much, told) in [
            (holding("1a", Some((7, 90))), 0),
            (holding("1a", Some((6, 80))), 0),
            (holding("1a", None), 1),
            (holding("2b", Some((8, 91))), 1),
            (Holding::default(), 1),
        ] {
            let forcing = forcing(&[("h2", as_much)]);
            assert_eq!(refused(&forcing, &[]), None, "{forcing:?}");
            assert_eq!(forcing.perhaps_ahead().count(), told, "{forcing:?}");
        }
    }
}
