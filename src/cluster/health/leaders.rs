//! Whether masters and schedulers have somebody who leads.

use super::{Health, Views};
use crate::report::Leader;
use crate::{ClusterSpec, Service};

const WAIT: &str = "wait some seconds; if it stays so, see to the quorum";

/// Who answered, and whom it knows to lead.
pub(super) type Known<'a> = (&'a str, Option<&'a Leader>);

impl Health {
    pub(super) fn schedulers(&mut self, spec: &ClusterSpec, views: &Views) {
        let Some((host, view)) = views.schedulers.iter().find(|(_, view)| view.leading) else {
            let known = views.schedulers.iter().map(|(host, view)| (*host, view.leader.as_ref()));
            let known: Vec<Known> = known.collect();
            return self.nobody_leads(spec, views, Service::Scheduler, &known);
        };
        self.leading_scheduler = Some((*host).to_owned());
        self.scheduler_connected = view.connected_master.is_some();
        if !self.scheduler_connected {
            let what = "the leading scheduler is not connected to a master";
            let cure = "see `journalctl -u mesoform-scheduler` on its host";
            self.ail_of(Service::Scheduler, None, what, cure);
        }
    }

    /// Where --limit left out one that may lead, all that is known is whom the others know to.
    pub(super) fn nobody_leads(
        &mut self,
        spec: &ClusterSpec,
        views: &Views,
        service: Service,
        known: &[Known],
    ) {
        let every = |hosts: &[&str]| spec.with(service).all(|h| hosts.contains(&h.name.as_str()));
        let ours = |leader: &Leader| spec.with(service).any(|host| host.hostname == leader.host);
        let stranger = known.iter().filter_map(|(_, leader)| *leader).find(|leader| !ours(leader));
        if known.is_empty() || views.elsewhere.contains(&service) {
            return;
        }
        if !every(&views.asked) {
            self.some_know_nobody(spec, service, known);
        } else if let Some(stranger) = stranger {
            self.a_stranger_leads(service, stranger);
        } else if every(&views.told) {
            self.ail_of(service, None, format!("no {service} leads"), WAIT);
        } else {
            let what = format!("no {service} leads among those that could be asked");
            self.ail_of(service, None, what, "see to the other hosts first");
        }
    }

    /// One that was elected and does not lead yet names itself.
    fn some_know_nobody(&mut self, spec: &ClusterSpec, service: Service, known: &[Known]) {
        for host in spec.with(service) {
            let nobody = |(name, leader): &Known| {
                *name == host.name && leader.is_none_or(|leader| leader.host == host.hostname)
            };
            if known.iter().any(nobody) {
                let what = format!("its {service} knows of no {service} that leads");
                self.ail_of(service, Some(host), what, WAIT);
            }
        }
    }

    /// None of those that the inventory has.
    fn a_stranger_leads(&mut self, service: Service, stranger: &Leader) {
        let what =
            format!("the {service} on {} leads, though not among the inventory's", stranger.host);
        let cure = format!(
            "end it there: systemctl disable --now {}; or put that host into the inventory again, and \
             take it away with `mesoform down -l`",
            service.unit()
        );
        self.ail_of(service, None, what, &cure);
    }
}
