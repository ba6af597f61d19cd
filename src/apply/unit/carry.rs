use super::rig::{Rig, apply_on, directory, file, link, names, plan, unit, user};
use crate::{Materials, Pair};
use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role};
use mesoform_plan::{Outcome, Ownership, Plan, SecretText, Step, sha256_hex};
use mesoform_settings::PkiPaths;
use nix::errno::Errno;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn cluster() -> Plan {
    plan(vec![
        user("mesoform"),
        directory("/etc/mesoform"),
        file("/etc/mesoform/a.yml", "a: 2\n"),
        directory("/opt/mesoform"),
        link("/opt/mesoform/current", "versions/2"),
        file("/etc/systemd/system/a.service", "[Service]\n"),
        file("/etc/systemd/system/b.service", "[Service]\n"),
        unit("a.service", &["/etc/mesoform/a.yml", "/opt/mesoform/current"]),
        unit("b.service", &[]),
        Step::Absent { path: "/opt/mesoform/old".into(), recursive: true },
    ])
}

#[test]
fn a_bare_host_becomes_what_the_plan_wants() {
    let rig = Rig::new();
    assert_eq!(rig.apply(&cluster()), Outcome::Done { changed: 9 });
    assert_eq!(rig.text("/etc/mesoform/a.yml"), "a: 2\n");
    assert_eq!(
        fs::read_link(rig.at("/opt/mesoform/current")).unwrap(),
        std::path::Path::new("versions/2")
    );
    let mode = fs::metadata(rig.at("/etc/mesoform/a.yml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(
        rig.fake.did(),
        [
            "useradd --system --no-create-home --home-dir /var/lib/x --shell /usr/sbin/nologin --user-group -- mesoform",
            "systemctl enable --no-reload --quiet -- a.service",
            "systemctl enable --no-reload --quiet -- b.service",
            "systemctl daemon-reload",
        ]
    );
    assert_eq!(rig.todo(&cluster()), [""; 0]);
    assert_eq!(rig.apply(&cluster()), Outcome::Done { changed: 0 });
    assert_eq!(rig.fake.did(), [""; 0]);
}

/// At every place where a disk can fill up.
#[test]
fn a_full_disk_leaves_old_files_whole_and_the_next_run_goes_on() {
    for step in 0.. {
        let rig = Rig::new();
        let old = plan(vec![
            directory("/etc/mesoform"),
            file("/etc/mesoform/a.yml", "a: 1\n"),
            directory("/opt/mesoform"),
            link("/opt/mesoform/current", "versions/1"),
            directory("/opt/mesoform/old"),
        ]);
        rig.apply(&old);
        let mut host = rig.host();
        let (left, total) = (Arc::new(AtomicUsize::new(step)), Arc::new(AtomicUsize::new(0)));
        let (ours, hit) = (left.clone(), total.clone());
        host.tree.fault = Some(Box::new(move |_, _| {
            if ours.fetch_sub(1, Ordering::Relaxed) == 0 {
                hit.fetch_add(1, Ordering::Relaxed);
                return Err(Errno::ENOSPC.into());
            }
            Ok(())
        }));
        let outcome = apply_on(&mut host, &cluster(), &Materials::default());
        if total.load(Ordering::Relaxed) == 0 {
            assert!(matches!(outcome, Outcome::Done { .. }) && step > 5, "{step}: {outcome:?}");
            return;
        }
        let Outcome::Failed { failure, .. } = outcome else { panic!("{step}: {outcome:?}") };
        assert!(failure.cause.contains("the disk is full"), "{failure}");
        assert!(failure.cure.contains("df -h"), "{failure}");
        let content = rig.text("/etc/mesoform/a.yml");
        assert!(["a: 1\n", "a: 2\n"].contains(&content.as_str()), "{content:?}");
        assert!(fs::read_link(rig.at("/opt/mesoform/current")).is_ok());
        assert!(matches!(rig.apply(&cluster()), Outcome::Done { .. }));
        assert_eq!(rig.todo(&cluster()), [""; 0]);
        assert_eq!(names(&rig.at("/etc/mesoform")), ["a.yml"]);
    }
}

#[test]
fn a_draft_of_a_killed_run_is_taken_away() {
    let rig = Rig::new();
    fs::write(rig.at("/etc/.a.mesoform"), "half").unwrap();
    rig.apply(&plan(vec![file("/etc/a", "whole")]));
    assert_eq!(rig.text("/etc/a"), "whole");
    assert!(!rig.at("/etc/.a.mesoform").exists());
}

#[test]
fn only_the_mode_changes_where_the_content_is_right() {
    let rig = Rig::new();
    let wanted = plan(vec![file("/etc/a", "a")]);
    rig.apply(&wanted);
    fs::set_permissions(rig.at("/etc/a"), PermissionsExt::from_mode(0o666)).unwrap();
    let before = fs::metadata(rig.at("/etc/a")).unwrap().ino();
    assert_eq!(rig.todo(&wanted), ["update file /etc/a (mode 0666 → 0640)"]);
    assert_eq!(rig.apply(&wanted), Outcome::Done { changed: 1 });
    assert_eq!(fs::metadata(rig.at("/etc/a")).unwrap().ino(), before);
}

fn cause(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed { failure, .. } => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_done_says_why_and_what_helps() {
    let rig = Rig::new();
    let owner = Ownership::new("nobody-here", "", 0o600);
    let foreign = Step::File { path: "/etc/a".into(), ownership: owner, content: "a".into() };
    let no_user = cause(rig.apply(&plan(vec![foreign])));
    assert!(no_user.contains("nobody-here: there is no user"), "{no_user}");
    let no_folder = cause(rig.apply(&plan(vec![file("/srv/x/a", "a")])));
    assert!(no_folder.contains("/srv/x/a: cannot write: its folder is missing"), "{no_folder}");
    fs::create_dir(rig.at("/etc/folder")).unwrap();
    let in_the_way = cause(rig.apply(&plan(vec![file("/etc/folder", "a")])));
    assert!(in_the_way.contains("something else is at this place"), "{in_the_way}");
    fs::write(rig.at("/etc/folder/x"), "").unwrap();
    let full = plan(vec![Step::Absent { path: "/etc/folder".into(), recursive: false }]);
    assert!(cause(rig.apply(&full)).contains("not empty"));
    let binary = Step::Binary { path: "/opt/m".into(), sha256: sha256_hex("m"), size: 1 };
    assert!(cause(rig.apply(&plan(vec![binary]))).contains("was not carried"));
    assert!(!rig.at("/etc/a").exists());
}

#[test]
fn a_link_in_the_way_of_a_parent_is_not_followed() {
    let rig = Rig::new();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), rig.at("/opt/mesoform")).unwrap();
    let error = crate::carry::todo(&rig.host(), &plan(vec![file("/opt/mesoform/a", "a")]));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("/opt/mesoform is a link"), "{error}");
    assert_eq!(names(outside.path()), [""; 0]);
}

