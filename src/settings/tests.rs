use super::*;
use std::path::PathBuf;

fn agent() -> AgentSettings {
    AgentSettings {
        format: FORMAT,
        cluster: "demo".into(),
        hostname: "h1".into(),
        address: "127.0.0.1".into(),
        http: HttpSettings {
            listen: ([127, 0, 0, 1], 5051).into(),
            advertise: "127.0.0.1:5051".into(),
            scheme: Scheme::Http,
            credentials: None,
        },
        masters: vec!["127.0.0.1:5055".into()],
        pki: PkiPaths::in_dir(Path::new("/etc/mesoform/pki"), "agent"),
        work_dir: PathBuf::from("/var/lib/mesoform/agent"),
        run_dir: PathBuf::from("/run/mesoform/agent"),
        launcher: Launcher::Systemd,
        task_user: Some("mesoform-task".into()),
        task_log_mib: 10,
        hidden: vec![PathBuf::from("/etc/mesoform")],
        attributes: vec![Attribute { name: "rack".into(), value: "yes".into() }],
        resources: ResourceSettings { ports: Some(vec![(31000, 32000)]), ..Default::default() },
    }
}

#[test]
fn what_is_written_is_read_again() {
    let yaml = to_yaml(&agent()).unwrap();
    let read: AgentSettings = parse(&yaml, Path::new("agent.yml")).unwrap();
    assert_eq!(read, agent(), "{yaml}");
}

#[test]
fn an_unknown_key_is_an_error_with_its_place() {
    let yaml = to_yaml(&agent()).unwrap() + "\nmastrs: []\n";
    let error = parse::<AgentSettings>(&yaml, Path::new("agent.yml")).unwrap_err().to_string();
    assert!(error.contains("agent.yml") && error.contains("mastrs"), "{error}");
}

#[test]
fn a_newer_format_is_refused() {
    let newer = AgentSettings { format: FORMAT + 1, ..agent() };
    let error = parse::<AgentSettings>(&to_yaml(&newer).unwrap(), Path::new("agent.yml"));
    assert!(matches!(error, Err(SettingsError::Format { .. })));
}
