use crate::accounts::Accounts;
use crate::run::{Call, must};
use crate::{ApplyError, Host, Result};
use std::path::Path;

const SHELL: &str = "/usr/sbin/nologin";

/// A system user and a group of his name, with `useradd`, or with busybox's `adduser`.
pub fn add(host: &mut Host, name: &str, home: &Path) -> Result<()> {
    let home = home.display().to_string();
    let has_group = Accounts::read(&host.tree)?.has_group(name);
    let group: &[&str] = if has_group { &["--gid", name] } else { &["--user-group"] };
    let call = Call::new("useradd", &["--system", "--no-create-home", "--home-dir", &home])
        .also(&["--shell", SHELL])
        .also(group)
        .also(&["--", name]);
    match must(host.run.as_ref(), &call) {
        Err(ApplyError::NoCommand { .. }) => add_on_busybox(host, name, &home, has_group),
        other => other.map(drop),
    }
}

fn add_on_busybox(host: &Host, name: &str, home: &str, has_group: bool) -> Result<()> {
    if !has_group {
        must(host.run.as_ref(), &Call::new("addgroup", &["-S", name]))?;
    }
    let call = Call::new("adduser", &["-S", "-D", "-H", "-h", home, "-s", SHELL, "-G", name, name]);
    must(host.run.as_ref(), &call).map(drop)
}

/// The user and his group.
pub fn remove(host: &mut Host, name: &str) -> Result<()> {
    match must(host.run.as_ref(), &Call::new("userdel", &["--", name])) {
        Err(ApplyError::NoCommand { .. }) => {
            must(host.run.as_ref(), &Call::new("deluser", &[name])).map(drop)?;
        }
        other => drop(other?),
    }
    if !Accounts::read(&host.tree)?.has_group(name) {
        return Ok(());
    }
    match must(host.run.as_ref(), &Call::new("groupdel", &["--", name])) {
        Err(ApplyError::NoCommand { .. }) => {
            must(host.run.as_ref(), &Call::new("delgroup", &[name])).map(drop)
        }
        other => other.map(drop),
    }
}
