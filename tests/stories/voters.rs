//! What the stories about a quorum in trouble have in common.

use mesoform_tests::{Cluster, Host, Rig};

/// Three hosts that are everything, and a cluster that runs on them.
pub fn three_of_all(rig: &Rig) -> ([Host; 3], Cluster<'_>) {
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n");
    cluster.up().expect_success();
    (hosts, cluster)
}

/// The voters of these hosts do not run, and what they had stays.
pub fn stop_voters(hosts: &[Host]) {
    hosts.iter().for_each(|host| host.service("quorum").stop());
}

/// The voters of these hosts lose what they had, and do not run.
pub fn lose_disks(hosts: &[Host]) {
    stop_voters(hosts);
    for host in hosts {
        host.run("rm -rf /var/lib/mesoform/quorum/*").expect_success();
    }
}

/// The voters of these hosts run again, or try to.
pub fn start_voters(hosts: &[Host]) {
    for host in hosts {
        host.run("systemctl start --no-block mesoform-quorum").expect_success();
    }
}
