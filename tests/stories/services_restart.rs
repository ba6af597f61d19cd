//! Every service is restarted in turn by its old name; the tasks never notice.

use mesoform_tests::Rig;

#[test]
fn services_restart() {
    let Some(rig) = Rig::new("services_restart") else { return };
    let _hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);
    let prober = web.probe(&tasks);

    for service in ["mesos-slave", "mesos-master", "marathon", "zookeeper-equivalent"] {
        cluster.restart(service).expect_success().expect_says("runs on 3 hosts again");
        // `up` waits until the cluster is well, and finds nothing else to do.
        cluster.up().expect_success().expect_says("0 changes on 3 hosts");
        assert_eq!(web.expect_answers(3), tasks, "after the restart of {service}");
    }

    prober.expect_all_answered();
    web.scale(4).expect_status(200);
    web.expect_answers(4);
}
