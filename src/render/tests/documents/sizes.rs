//! Documents fit where machines take only small ones.

use crate::kit::{ALL, Cluster, FIVE, ONE, SMALL, THREE};
use mesoform_render::Dialect;

#[test]
fn every_host_of_a_usual_cluster_fits_anywhere() {
    for inventory in [ONE, THREE, FIVE] {
        let cluster = Cluster::of(inventory);
        for host in &cluster.spec.hosts {
            for dialect in ALL {
                let size = cluster.document(dialect, &host.name, Some(SMALL)).len();
                assert!(size <= SMALL, "{dialect} of {}: {size}", host.name);
            }
        }
    }
}

/// The token, what it is for, and the unit that asks have their place too.
#[test]
fn a_host_that_joins_by_itself_fits_as_well() {
    for inventory in [THREE, FIVE] {
        let cluster = Cluster::joining(inventory);
        for host in &cluster.spec.hosts {
            let size = cluster.document(Dialect::CloudConfig, &host.name, Some(SMALL)).len();
            assert!(size <= SMALL, "{}: {size}", host.name);
        }
    }
}

#[test]
fn no_secret_is_in_a_document() {
    let cluster = Cluster::of(ONE);
    for dialect in ALL {
        let text = cluster.document(dialect, "m1", None);
        assert!(!text.contains("admin:00:11") && !text.contains("PRIVATE"), "{text}");
    }
}
