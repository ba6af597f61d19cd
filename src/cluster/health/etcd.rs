//! An etcd in the quorum's place: whether it serves. Its members are nobody's to mend here, so one that
//! is away is no ailment of the cluster as long as the others agree.

use super::{Ailment, Health, Reports};
use crate::report::{EtcdMember, EtcdView};
use crate::{ClusterSpec, EtcdSpec};
use jiff::{SignedDuration, Timestamp};
use mesoform_identity::RENEW_BEFORE;
use std::collections::BTreeSet;

const THEIRS: &str =
    "mesoform does not run it: see `etcdctl endpoint status` and its members' logs";

impl Health {
    pub(super) fn etcd(&mut self, spec: &ClusterSpec, reports: &Reports) {
        let Some(etcd) = &spec.etcd else { return };
        let views: Vec<(&str, &EtcdView)> = views(reports).collect();
        if views.is_empty() {
            return;
        }
        let members = members(etcd, &views);
        self.quorum_leader =
            members.iter().find(|member| member.leads()).map(|member| member.endpoint.clone());
        self.voters_ready =
            members.iter().filter(|m| m.error.is_none() && m.leader_id != 0).count();
        self.consensus(etcd, &views);
        for member in members {
            self.member(member);
        }
        let quorums: BTreeSet<u64> = views
            .iter()
            .flat_map(|(_, view)| &view.members)
            .map(|member| member.cluster_id)
            .filter(|id| *id != 0)
            .collect();
        if quorums.len() > 1 {
            let what = "the endpoints of mesoform_quorum_endpoints belong to several etcd clusters";
            let ailment = Ailment::new(None, what, "name the members of one");
            self.ailments.push(Ailment { lasting: true, ..ailment });
        }
    }

    fn consensus(&mut self, etcd: &EtcdSpec, views: &[(&str, &EtcdView)]) {
        let without =
            || views.iter().filter_map(|(host, view)| Some((*host, view.error.as_ref()?)));
        let Some((_, first)) = without().next() else { return };
        let urls = etcd.urls().join(", ");
        if without().count() == views.len() {
            let what =
                format!("the quorum has no consensus: the etcd at {urls} gives none ({first})");
            return self.ail(None, what, THEIRS);
        }
        for (host, cause) in without() {
            let what = format!("does not reach the etcd at {urls}: {cause}");
            let cure = "others do: see to the network between them";
            let ailment = Ailment::new(None, what, cure);
            self.warnings.push(Ailment { host: Some(host.to_owned()), ..ailment });
        }
    }

    fn member(&mut self, member: &EtcdMember) {
        let endpoint = &member.endpoint;
        if let Some(cause) = &member.error {
            self.warn(None, format!("the etcd member {endpoint} does not answer: {cause}"), THEIRS);
        }
        for alarm in &member.errors {
            self.warn(None, format!("the etcd member {endpoint} says: {alarm}"), THEIRS);
        }
    }

    /// Nobody renews it by itself.
    pub(super) fn etcd_certificate(&mut self, reports: &Reports, now: Timestamp) {
        let Some(end) = views(reports).filter_map(|(_, view)| view.not_after).min() else { return };
        let margin = SignedDuration::try_from(RENEW_BEFORE).unwrap_or(SignedDuration::MAX);
        if end.duration_since(now) > margin {
            return;
        }
        let (day, over) = (end.strftime("%Y-%m-%d"), end <= now);
        let ends = if over { "ended" } else { "ends" };
        let what = format!("the certificate that this cluster shows to etcd {ends} on {day}");
        let cure = "put a new one where mesoform_quorum_cert_file and mesoform_quorum_key_file say, \
                    then run `mesoform up`";
        let ailment = Ailment { lasting: over, ..Ailment::new(None, what, cure) };
        if over { self.ailments.push(ailment) } else { self.warnings.push(ailment) }
    }
}

fn views(reports: &Reports) -> impl Iterator<Item = (&str, &EtcdView)> {
    reports
        .iter()
        .filter_map(|(host, report)| Some((host.as_str(), report.as_ref().ok()?.etcd.as_ref()?)))
}

/// Each member as somebody reaches it, where anybody does.
fn members<'v>(etcd: &EtcdSpec, views: &[(&str, &'v EtcdView)]) -> Vec<&'v EtcdMember> {
    let urls = etcd.urls();
    let of = |url: &String| {
        let all = views.iter().flat_map(|(_, view)| &view.members);
        all.filter(|member| member.endpoint == *url).min_by_key(|member| member.error.is_some())
    };
    urls.iter().filter_map(of).collect()
}

