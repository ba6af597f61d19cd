use super::layout::link;
use crate::{Places, Service};
use mesoform_plan::{FORMAT, Plan, Step};
use std::path::PathBuf;

/// What a voter had before its quorum began again begins with this: the operator's last copy.
const LAST_COPY: &str = ".replaced-";

/// What tells that a service is, or was, on a host: its unit, which goes when it is ended, and its settings,
/// which go when nothing else is left. Whoever is interrupted in between leaves one of them.
pub(crate) fn marks(service: Service) -> [PathBuf; 2] {
    let places = Places::system();
    [places.units.join(service.unit()), places.etc.join(format!("{service}.yml"))]
}

/// What ends before a service's data are looked at. The tasks of an agent go with it.
pub(crate) fn ending(cluster: &str, host: &str, service: Service) -> Plan {
    let slices = ["mesoform-tasks.slice", "mesoform.slice"].map(str::to_owned);
    let slices = slices.into_iter().filter(|_| service == Service::Agent);
    let units = [service.unit()].into_iter().chain(slices);
    plan(cluster, host, units.map(|name| Step::UnitAbsent { name }).collect())
}

/// The plan that takes one service, which has ended, from a host that stays in the cluster. `data`: the
/// names in its folder. Its settings come last: as long as they are there, the next run does what is left.
pub(crate) fn retirement(cluster: &str, host: &str, service: Service, data: &[String]) -> Plan {
    let places = Places::system();
    let mut gone = vec![
        places.pki.join(format!("{}.crt", service.role())),
        places.pki.join(format!("{}.key", service.role())),
        places.credentials(service),
    ];
    if service == Service::Master {
        gone.extend(super::renewal::issuer_files(&places));
    }
    let folder = places.var.join(service.name());
    match data.iter().any(|name| is_last_copy(name)) {
        true => {
            gone.extend(data.iter().filter(|name| !is_last_copy(name)).map(|n| folder.join(n)));
        }
        false => gone.push(folder),
    }
    gone.push(link(&places, service));
    gone.extend(marks(service));
    let absent = |path| Step::Absent { path, recursive: true };
    plan(cluster, host, gone.into_iter().map(absent).collect())
}

/// Of the names in the folder of a service's data, those that a retirement leaves there.
pub(crate) fn last_copies(service: Service, data: &[String]) -> Vec<PathBuf> {
    let folder = Places::system().var.join(service.name());
    data.iter().filter(|name| is_last_copy(name)).map(|name| folder.join(name)).collect()
}

fn is_last_copy(name: &str) -> bool {
    name.starts_with(LAST_COPY)
}

fn plan(cluster: &str, host: &str, steps: Vec<Step>) -> Plan {
    Plan { format: FORMAT, cluster: cluster.to_owned(), host: host.to_owned(), steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(service: Service, data: &[&str]) -> Vec<String> {
        let data: Vec<String> = data.iter().map(|name| (*name).to_owned()).collect();
        let plan = retirement("c", "h1", service, &data);
        plan.validate().unwrap();
        let paths = plan.steps.iter().map(|step| match step {
            Step::Absent { path, .. } => path.display().to_string(),
            other => panic!("{other:?}"),
        });
        paths.collect()
    }

    #[test]
    fn what_a_voter_had_before_is_kept() {
        let data = ["log.redb", ".replaced-20261120-1", "state.redb"];
        let gone = gone(Service::Quorum, &data);
        let below: Vec<&str> =
            gone.iter().filter_map(|path| path.strip_prefix("/var/lib/mesoform/quorum")).collect();
        assert_eq!(below, ["/log.redb", "/state.redb"]);
        let kept = last_copies(Service::Quorum, &data.map(str::to_owned));
        assert_eq!(kept, [PathBuf::from("/var/lib/mesoform/quorum/.replaced-20261120-1")]);
    }

    #[test]
    fn nothing_else_is_and_what_tells_of_it_goes_last() {
        for service in Service::ALL {
            let gone = gone(service, &["something"]);
            for path in ["/var/lib/mesoform/", "/etc/mesoform/pki/"] {
                assert!(gone.iter().any(|gone| gone.starts_with(path)), "{gone:?}");
            }
            let last = format!("/etc/mesoform/{service}.yml");
            assert_eq!(gone.last(), Some(&last));
            // What ends it takes its unit, so that alone would tell of nothing that is left.
            assert!(marks(service).contains(&PathBuf::from(last)));
        }
        assert_eq!(ending("c", "h1", Service::Agent).steps.len(), 3, "its tasks end with it");
        assert_eq!(ending("c", "h1", Service::Master).steps.len(), 1);
    }
}