#[test]
fn removing_a_folder_spares_what_its_links_lead_to() {
    let rig = Rig::new();
    let wanted = plan(vec![Step::Absent { path: "/opt/x".into(), recursive: true }]);
    fs::create_dir_all(rig.at("/opt/x/y")).unwrap();
    fs::write(rig.at("/etc/precious"), "").unwrap();
    std::os::unix::fs::symlink(rig.at("/etc"), rig.at("/opt/x/y/etc")).unwrap();
    assert_eq!(rig.apply(&wanted), Outcome::Done { changed: 1 });
    assert!(!rig.at("/opt/x").exists() && rig.at("/etc/precious").exists());
}

#[test]
fn users_come_and_go_on_busybox_too() {
    let rig = Rig::new();
    for program in ["useradd", "userdel", "groupdel"] {
        rig.fake.without(program);
    }
    rig.apply(&plan(vec![user("mesoform")]));
    assert!(
        rig.text("/etc/passwd").contains("mesoform:")
            && rig.text("/etc/group").contains("mesoform:")
    );
    let gone = plan(vec![Step::UserAbsent { name: "mesoform".into() }]);
    assert_eq!(rig.apply(&gone), Outcome::Done { changed: 1 });
    assert_eq!(rig.text("/etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
    assert_eq!(rig.text("/etc/group"), "root:x:0:\n");
    assert_eq!(rig.todo(&gone), [""; 0]);
}

#[test]
fn files_belong_to_the_user_that_the_plan_made() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let rig = Rig::new();
    let ownership = Ownership::new("mesoform", "mesoform", 0o4750);
    let owned = Step::File { path: "/etc/a".into(), ownership, content: "a".into() };
    let wanted = plan(vec![user("mesoform"), owned]);
    assert_eq!(rig.apply(&wanted), Outcome::Done { changed: 2 });
    let found = fs::metadata(rig.at("/etc/a")).unwrap();
    assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (990, 990, 0o4750));
    assert_eq!(rig.todo(&wanted), [""; 0]);
}

