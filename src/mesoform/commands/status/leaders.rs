//! The line that says who leads, as far as those know it that were asked.

use mesoform_cluster::report::{HostReport, ServiceReport, View};
use mesoform_cluster::{ClusterSpec, Health, HostSpec, Reports, Service};

pub fn line(spec: &ClusterSpec, health: &Health, reports: &Reports) -> String {
    let agents = match health.leading_master {
        Some(_) => format!("{} of {}", health.agents_registered, health.agents_wanted),
        None => agents_alone(reports),
    };
    let leader = |service, known: &Option<String>| one(spec, health, reports, service, known);
    format!(
        "quorum: {}   master: {}   scheduler: {}   agents: {agents}",
        leader(Service::Quorum, &health.quorum_leader),
        leader(Service::Master, &health.leading_master),
        leader(Service::Scheduler, &health.leading_scheduler),
    )
}

fn one(
    spec: &ClusterSpec,
    health: &Health,
    reports: &Reports,
    service: Service,
    known: &Option<String>,
) -> String {
    let asked = |host: &HostSpec| reports.contains_key(&host.name);
    let told =
        |host: &HostSpec| matches!(reports.get(&host.name), Some(Ok(r)) if has_told(r, service));
    let known = known.clone().or_else(|| hearsay(spec, reports, service));
    match (&leading(reports, service)[..], known) {
        (all @ [_, _, ..], _) => format!("{} lead", all.join(", ")),
        (_, Some(host)) => format!("{host} leads"),
        _ if service == Service::Quorum && spec.etcd.is_some() && health.is_well() => {
            "not known who leads".to_owned()
        }
        _ if !spec.with(service).any(asked) => "not asked".to_owned(),
        _ if spec.with(service).all(told) => "nobody leads".to_owned(),
        _ => "not known who leads".to_owned(),
    }
}

/// One that runs where nobody can ask it may lead.
fn has_told(report: &HostReport, service: Service) -> bool {
    report.services.get(&service).is_none_or(|found| !found.is_elsewhere())
}

fn views(reports: &Reports, service: Service) -> impl Iterator<Item = (&str, &View)> {
    reports.iter().filter_map(move |(host, report)| {
        let found: &ServiceReport = report.as_ref().ok()?.services.get(&service)?;
        Some((host.as_str(), found.view.as_ref()?))
    })
}

/// The hosts whose `service` says that it leads: more than one where there are two quorums.
fn leading(reports: &Reports, service: Service) -> Vec<&str> {
    let leads = |view: &View| match view {
        View::Quorum(view) => view.leader_id != 0 && view.leader_id == view.member_id,
        View::Master(view) => view.leading,
        View::Scheduler(view) => view.leading,
        View::Agent(_) => false,
    };
    views(reports, service).filter(|(_, view)| leads(view)).map(|(host, _)| host).collect()
}

/// Whom those that do not lead know to: one that was not asked.
fn hearsay(spec: &ClusterSpec, reports: &Reports, service: Service) -> Option<String> {
    let asked = |host: &str| reports.contains_key(host);
    let by_hostname = |hostname: &str| {
        let host = spec.hosts.iter().find(|host| host.hostname == hostname);
        host.map_or_else(|| hostname.to_owned(), |host| host.name.clone())
    };
    let heard = |view: &View| match view {
        View::Quorum(view) => {
            let leader = view.roster.iter().find(|member| member.id == view.leader_id)?;
            Some(leader.name.clone())
        }
        View::Master(view) => view.leader.as_ref().map(|leader| by_hostname(&leader.host)),
        View::Scheduler(view) => view.leader.as_ref().map(|leader| by_hostname(&leader.host)),
        View::Agent(_) => None,
    };
    views(reports, service).find_map(|(_, view)| heard(view).filter(|host| !asked(host)))
}

