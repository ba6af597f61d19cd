use crate::tree::{Owner, Tree};
use crate::{ApplyError, Result};
use mesoform_plan::Ownership;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::BTreeMap;
use std::path::Path;

/// `/etc/passwd` of a host with very many users is some hundred KiB.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Users and groups by name and number, as in `/etc/passwd` and `/etc/group`; on the real host also
/// from wherever else the system looks.
pub struct Accounts {
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
    system: bool,
}

impl Accounts {
    pub fn read(tree: &Tree) -> Result<Self> {
        let table = |path: &str| -> Result<BTreeMap<String, u32>> {
            Ok(parse(&tree.text(Path::new(path), MAX_FILE)?.unwrap_or_default()))
        };
        let (users, groups) = (table("/etc/passwd")?, table("/etc/group")?);
        Ok(Self { users, groups, system: !tree.is_rooted() })
    }

    /// In `/etc/passwd`: what `useradd` and `userdel` go by.
    pub fn has_user(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// The name, or the number where there is none.
    pub fn user(&self, uid: u32) -> String {
        let elsewhere = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|u| u.name);
        name_of(&self.users, uid)
            .or_else(|| self.system.then(elsewhere)?)
            .unwrap_or(uid.to_string())
    }

    pub fn group(&self, gid: u32) -> String {
        let elsewhere = || Group::from_gid(Gid::from_raw(gid)).ok().flatten().map(|g| g.name);
        name_of(&self.groups, gid)
            .or_else(|| self.system.then(elsewhere)?)
            .unwrap_or(gid.to_string())
    }

    /// The numbers of an ownership; empty names are left as they are.
    pub fn owner(&self, ownership: &Ownership) -> Result<Owner> {
        let uid = named(&ownership.user).map(|name| self.uid(name)).transpose()?;
        let gid = named(&ownership.group).map(|name| self.gid(name)).transpose()?;
        Ok(Owner { uid, gid })
    }

    /// A user and his own group.
    pub fn private(&self, user: &str) -> Result<Owner> {
        self.owner(&Ownership::new(user, if self.has_group(user) { user } else { "" }, 0))
    }

    fn uid(&self, name: &str) -> Result<u32> {
        let elsewhere = || Some(User::from_name(name).ok()??.uid.as_raw());
        let known = self.users.get(name).copied();
        known
            .or_else(|| self.system.then(elsewhere)?)
            .or_else(|| name.parse().ok())
            .ok_or_else(|| ApplyError::NoUser { kind: "user", name: name.to_owned() })
    }

    fn gid(&self, name: &str) -> Result<u32> {
        let elsewhere = || Some(Group::from_name(name).ok()??.gid.as_raw());
        let known = self.groups.get(name).copied();
        known
            .or_else(|| self.system.then(elsewhere)?)
            .or_else(|| name.parse().ok())
            .ok_or_else(|| ApplyError::NoUser { kind: "group", name: name.to_owned() })
    }
}

fn named(name: &str) -> Option<&str> {
    Some(name).filter(|name| !name.is_empty())
}

fn name_of(table: &BTreeMap<String, u32>, number: u32) -> Option<String> {
    table.iter().find(|(_, n)| **n == number).map(|(name, _)| name.clone())
}

/// `name:password:number:…` in both files.
fn parse(text: &str) -> BTreeMap<String, u32> {
    let line = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        Some((name, fields.nth(1)?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}
