//! Machines boot with nothing but the document that was rendered for each, in any order. They fetch their
//! binary, join with their token, and form a cluster that no operator has logged in to.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

/// cloud-init alone takes a while on a busy machine.
const LIMIT: Duration = Duration::from_secs(400);

#[test]
fn boots_from_user_data() {
    let Some(rig) = Rig::new("boots_from_user_data") else { return };
    let hosts = ["h1", "h2", "h3"].map(|name| rig.cloud_host(name));
    let at = format!("{}:8000", rig.address());
    let cluster = rig.cluster(&format!(
        "[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n\n[all:vars]\nmesoform_artifact_url=http://{at}/\n\
         mesoform_join_url=https://{at}\n"
    ));
    let documents = rig.dir().join("documents");
    let render = ["render", "--cloud-config", "-o", &documents.display().to_string()];
    cluster.does(&render).expect_success().expect_says("good once and until");
    for host in &hosts {
        let document = documents.join(format!("{}.yaml", host.name()));
        host.seed(&std::fs::read_to_string(document).unwrap());
    }
    // Nobody can log in: all that happens comes from the documents.
    for host in &hosts {
        std::fs::remove_file(host.root().join("root/.ssh/authorized_keys")).unwrap();
    }

    let [h1, h2, h3] = &hosts;
    h3.boot();
    eventually("cloud-init is done with the last host", LIMIT, || done(h3));
    rig.tell("one has booted, and nobody serves anything");
    assert!(!joined(h3));
    let inventory = cluster.inventory().display().to_string();
    let server = rig.start_mesoform(&["serve", "-i", &inventory, "--listen", &at]);
    eventually("the first has joined", LIMIT, || joined(h3));
    h1.boot();
    eventually("the second has joined", LIMIT, || joined(h1));
    rig.tell("two have joined; the quorum waits for the third");
    h2.boot();
    eventually("all have joined", LIMIT, || joined(h2));
    let leads = || cluster.ask("GET", "/v2/leader", None).status == 200;
    eventually("a scheduler leads", LIMIT, leads);
    cluster.create_web("/web", 3).expect_answers(3);
    rig.tell("the cluster runs an app");
    drop(server);

    for host in &hosts {
        assert!(!leaves_a_token(host), "{}", host.name());
        host.kill();
    }
    for host in &hosts {
        host.boot();
    }
    cluster.app("/web").expect_answers(3);
    rig.tell("all have booted again");
}

/// cloud-init has carried the document out, and nothing of it went wrong.
fn done(host: &Host) -> bool {
    let status = host.run("cloud-init status");
    assert!(!status.says("error"), "{status}\n{}", host.run("cat /var/log/cloud-init-output.log"));
    status.says("done")
}

/// The unit that joins takes itself away when it is done.
fn joined(host: &Host) -> bool {
    let there = "test -e /etc/mesoform/pki/master.crt";
    let gone = "test ! -e /etc/systemd/system/mesoform-join.service";
    host.run(&format!("{there} && {gone}")).success()
}

/// Outside of what the provider told the machine for good.
fn leaves_a_token(host: &Host) -> bool {
    let looked = "grep -rlI mesoform-join-1 /etc /var/lib/mesoform /run/systemd /opt/mesoform/bin; \
                  journalctl -o cat | grep mesoform-join-1";
    !host.run(looked).text().is_empty()
}