/// The members of an etcd in the quorum's place, as the hosts see them.
pub fn etcd_members<'r>(spec: &ClusterSpec, reports: &'r Reports) -> Vec<&'r EtcdMember> {
    let Some(etcd) = &spec.etcd else { return Vec::new() };
    members(etcd, &views(reports).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stop;
    use crate::report::HostReport;
    use jiff::ToSpan;
    use mesoform_inventory::{ExtraVars, Inventory};
    use std::path::Path;

    fn spec() -> ClusterSpec {
        let text = "[masters]\nm1\nm2\n[all:vars]\nmesoform_quorum_insecure=yes\n\
                    mesoform_quorum_endpoints=http://e1:2379,http://e2:2379,http://e3:2379\n";
        let inventory =
            Inventory::parse(text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
        crate::resolve(&inventory).unwrap()
    }

    fn member(number: u64, leader_id: u64) -> EtcdMember {
        let endpoint = format!("http://e{number}:2379");
        EtcdMember { endpoint, member_id: number, leader_id, cluster_id: 7, ..Default::default() }
    }

    fn silent(number: u64) -> EtcdMember {
        EtcdMember { error: Some("refused".into()), cluster_id: 0, ..member(number, 0) }
    }

    fn judge(views: &[(&str, EtcdView)]) -> Health {
        let mut health = Health::default();
        health.etcd(&spec(), &reports(views));
        health
    }

    fn reports(views: &[(&str, EtcdView)]) -> Reports {
        let report =
            |view: &EtcdView| HostReport { etcd: Some(view.clone()), ..Default::default() };
        views.iter().map(|(host, view)| ((*host).to_owned(), Ok(report(view)))).collect()
    }

    fn told(all: &[Ailment]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_member_less_is_a_warning() {
        let view =
            EtcdView { members: vec![member(1, 2), member(2, 2), silent(3)], ..Default::default() };
        let health = judge(&[("m1", view.clone()), ("m2", view)]);
        assert_eq!(told(&health.ailments), [""; 0]);
        let warning = "the etcd member http://e3:2379 does not answer: refused; mesoform does not run \
                       it: see `etcdctl endpoint status` and its members' logs";
        assert_eq!(told(&health.warnings), [warning]);
        assert_eq!(health.quorum_leader.as_deref(), Some("http://e2:2379"));
        assert_eq!(health.voters_ready, 2);
    }

    #[test]
    fn what_one_host_reaches_is_there() {
        let one =
            EtcdView { members: vec![member(1, 1), silent(2), silent(3)], ..Default::default() };
        let two = EtcdView {
            members: vec![silent(1), member(2, 1), member(3, 1)],
            error: Some("it hangs".into()),
            ..Default::default()
        };
        let health = judge(&[("m1", one), ("m2", two)]);
        assert_eq!((health.voters_ready, told(&health.ailments).len()), (3, 0));
        let [warning] = health.warnings.as_slice() else { panic!("{:?}", health.warnings) };
        assert!(warning.to_string().starts_with("m2: does not reach the etcd"), "{warning}");
    }

    #[test]
    fn without_consensus_the_cluster_is_unwell() {
        let view = EtcdView {
            members: vec![member(1, 0), silent(2), silent(3)],
            error: Some("etcdserver: no leader".into()),
            ..Default::default()
        };
        let health = judge(&[("m1", view.clone()), ("m2", view)]);
        assert_eq!(health.quorum_leader, None);
        let [ailment] = health.ailments.as_slice() else { panic!("{:?}", health.ailments) };
        let words = ailment.to_string();
        assert!(words.contains("no consensus") && words.contains("http://e1:2379, "), "{words}");
        assert!(!words.contains("mesoform restart"), "it is not ours to restart: {words}");
    }

    #[test]
    fn alarms_and_endpoints_of_several_clusters_are_told() {
        let full = EtcdMember { errors: vec!["NOSPACE".into()], ..member(1, 1) };
        let strange = EtcdMember { cluster_id: 8, ..member(2, 2) };
        let health =
            judge(&[("m1", EtcdView { members: vec![full, strange], ..Default::default() })]);
        assert!(told(&health.warnings)[0].contains("says: NOSPACE"), "{:?}", health.warnings);
        assert!(health.ailments[0].lasting && told(&health.ailments)[0].contains("several"));
    }

    #[test]
    fn a_certificate_that_ends_is_told_in_time() {
        let now = Timestamp::now();
        let with = |hours: i64| {
            let not_after = Some(now + hours.hours());
            let mut health = Health::default();
            health.etcd_certificate(
                &reports(&[("m1", EtcdView { not_after, ..Default::default() })]),
                now,
            );
            (told(&health.ailments).len(), told(&health.warnings).len())
        };
        assert_eq!(with(24 * 60), (0, 0));
        assert_eq!(with(24 * 3), (0, 1));
        assert_eq!(with(-1), (1, 0));
    }

    #[test]
    fn where_nobody_could_be_asked_nothing_is_said_of_it() {
        let mut health = Health::default();
        let lost = Reports::from([("m1".to_owned(), Err(Stop::Unreachable("gone".into())))]);
        health.etcd(&spec(), &lost);
        assert!(health.is_well());
    }
}
