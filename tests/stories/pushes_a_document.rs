//! Documents of cloud-init's are pushed to hosts that have neither it nor Python.

use std::fs;

use mesoform_tests::Rig;

const DOCUMENT: &str = r#"#cloud-config
users:
  - name: web
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: [KEY]
    passwd: $6$rounds=4096$very.secret.salt$hash
write_files:
  - {path: /etc/web/web.conf, content: "listen 80\n", permissions: '0640', owner: 'web:web', defer: true}
  - {path: /etc/web/motd, content: "America: it is late\n"}
  - {path: /etc/web/secret, content: "correct horse\n", permissions: '0600'}
hostname: node
timezone: Europe/Paris
runcmd:
  - echo ran >>/root/ran
  - sleep 4242 & echo $! >/root/background
"#;

#[test]
fn pushes_a_document() {
    let Some(rig) = Rig::new("pushes_a_document") else { return };
    let [h1, h2] = rig.hosts(["h1", "h2"]);
    // No group of ours: the hosts need be no part of a cluster.
    rig.inventory("[web]\nh1\nh2 ansible_user=admin\n");
    let key = fs::read_to_string(rig.key().with_extension("pub")).unwrap();
    let write = |text: &str| fs::write(rig.dir().join("document.yaml"), text).unwrap();
    let push = |more: &[&str]| {
        rig.mesoform(&[&["push", "document.yaml", "-i", "cluster.ini"], more].concat())
    };
    write(
        "#cloud-config\nruncmd: [true]\npackagez: [x]\nwrite_files:\n  - {path: etc/x, mode: '0644'}\n",
    );
    push(&[])
        .expect_code(1)
        .expect_says("document.yaml:2: ")
        .expect_says("document.yaml:3: packagez is not known; was packages meant?")
        .expect_says("document.yaml:5: ");

    write(&DOCUMENT.replace("KEY", key.trim()));
    let before = h1.contents().without(&["/opt"]);
    push(&["--check", "--diff"])
        .expect_success()
        .expect_says("create user web")
        .expect_says("run command runcmd (2 lines)")
        .expect_says("+America: it is late")
        .expect_silent_about("correct horse")
        .expect_silent_about("secret.salt")
        .expect_says("nothing was changed");
    before.expect_same(&h1.contents().without(&["/opt"]));
    rig.tell("a check changes nothing");

    push(&["--diff"])
        .expect_success()
        .expect_says("on 2 hosts")
        .expect_silent_about("correct horse")
        .expect_silent_about("secret.salt");
    for host in [&h1, &h2] {
        host.run("cat /root/ran /etc/hostname /proc/sys/kernel/hostname")
            .expect_says("ran\nnode\nnode\n");
        host.run("stat -c '%U:%G %a %n' /etc/web/*").expect_says(
            "root:root 644 /etc/web/motd\nroot:root 600 /etc/web/secret\nweb:web 640 /etc/web/web.conf",
        );
        host.run("kill -0 $(cat /root/background)").expect_success();
        host.run("readlink /etc/localtime; cat /etc/timezone").expect_says("Europe/Paris");
        host.ssh("web", "sudo id -un").expect_says("root");
        host.run("! grep -rls 'correct horse' /var/lib/mesoform").expect_success();
    }
    rig.tell("both hosts have it");

    push(&[]).expect_success().expect_says("0 changes on 2 hosts");
    write(&DOCUMENT.replace("KEY", key.trim()).replace("listen 80", "listen 8080"));
    let changed = push(&["--limit", "h2", "--output", "json"]).expect_success().changes();
    let changed: Vec<_> = changed["h2"].iter().map(String::as_str).collect();
    assert_eq!(
        changed,
        ["run command runcmd (2 lines)", "update file /etc/web/web.conf (content)"]
    );
    h2.run("cat /root/ran").expect_says("ran\nran\n");
    assert_eq!(h1.run("cat /root/ran").text(), "ran");

    // A host that fails does not hold up the others, and goes on with what is left the next time.
    write("#cloud-config\nruncmd:\n  - test ! -e /root/broken\n");
    h1.run("touch /root/broken").expect_success();
    push(&[]).expect_code(2).expect_says("h1: failed: scripts_user: ").expect_says("code 1");
    h1.run("rm /root/broken").expect_success();
    push(&[]).expect_success().expect_says("1 change on 2 hosts");
    h2.kill();
    push(&[]).expect_code(4);
}
