use crate::{ClusterSpec, HostSpec, Places, Service};
use mesoform_plan::{FORMAT, Plan, Step};

/// The plan that takes the cluster from a host again.
pub fn removal(spec: &ClusterSpec, host: &HostSpec, keep_data: bool) -> Plan {
    let places = Places::system();
    let absent = |path: std::path::PathBuf| Step::Absent { path, recursive: true };
    // First: it holds up the services, and would bring the binary back.
    let mut steps = super::layout::no_first_boot();
    let services = Service::ALL.iter().rev();
    steps.extend(services.map(|service| Step::UnitAbsent { name: service.unit() }));
    steps.extend(super::renewal::absent(&places));
    steps.extend(super::extras::absent(host, &places));
    // Tasks outlive the agent by design; here they go with it, and with them the slice around theirs.
    for slice in ["mesoform-tasks.slice", "mesoform.slice"] {
        steps.push(Step::UnitAbsent { name: slice.into() });
    }
    for service in Service::ALL {
        steps.push(absent(places.units.join(service.unit())));
    }
    steps.push(absent(places.run));
    if !keep_data {
        steps.push(absent(places.etc));
        steps.push(absent(places.var));
        steps.extend(super::accounts::no_users());
    }
    steps.push(absent(places.opt));
    Plan { format: FORMAT, cluster: spec.name.clone(), host: host.name.clone(), steps }
}