/// Where the leading master was not asked, an agent's own word counts.
fn agents_alone(reports: &Reports) -> String {
    let all = || views(reports, Service::Agent);
    let registered = |view: &View| matches!(view, View::Agent(view) if view.registered);
    match all().count() {
        0 => "not known".to_owned(),
        asked => {
            format!("{} of {asked} that answered", all().filter(|(_, v)| registered(v)).count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_cluster::membership::RosterMember;
    use mesoform_cluster::report::{AgentView, Leader, MasterView, QuorumView, SchedulerView};
    use mesoform_cluster::resolve;
    use mesoform_inventory::{ExtraVars, Inventory};
    use std::path::Path;

    fn spec() -> ClusterSpec {
        let text = "[masters]\nm1\nm2\nm3\n[agents]\nm1\na1\n";
        let inventory = Inventory::parse(text, Path::new("h.ini"), &ExtraVars::default()).unwrap();
        resolve(&inventory).unwrap()
    }

    fn report(views: Vec<View>) -> HostReport {
        let service = |view: &View| match view {
            View::Quorum(_) => Service::Quorum,
            View::Master(_) => Service::Master,
            View::Scheduler(_) => Service::Scheduler,
            View::Agent(_) => Service::Agent,
        };
        let found = |view| ServiceReport {
            active: "active".into(),
            view: Some(view),
            ..ServiceReport::default()
        };
        let services = views.into_iter().map(|view| (service(&view), found(view))).collect();
        HostReport { services, ..HostReport::default() }
    }

    /// One that stands by, and knows that m2 leads everywhere.
    fn standby() -> HostReport {
        let leader = Some(Leader { host: "m2".into(), http: "m2:1".into() });
        let roster = vec![RosterMember { id: 2, name: "m2".into(), ..RosterMember::default() }];
        report(vec![
            View::Quorum(QuorumView { member_id: 1, leader_id: 2, roster, ..Default::default() }),
            View::Master(MasterView { leader: leader.clone(), ..MasterView::default() }),
            View::Scheduler(SchedulerView { leader, ..SchedulerView::default() }),
            View::Agent(AgentView { registered: true, ..AgentView::default() }),
        ])
    }

    fn told(reports: &Reports) -> String {
        line(&spec(), &Health::of(&spec(), reports), reports)
    }

    #[test]
    fn who_was_not_asked_is_known_by_what_others_say() {
        let mut reports = Reports::from([("m1".to_owned(), Ok(standby()))]);
        insta::assert_snapshot!(told(&reports), @"quorum: m2 leads   master: m2 leads   scheduler: m2 leads   agents: 1 of 1 that answered");
        let agent = report(vec![View::Agent(AgentView::default())]);
        reports = Reports::from([("a1".to_owned(), Ok(agent))]);
        insta::assert_snapshot!(told(&reports), @"quorum: not asked   master: not asked   scheduler: not asked   agents: 0 of 1 that answered");
    }

    #[test]
    fn nobody_leads_where_all_say_so_and_two_where_two_do() {
        let nobody = || report(vec![View::Master(MasterView::default())]);
        let mut reports: Reports =
            ["m1", "m2", "m3"].map(|name| (name.to_owned(), Ok(nobody()))).into();
        assert!(told(&reports).contains("master: nobody leads"), "{}", told(&reports));
        let leads = || View::Master(MasterView { leading: true, ..MasterView::default() });
        reports.insert("m1".into(), Ok(report(vec![leads()])));
        assert!(told(&reports).contains("master: m1 leads"));
        reports.insert("m3".into(), Ok(report(vec![leads()])));
        assert!(told(&reports).contains("master: m1, m3 lead"));
        let mut old = nobody();
        let found = old.services.get_mut(&Service::Master).unwrap();
        (found.view, found.outdated) = (None, true);
        let reports = [("m1", nobody()), ("m2", old), ("m3", nobody())];
        let reports = reports.map(|(name, report)| (name.to_owned(), Ok(report))).into();
        assert!(told(&reports).contains("master: not known who leads"));
    }
}
