use crate::{FORMAT, Lock, Ownership, Plan, PlanError, Reply, Request, SecretText, Step};
use std::path::PathBuf;

fn refused(step: Step) -> String {
    Plan::new("c", "h", vec![step]).validate().unwrap_err().to_string()
}

fn absent(path: &str) -> Step {
    Step::Absent { path: path.into(), recursive: true }
}

#[test]
fn unsafe_steps_are_refused() {
    assert_eq!(refused(absent("etc/x")), "step 0: the path etc/x is not absolute");
    assert_eq!(refused(absent("/a/b/../../etc")), "step 0: the path /a/b/../../etc contains '..'");
    assert!(refused(absent("/")).contains("root of the file system"));
    assert!(refused(absent("/etc")).contains("top folder"));
    assert!(refused(absent("/etc/x\ny")).contains("control character"));
    assert!(refused(Step::UnitAbsent { name: "--now.service".into() }).contains("unit"));
    assert!(refused(Step::UnitAbsent { name: "a".into() }).contains("unit"));
    assert!(refused(Step::UserAbsent { name: "-rf".into() }).contains("user"));
    let ownership = Ownership::root(0o10000);
    let path = PathBuf::from("/a");
    assert!(refused(Step::Directory { path, ownership }).contains("permission bits"));
}

#[test]
fn a_newer_format_is_refused_for_what_it_is() {
    let newer = r#"{"format": 99, "cluster": "c", "steps": "what is this"}"#;
    assert_eq!(Plan::parse(newer).unwrap_err(), PlanError::Format { found: 99, known: FORMAT });
    assert!(matches!(Plan::parse("{"), Err(PlanError::Shape { .. })));
    let unknown = r#"{"format":1,"cluster":"c","host":"h","steps":[{"step":"dance"}]}"#;
    assert!(matches!(Plan::parse(unknown), Err(PlanError::Shape { .. })));
}

#[test]
fn the_lines_of_a_session() {
    let line = serde_json::to_string(&Request::Hello { protocol: 1 }).unwrap();
    assert_eq!(line, r#"{"request":"hello","protocol":1}"#);
    let line = serde_json::to_string(&Reply::Released).unwrap();
    assert_eq!(line, r#"{"reply":"released"}"#);
    let chains =
        r#"{"request":"certificates","run_id":"r","chains":[{"step":3,"chain_pem":"PEM"}]}"#;
    let Request::Certificates { chains, .. } = serde_json::from_str(chains).unwrap() else {
        panic!("certificates")
    };
    assert_eq!((chains[0].step, chains[0].chain_pem.as_str()), (3, "PEM"));
}

#[test]
fn when_a_lock_is_free_is_told_as_it_is() {
    let lock = |heard_ms, expires_ms| Lock {
        owner: "ann".into(),
        run_id: "r".into(),
        session: String::new(),
        since_ms: 0,
        expires_ms,
        heard_ms,
    };
    // Heard of just now; silent for 20 s; a session that was killed 25 s ago; one of an older version.
    assert_eq!(lock(Some(100_000), 130_000).free_within_ms(100_000), 35_000);
    assert_eq!(lock(Some(80_000), 115_000).free_within_ms(100_000), 15_000);
    assert_eq!(lock(Some(70_000), 105_000).free_within_ms(100_000), 5_000);
    assert_eq!(lock(None, 130_000).free_within_ms(100_000), 30_000);
    for odd in [i64::MIN, i64::MAX] {
        assert!((0..=35_000).contains(&lock(Some(odd), odd).free_within_ms(-odd.max(-i64::MAX))));
    }
}

#[test]
fn a_secret_is_not_in_its_debug_text() {
    assert_eq!(format!("{:?}", SecretText::new("hunter2")), "SecretText(…)");
}
