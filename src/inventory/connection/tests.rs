use super::Connection;
use crate::{ExtraVars, Inventory, Value};
use std::path::Path;
use std::time::Duration;

fn load(text: &str) -> Inventory {
    Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap()
}

#[test]
fn all_aliases_are_read() {
    let inventory = load(
        "h ansible_ssh_host=10.0.0.1 ansible_ssh_port=2222 ansible_ssh_user=root \
         ansible_ssh_private_key_file=~/k ansible_ssh_pass=s3cret ansible_become=yes \
         ansible_host_key_checking=no ansible_ssh_timeout=7 ansible_sudo_pass=other\n\
         here ansible_connection=local\n",
    );
    let vars = inventory.connection("h").unwrap();
    assert_eq!((vars.address.as_str(), vars.port), ("10.0.0.1", Some(2222)));
    assert_eq!(vars.user.as_deref(), Some("root"));
    assert_eq!(vars.private_key_file, Some("~/k".into()));
    assert_eq!(vars.password.as_ref().map(super::Password::expose), Some("s3cret"));
    assert_eq!(vars.host_key_checking, Some(false));
    assert_eq!(vars.timeout, Some(Duration::from_secs(7)));
    assert_eq!(vars.elevation.enabled, Some(true));
    assert!(!format!("{vars:?} {inventory:?}").contains("s3cret"));
    let here = inventory.connection("here").unwrap();
    assert_eq!((here.address.as_str(), here.connection), ("here", Connection::Local));
}

#[test]
fn wrong_types_are_told_with_their_place() {
    let inventory = load(
        "h ansible_port=ssh ansible_become=maybe ansible_host=\"['x']\"\n\
         [all:vars]\nansible_ssh_pass={}\nansible_connection=winrm\n",
    );
    let text = inventory.connection("h").unwrap_err().to_string();
    insta::assert_snapshot!(text, @r"
    hosts.ini:1:3: the variable 'ansible_port' must be a port between 1 and 65535, not 'ssh'
    hosts.ini:1:20: the variable 'ansible_become' must be true or false, not 'maybe'
    hosts.ini:1:41: the variable 'ansible_host' must be a string, not a list
    hosts.ini:3:1: the variable 'ansible_ssh_pass' must be a string, not a dictionary
    hosts.ini:4:1: the variable 'ansible_connection' must be ssh or local, not 'winrm'
    ");
}

#[test]
fn templates_are_left_to_the_caller() {
    let inventory = load("h ansible_host='{{ ip }}'\n");
    let error = inventory.connection("h").unwrap_err().to_string();
    assert!(error.contains("'ansible_host' holds a template"), "{error}");
    let rendered = inventory.connection_rendered("h", &|_| Ok(Value::from("10.0.0.9"))).unwrap();
    assert_eq!(rendered.address, "10.0.0.9");
}

#[test]
fn an_unknown_host_gets_a_suggestion() {
    let error = load("master1\n").connection("mater1").unwrap_err().to_string();
    assert!(error.contains("did you mean 'master1'?"), "{error}");
}