#[test]
fn versions_that_nobody_uses_go_and_nothing_else() {
    let rig = Rig::new();
    for version in ["a", "b", "c", "d", ".hidden", "odd name"] {
        fs::create_dir_all(rig.at(&format!("/opt/versions/{version}"))).unwrap();
        fs::write(rig.at(&format!("/opt/versions/{version}/mesoform")), "").unwrap();
    }
    fs::write(rig.at("/opt/versions/file"), "").unwrap();
    fs::create_dir_all(rig.at("/opt/bin")).unwrap();
    fs::create_dir_all(rig.at("/proc/17")).unwrap();
    let runs = |version: &str, link: &str| {
        let target = format!("/opt/versions/{version}/mesoform");
        std::os::unix::fs::symlink(target, rig.at(link)).unwrap();
    };
    runs("a", "/opt/bin/mesoform-agent");
    runs("b", "/proc/17/exe");
    let at = (PathBuf::from("/opt/versions"), PathBuf::from("/opt/bin"));
    let wanted =
        |spare| plan(vec![Step::Versions { dir: at.0.clone(), links: at.1.clone(), spare }]);
    assert_eq!(rig.apply(&wanted(3)), Outcome::Done { changed: 0 });
    let told = rig.todo(&wanted(0));
    assert_eq!(told, ["remove path /opt/versions/d", "remove path /opt/versions/c"]);
    assert_eq!(rig.apply(&wanted(0)), Outcome::Done { changed: 2 });
    assert_eq!(names(&rig.at("/opt/versions")), [".hidden", "a", "b", "file", "odd name"]);
    assert_eq!(rig.todo(&wanted(0)), [""; 0]);
}

#[test]
fn a_unit_leaves_nothing() {
    let rig = Rig::new();
    rig.apply(&plan(vec![file("/etc/systemd/system/a.service", ""), unit("a.service", &[])]));
    fs::create_dir_all(rig.at("/var/lib/mesoform/units")).unwrap();
    fs::write(rig.at("/var/lib/mesoform/units/a.service.inputs"), "00").unwrap();
    rig.fake.did();
    let gone = plan(vec![Step::UnitAbsent { name: "a.service".into() }]);
    assert_eq!(rig.apply(&gone), Outcome::Done { changed: 1 });
    assert_eq!(
        rig.fake.did(),
        ["systemctl disable --no-reload --quiet -- a.service", "systemctl daemon-reload"]
    );
    assert!(!rig.at("/etc/systemd/system/a.service").exists());
    assert!(!rig.at("/var/lib/mesoform/units/a.service.inputs").exists());
    assert_eq!(rig.todo(&gone), [""; 0]);
}

