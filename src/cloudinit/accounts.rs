//! `/etc/passwd`, `/etc/group` and `/etc/shadow`, as far as documents are about them.

use crate::Result;
use crate::host::Look;
use mesoform_plan::SecretText;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

/// Users and groups of a host, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
    /// Names, and what passwords are compared with.
    passwords: Vec<(String, SecretText)>,
}

impl Accounts {
    pub fn of(look: &dyn Look) -> Result<Self> {
        let lines = |path: &str| -> Result<Vec<Vec<String>>> {
            let text = look.text(Path::new(path))?.unwrap_or_default();
            let fields = |line: &str| line.split(':').map(str::to_owned).collect();
            Ok(text.lines().map(fields).collect())
        };
        Ok(Self {
            users: lines("/etc/passwd")?.iter().filter_map(|l| user(l)).collect(),
            groups: lines("/etc/group")?.iter().filter_map(|l| group(l)).collect(),
            passwords: lines("/etc/shadow")?.iter().filter_map(|l| password(l)).collect(),
        })
    }

    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Whether a user's password lets nobody in.
    pub fn is_locked(&self, name: &str) -> bool {
        self.password(name).is_some_and(|password| password.starts_with('!'))
    }

    /// Whether a user has the password of this hash, locked or not.
    pub fn has_password(&self, name: &str, hash: &str) -> bool {
        self.password(name).is_some_and(|password| password.trim_start_matches('!') == hash)
    }

    fn password(&self, name: &str) -> Option<&str> {
        let of_user = self.passwords.iter().find(|(user, _)| user == name);
        of_user.map(|(_, password)| password.reveal())
    }
}

fn user(fields: &[String]) -> Option<User> {
    let [name, _, uid, gid, _, home, ..] = fields else { return None };
    Some(User {
        name: name.clone(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        home: home.clone(),
    })
}

fn group(fields: &[String]) -> Option<Group> {
    let [name, _, gid, members, ..] = fields else { return None };
    let members = members.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
    Some(Group { name: name.clone(), gid: gid.parse().ok()?, members: members.collect() })
}

fn password(fields: &[String]) -> Option<(String, SecretText)> {
    let [name, password, ..] = fields else { return None };
    Some((name.clone(), SecretText::new(password)))
}
