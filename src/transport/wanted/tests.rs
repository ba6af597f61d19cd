use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Wanted> {
    let find = |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Wanted::from_variables("h1", find)
}

#[test]
fn ansibles_variables_are_understood() {
    let wanted = read(&[
        ("ansible_ssh_host", "10.0.0.7"),
        ("ansible_port", "2222"),
        ("ansible_user", "ann"),
        ("ansible_ssh_pass", "geheim"),
        ("ansible_ssh_private_key_file", "/keys/one"),
        ("ansible_ssh_common_args", "-o ProxyCommand='ssh -W %h:%p jump' -J a,b"),
        ("ansible_become", "yes"),
        ("ansible_become_pass", "sesame"),
        ("ansible_timeout", "30"),
    ])
    .unwrap();
    assert_eq!(wanted.address.as_deref(), Some("10.0.0.7"));
    assert_eq!((wanted.port, wanted.user.as_deref()), (Some(2222), Some("ann")));
    assert_eq!(wanted.key, Some(PathBuf::from("/keys/one")));
    assert_eq!(wanted.ssh_arguments, ["-o", "ProxyCommand=ssh -W %h:%p jump", "-J", "a,b"]);
    assert_eq!((wanted.elevate, wanted.timeout), (Some(true), Some(Duration::from_secs(30))));
    let shown = format!("{wanted:?}");
    assert!(!shown.contains("geheim") && !shown.contains("sesame"), "{shown}");
}

#[test]
fn host_key_checking_is_off_only_when_said() {
    for (variables, expected) in [
        (("mesoform_host_key_checking", "accept-new"), HostKeyChecking::AcceptNew),
        (("mesoform_host_key_checking", "strict"), HostKeyChecking::Strict),
        (("ansible_host_key_checking", "False"), HostKeyChecking::Off),
        (("ansible_ssh_host_key_checking", "no"), HostKeyChecking::Off),
        (("ansible_host_key_checking", "true"), HostKeyChecking::Strict),
    ] {
        assert_eq!(read(&[variables]).unwrap().host_key_checking, Some(expected), "{variables:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_an_error_with_its_name() {
    for (name, value) in [
        ("ansible_port", "70000"),
        ("ansible_port", "ssh"),
        ("ansible_connection", "winrm"),
        ("ansible_become", "perhaps"),
        ("ansible_become_method", "doas"),
        ("ansible_become_user", "postgres"),
        ("ansible_ssh_common_args", "-o 'unclosed"),
        ("ansible_timeout", "soon"),
        ("mesoform_host_key_checking", "off"),
    ] {
        let error = read(&[(name, value)]).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert!(error.to_string().starts_with(&format!("h1: {name}={value}: ")), "{error}");
    }
}
