//! Whether there is more than one of what there must be one of.

use super::{Ailment, Health, Views};
use crate::Service;
use crate::report::QuorumView;
use std::collections::BTreeMap;

const CURE: &str = "keep one: on each host of the other, `systemctl stop mesoform-quorum` and \
                    `/opt/mesoform/bin/mesoform voter renew`, which puts its data aside; then \
                    `mesoform up`";

impl Health {
    /// What stands written in one the other never hears of.
    pub(super) fn rivals(&mut self, views: &Views) {
        let Some(what) = rivals(&views.quorum) else { return };
        let ailment = Ailment::new(None, what, CURE).of(Service::Quorum);
        self.ailments.push(Ailment { lasting: true, ..ailment });
    }
}

/// The quorums that lead beside each other, in words.
pub(crate) fn rivals(views: &[(&str, &QuorumView)]) -> Option<String> {
    let mut quorums: BTreeMap<u64, Vec<(&str, &QuorumView)>> = BTreeMap::new();
    for (host, view) in views.iter().filter(|(_, view)| view.cluster_id != 0) {
        quorums.entry(view.cluster_id).or_default().push((host, view));
    }
    let is_led = |of: &Vec<(&str, &QuorumView)>| {
        of.iter().any(|(_, view)| view.is_led(of.iter().map(|(_, view)| *view)))
    };
    quorums.retain(|_, of| is_led(of));
    if quorums.len() < 2 {
        return None;
    }
    let one = |(id, of): (&u64, &Vec<(&str, &QuorumView)>)| {
        let hosts: Vec<&str> = of.iter().map(|(host, _)| *host).collect();
        let revision = of.iter().map(|(_, view)| view.revision).max().unwrap_or_default();
        format!("{id:x} on {} (revision {revision})", hosts.join(", "))
    };
    let all: Vec<String> = quorums.iter().map(one).collect();
    Some(format!("{} quorums lead beside each other: {}", all.len(), all.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(cluster_id: u64, member_id: u64, leader_id: u64) -> QuorumView {
        QuorumView { cluster_id, member_id, leader_id, revision: 7, ..QuorumView::default() }
    }

    #[test]
    fn two_quorums_that_lead_are_told_and_one_that_has_lost_its_majority_is_none() {
        let told = |views: [QuorumView; 3]| {
            let [h1, h2, h3] = &views;
            rivals(&[("h1", h1), ("h2", h2), ("h3", h3)])
        };
        let two = told([view(0x1a, 1, 1), view(0x2b, 2, 3), view(0x2b, 3, 3)]);
        insta::assert_snapshot!(two.unwrap(), @"2 quorums lead beside each other: 1a on h1 (revision 7) and 2b on h2, h3 (revision 7)");
        assert_eq!(told([view(0x1a, 1, 3), view(0x1a, 2, 3), view(0x1a, 3, 3)]), None);
        assert_eq!(told([view(0x1a, 1, 1), view(0x2b, 2, 0), view(0x2b, 3, 0)]), None);
        // It hears one that says itself that it leads nobody.
        assert_eq!(told([view(0x1a, 1, 1), view(0x2b, 2, 3), view(0x2b, 3, 0)]), None);
        assert_eq!(told([view(0x1a, 1, 1), view(0, 2, 3), view(0, 3, 3)]), None, "not known");
    }
}
