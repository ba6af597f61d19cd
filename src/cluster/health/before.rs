use super::{Ailment, Health};
use crate::{Service, graph};
use std::collections::BTreeSet;

/// How a cluster was before one service was restarted on some of its hosts: what a restart waits for
/// is that it is no worse afterwards.
#[derive(Debug)]
pub(crate) struct Before {
    service: Service,
    hosts: BTreeSet<String>,
    /// Who was unwell.
    ailing: BTreeSet<(Option<String>, Option<Service>)>,
}

impl Before {
    pub fn new(service: Service, hosts: BTreeSet<String>, health: &Health) -> Self {
        let ailing = health.ailments.iter().map(Self::who).collect();
        Self { service, hosts, ailing }
    }

    /// In words that may change while the cause is the same.
    fn who(ailment: &Ailment) -> (Option<String>, Option<Service>) {
        (ailment.host.clone(), ailment.service)
    }

    /// What the restart has still to wait for: what is worse than before on its hosts and in what rests
    /// on its service, and that the service itself is well, unless something else keeps it from that.
    pub fn awaits(&self, health: &Health) -> Vec<Ailment> {
        let unwell = |service| health.ailments.iter().any(|a| a.service == Some(service));
        let kept = graph::needs(self.service).into_iter().any(unwell);
        let awaited = health.ailments.iter().filter(|ailment| {
            let new = !self.ailing.contains(&Self::who(ailment));
            let here = ailment.host.as_ref().is_none_or(|host| self.hosts.contains(host));
            match ailment.service {
                Some(service) if service == self.service => {
                    here && (new || !(kept || ailment.lasting))
                }
                Some(service) => new && graph::rests_on(service, self.service),
                None => new && here && ailment.host.is_some(),
            }
        });
        awaited.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ailment(host: &str, service: Option<Service>) -> Ailment {
        let host = (!host.is_empty()).then(|| host.to_owned());
        let what = format!("{} is unwell", service.map_or("it".into(), |s| s.to_string()));
        Ailment { host, service, what, cure: String::new(), lasting: false, stopped: false }
    }

    fn health(ailments: &[Ailment]) -> Health {
        Health { ailments: ailments.to_vec(), ..Health::default() }
    }

    /// Of what is awaited after the restart of `service` on h1: host and service.
    fn awaited(
        service: Service,
        before: &[Ailment],
        after: &[Ailment],
    ) -> Vec<(String, Option<Service>)> {
        let before = Before::new(service, BTreeSet::from(["h1".to_owned()]), &health(before));
        let awaited = before.awaits(&health(after));
        awaited.into_iter().map(|a| (a.host.unwrap_or_default(), a.service)).collect()
    }

    #[test]
    fn what_was_restarted_has_to_lead_or_be_registered_again() {
        for service in Service::ALL {
            for host in ["", "h1"] {
                let unwell = [ailment(host, Some(service))];
                let wanted = vec![(host.to_owned(), Some(service))];
                assert_eq!(awaited(service, &[], &unwell), wanted);
                assert_eq!(awaited(service, &unwell, &unwell), wanted, "that is what it is for");
            }
            assert!(awaited(service, &[], &[]).is_empty());
            assert!(awaited(service, &[], &[ailment("h2", Some(service))]).is_empty(), "elsewhere");
        }
    }

    #[test]
    fn what_rests_on_it_has_to_be_as_well_as_before() {
        let agent = ailment("h2", Some(Service::Agent));
        let wanted = vec![("h2".to_owned(), Some(Service::Agent))];
        for service in [Service::Quorum, Service::Master] {
            assert_eq!(awaited(service, &[], std::slice::from_ref(&agent)), wanted);
            let same = std::slice::from_ref(&agent);
            assert!(awaited(service, same, same).is_empty(), "it was so before");
        }
        assert!(awaited(Service::Scheduler, &[], &[agent]).is_empty());
    }

    #[test]
    fn what_something_else_keeps_from_being_well_is_not_awaited() {
        let unwell = [ailment("", Some(Service::Scheduler)), ailment("", Some(Service::Master))];
        assert!(awaited(Service::Scheduler, &unwell, &unwell).is_empty());
        assert_eq!(awaited(Service::Scheduler, &unwell, &unwell[..1]).len(), 1);
        let fenced = [Ailment { lasting: true, ..ailment("h1", Some(Service::Agent)) }];
        assert!(awaited(Service::Agent, &fenced, &fenced).is_empty(), "no restart cures it");
        assert_eq!(awaited(Service::Agent, &[], &fenced).len(), 1);
    }

    #[test]
    fn a_host_that_cannot_be_asked_any_more_is_awaited() {
        let lost = [ailment("h1", None)];
        assert_eq!(awaited(Service::Master, &[], &lost).len(), 1);
        assert!(awaited(Service::Master, &[], &[ailment("h2", None)]).is_empty());
        assert!(awaited(Service::Master, &[], &[ailment("", None)]).is_empty());
    }
}
