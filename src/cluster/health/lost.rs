//! Whether the quorum's majority has lost its data.

use super::Views;
use crate::report::QuorumView;
use std::collections::BTreeSet;

/// What is wrong and its cure, where those that have lost their data are so many that the others will never
/// agree on anything: no waiting and no restart helps then.
pub(super) fn lost_majority(views: &Views) -> Option<(String, String)> {
    let has_data =
        |(_, view): &&(&str, &QuorumView)| view.cluster_id != 0 && !view.roster.is_empty();
    let (first, newest) =
        views.quorum.iter().filter(has_data).max_by_key(|(_, view)| view.raft_index)?;
    let answering: BTreeSet<u64> = views.quorum.iter().map(|(_, view)| view.member_id).collect();
    let voters: Vec<_> = newest.roster.iter().filter(|member| !member.learner).collect();
    // Another voter answers on its host. Of hosts that do not answer nobody knows.
    let is_lost = |name: &str, id: u64| {
        let answers = views.quorum.iter().any(|(host, _)| *host == name);
        answers && !answering.contains(&id)
    };
    let lost: Vec<&str> = voters
        .iter()
        .filter(|member| is_lost(&member.name, member.id))
        .map(|member| member.name.as_str())
        .collect();
    if voters.len() - lost.len() > voters.len() / 2 {
        return None;
    }
    let what = format!(
        "the quorum has no consensus and gets none by itself: {} of its {} voters, {}, came back without \
         their data",
        lost.len(),
        voters.len(),
        lost.join(", ")
    );
    let cure = format!(
        "where their disks are gone for good, `mesoform restart quorum --force-new-cluster {first}` begins \
         again with what {first} has, and says first what may be lost"
    );
    Some((what, cure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::RosterMember;

    fn view(member_id: u64, cluster_id: u64, raft_index: u64) -> QuorumView {
        let member = |id: u64, name: &str| RosterMember {
            id,
            name: name.into(),
            learner: false,
            alive: true,
        };
        let roster = vec![member(1, "h1"), member(2, "h2"), member(3, "h3")];
        let roster = if cluster_id == 0 { Vec::new() } else { roster };
        QuorumView { member_id, cluster_id, raft_index, roster, ..QuorumView::default() }
    }

    fn told(quorum: &[(&str, &QuorumView)]) -> Option<(String, String)> {
        lost_majority(&Views { quorum: quorum.to_vec(), ..Views::default() })
    }

    #[test]
    fn two_of_three_without_their_data_are_the_end_of_it() {
        let (kept, [second, third]) = (view(1, 7, 9), [view(12, 0, 0), view(13, 0, 0)]);
        let (what, cure) = told(&[("h1", &kept), ("h2", &second), ("h3", &third)]).unwrap();
        assert!(what.contains("2 of its 3 voters, h2, h3"), "{what}");
        assert!(cure.contains("--force-new-cluster h1"), "{cure}");
        // The last one is silent, and may have its data.
        assert_eq!(told(&[("h1", &kept), ("h2", &second)]), None);
        assert_eq!(told(&[("h1", &kept), ("h2", &view(2, 7, 8)), ("h3", &third)]), None);
        assert_eq!(told(&[("h2", &second)]), None);
    }
}
