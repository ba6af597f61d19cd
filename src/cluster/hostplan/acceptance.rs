use crate::{ClusterSpec, HostPlanError, HostSpec, Places, Service};
use mesoform_plan::{FORMAT, Ownership, Plan, Step};
use mesoform_settings::{Acceptance, to_yaml};

/// The plan that has the agent of `host` accept `quorum` when it starts next. It is no part of what a
/// host should look like: the agent takes the file away.
///
/// # Errors
/// The acceptance cannot be written down.
pub fn acceptance(
    spec: &ClusterSpec,
    host: &HostSpec,
    quorum: &str,
) -> Result<Plan, HostPlanError> {
    let folder = Places::system().var.join(Service::Agent.name());
    let acceptance = Acceptance { format: mesoform_settings::FORMAT, quorum: quorum.to_owned() };
    let step = Step::File {
        path: folder.join(Acceptance::FILE),
        ownership: Ownership::root(0o600),
        content: to_yaml(&acceptance)?,
    };
    let (cluster, host) = (spec.name.clone(), host.name.clone());
    Ok(Plan { format: FORMAT, cluster, host, steps: vec![step] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::{ExtraVars, Inventory};
    use std::path::Path;

    #[test]
    fn an_acceptance_is_what_the_agent_reads() {
        let inventory = Inventory::load("h1,", &ExtraVars::default()).unwrap();
        let spec = crate::resolve(&inventory).unwrap();
        for quorum in ["cdf818194e3a8c32", "12e4", "7"] {
            let plan = acceptance(&spec, &spec.hosts[0], quorum).unwrap();
            plan.validate().unwrap();
            let [Step::File { path, content, .. }] = plan.steps.as_slice() else { panic!() };
            assert_eq!(path, Path::new("/var/lib/mesoform/agent/accept-quorum.yml"));
            let read: Acceptance = mesoform_settings::parse(content, path).unwrap();
            assert_eq!(read.quorum, quorum, "{content}");
        }
    }
}
