use super::jump::hop_wanted;
use super::*;

fn wanted() -> Wanted {
    Wanted { name: "h1".to_owned(), ..Wanted::default() }
}

#[test]
fn the_inventory_wins_over_ssh_config() {
    let text = "hostname 10.0.0.7\nuser ann\nport 2222\nstricthostkeychecking accept-new\nidentityfile /a\n";
    let config = SshConfig::parse(text, Path::new("/home/x"));
    let target = merge(&wanted(), "web", &config);
    assert_eq!(
        (target.address.as_str(), target.port, target.user.as_str()),
        ("10.0.0.7", 2222, "ann")
    );
    assert_eq!(target.host_key_checking, HostKeyChecking::AcceptNew);
    assert_eq!(target.lookup_name(), "[10.0.0.7]:2222");
    assert!(target.elevate.is_some() && target.keys.is_empty());

    let wishes = Wanted {
        port: Some(22),
        user: Some("root".to_owned()),
        key: Some("/mine".into()),
        host_key_checking: Some(HostKeyChecking::Strict),
        ..wanted()
    };
    let target = merge(&wishes, "web", &config);
    assert_eq!((target.port, target.user.as_str()), (22, "root"));
    assert_eq!(target.keys, [PathBuf::from("/mine")]);
    assert_eq!(target.host_key_checking, HostKeyChecking::Strict);
    assert_eq!(target.lookup_name(), "10.0.0.7");
    assert!(target.elevate.is_none());
}

#[test]
fn a_no_in_ssh_config_does_not_turn_the_check_off() {
    let config = SshConfig::parse("stricthostkeychecking false\n", Path::new("/"));
    assert_eq!(merge(&wanted(), "h1", &config).host_key_checking, HostKeyChecking::AcceptNew);
    let args = vec!["-o".to_owned(), "StrictHostKeyChecking=no".to_owned()];
    let wishes = Wanted { ssh_arguments: args, ..wanted() };
    assert_eq!(merge(&wishes, "h1", &config).host_key_checking, HostKeyChecking::Off);
    let strict = merge(&wanted(), "h1", &SshConfig::default());
    assert_eq!(strict.host_key_checking, HostKeyChecking::Strict);
}

#[test]
fn ansibles_environment_variable_is_understood() {
    assert_eq!(ansibles("False"), HostKeyChecking::Off);
    assert_eq!(ansibles("0"), HostKeyChecking::Off);
    assert_eq!(ansibles("True"), HostKeyChecking::Strict);
}

#[test]
fn a_key_may_lie_in_the_home_folder() {
    let wishes = Wanted { key: Some("~/.ssh/one".into()), ..wanted() };
    let keys = merge(&wishes, "h1", &SshConfig::default()).keys;
    assert_eq!(keys, [std::env::home_dir().unwrap().join(".ssh/one")]);
}

#[test]
fn hops_and_tokens_are_read() {
    for (hop, user, address, port) in [
        ("jump", None, "jump", None),
        ("bob@jump:2200", Some("bob"), "jump", Some(2200)),
        ("ssh://bob@[2001:db8::1]:22", Some("bob"), "2001:db8::1", Some(22)),
        ("2001:db8::1", None, "2001:db8::1", None),
    ] {
        let read = hop_wanted(&wanted(), hop).unwrap();
        let got = (read.user.as_deref(), read.address.as_deref(), read.port);
        assert_eq!(got, (user, Some(address), port), "{hop}");
    }
    assert!(hop_wanted(&wanted(), "jump:x").is_err());
    let command = proxy_command("nc -x %%p %h %p # %r %n", "10.0.0.7", 22, "ann", "web");
    assert_eq!(command, "nc -x %p 10.0.0.7 22 # ann web");
}

/// With OpenSSH's own word on a configuration of ours.
#[tokio::test]
async fn ssh_config_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "Host web\n HostName 10.0.0.7\n Port 2222\n User ann\n ProxyJump bob@jump:2200\n\
                Host jump\n HostName 10.0.0.1\nHost *\n UserKnownHostsFile /k1 /k2\n";
    std::fs::write(&file, text).unwrap();
    let args = vec!["-F".to_owned(), file.display().to_string()];
    let wishes = Wanted { name: "web".to_owned(), ssh_arguments: args, ..Wanted::default() };
    if std::process::Command::new("ssh").arg("-V").output().is_err() {
        eprintln!("skipped: OpenSSH is not installed");
        return;
    }
    let target = wishes.resolve().await.unwrap();
    assert_eq!(
        (target.address.as_str(), target.port, target.user.as_str()),
        ("10.0.0.7", 2222, "ann")
    );
    assert_eq!(target.known_hosts[..2], [PathBuf::from("/k1"), "/k2".into()]);
    let hop = target.via.first().unwrap();
    assert_eq!((hop.address.as_str(), hop.port, hop.user.as_str()), ("10.0.0.1", 2200, "bob"));
}

#[test]
fn a_key_that_cannot_be_used_is_told_beforehand() {
    let dir = tempfile::tempdir().unwrap();
    let garbage = dir.path().join("garbage");
    std::fs::write(&garbage, "no key").unwrap();
    for (key, words) in [(dir.path().join("missing"), "no such file"), (garbage, "no private key")]
    {
        let wishes = Wanted { key: Some(key), ..wanted() };
        let trouble = wishes.key_trouble().unwrap();
        assert!(trouble.to_string().contains(words), "{trouble}");
        assert_eq!(trouble.exit_code(), 1);
    }
    assert!(wanted().key_trouble().is_none());
}