#[test]
fn a_credential_is_the_one_that_the_plan_names() {
    let rig = Rig::new();
    let credential = Step::Credential {
        path: "/etc/secret".into(),
        ownership: Ownership::mine(0o600),
        name: "admin".into(),
        sha256: sha256_hex("hunter2"),
    };
    let wanted = plan(vec![credential]);
    let apply = |secret: Option<&str>| {
        let secrets = secret.map(|text| ("admin".to_owned(), SecretText::new(text)));
        let materials =
            Materials { secrets: secrets.into_iter().collect(), ..Materials::default() };
        apply_on(&mut rig.host(), &wanted, &materials)
    };
    assert!(cause(apply(None)).contains("did not come with it"));
    assert!(cause(apply(Some("other"))).contains("not the one"));
    assert_eq!(apply(Some("hunter2")), Outcome::Done { changed: 1 });
    let mode = fs::metadata(rig.at("/etc/secret")).unwrap().permissions().mode();
    assert_eq!((rig.text("/etc/secret").as_str(), mode & 0o7777), ("hunter2", 0o600));
    assert_eq!(apply(None), Outcome::Done { changed: 0 });
}

pub fn certificate(ca: &Authority) -> Plan {
    plan(vec![
        directory("/etc/pki"),
        file("/etc/pki/ca.crt", ca.certificate_pem()),
        Step::Certificate {
            dir: "/etc/pki".into(),
            role: "master".into(),
            owner: String::new(),
            host: "node1".into(),
            dns: vec!["node1".into()],
            ips: Vec::new(),
            ca_fingerprint: ca.fingerprint(),
            renew_before_s: 3600,
        },
    ])
}

/// Wherever it breaks off, what is there belongs together, or is made anew.
#[test]
fn a_renewal_that_breaks_off_is_done_again() {
    let ca = Authority::create("prod").unwrap();
    let wanted = certificate(&ca);
    for fault in ["write", "rename"] {
        for nth in 0..4 {
            let rig = Rig::new();
            assert_eq!(
                apply_on(&mut rig.host(), &wanted, &pair(&ca)),
                Outcome::Done { changed: 3 }
            );
            let old_key = fs::read(rig.at("/etc/pki/master.key")).unwrap();
            let rival = Authority::create("prod").unwrap();
            let other = certificate(&rival);
            let mut host = rig.host();
            let left = AtomicUsize::new(nth);
            host.tree.fault = Some(Box::new(move |at, path| {
                let counts = at == fault && !path.ends_with("ca.crt");
                if counts && left.fetch_sub(1, Ordering::Relaxed) == 0 {
                    return Err(Errno::ENOSPC.into());
                }
                Ok(())
            }));
            let outcome = apply_on(&mut host, &other, &pair(&rival));
            if matches!(outcome, Outcome::Failed { .. }) {
                // A mark stays only where the pair was taken apart.
                let key = rig.at("/etc/pki/master.key");
                let same = fs::read(&key).unwrap() == old_key;
                assert_eq!(
                    names(&rig.at("/etc/pki")).len(),
                    if same { 3 } else { 4 },
                    "{fault} {nth}"
                );
                assert!(rig.todo(&other).iter().any(|line| line.contains("master.crt")));
                let again = apply_on(&mut rig.host(), &other, &pair(&rival));
                assert!(matches!(again, Outcome::Done { .. }), "{again:?}");
            }
            let paths = PkiPaths::in_dir(&rig.at("/etc/pki"), "master");
            assert_eq!(Identity::load(&paths).unwrap().role(), Role::Master);
            assert_eq!(rig.todo(&other), [""; 0]);
            assert_eq!(names(&rig.at("/etc/pki")), ["ca.crt", "master.crt", "master.key"]);
        }
    }
}

fn pair(ca: &Authority) -> Materials {
    let mut grant = Grant::new(Role::Master, "node1");
    grant.dns = vec!["node1".into()];
    let request = KeyRequest::generate().unwrap();
    let chain_pem = ca.sign(&request.csr_pem, &grant).unwrap();
    let key_pem = SecretText::new(request.key_pem.expose());
    Materials { pairs: [(2, Pair { key_pem, chain_pem })].into(), ..Materials::default() }
}
