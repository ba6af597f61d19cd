use super::layout::link;
use crate::{Places, Service};
use mesoform_plan::{FORMAT, Plan, Step};

/// The plan that takes one service from a host that stays in the cluster.
pub(crate) fn retirement(cluster: &str, host: &str, service: Service) -> Plan {
    let places = Places::system();
    let mut steps = vec![Step::UnitAbsent { name: service.unit() }];
    let gone = [
        places.units.join(service.unit()),
        places.etc.join(format!("{service}.yml")),
        places.pki.join(format!("{}.crt", service.role())),
        places.pki.join(format!("{}.key", service.role())),
        places.var.join(service.name()),
        link(&places, service),
    ];
    let issuer = super::renewal::issuer_files(&places);
    let gone = gone.into_iter().chain(issuer.into_iter().filter(|_| service == Service::Master));
    steps.extend(gone.map(|path| Step::Absent { path, recursive: true }));
    Plan { format: FORMAT, cluster: cluster.to_owned(), host: host.to_owned(), steps }
}
