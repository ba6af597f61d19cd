//! Five voters: two of them may die.

use mesoform_tests::Rig;

#[test]
fn five_masters() {
    let Some(rig) = Rig::new("five_masters") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3", "h4", "h5"]);
    let cluster = rig.cluster("[masters]\nh[1:5]\n\n[agents]\nh1\nh2\n");
    cluster.up().expect_success();
    cluster.create_web("/web", 2).expect_answers(2);

    hosts[3].kill();
    hosts[4].kill();
    let web = cluster.app("/web");
    web.expect("the app is scaled with three of five voters", |web| {
        (web.scale(3).status == 200).then_some(())
    });
    web.expect_answers(3);
    cluster.status().expect_code(4).expect_says("h4");

    hosts[3].boot();
    hosts[4].boot();
    cluster.up().expect_success();
    cluster.status().expect_success().expect_says("all is well");
}
