use super::user::{self, User};
use super::{Distro, Module, keys, sudo};
use crate::accounts::Accounts as Present;
use crate::fields::{Fields, texts, wrong};
use crate::host::Look;
use crate::yaml::{Node, Value};
use crate::{Action, CloudInitError, Command, Result};
use mesoform_plan::{SecretText, Thing, What};
use std::collections::BTreeSet;

/// Groups and users as a document wants them.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// With their members.
    groups: Vec<(String, Vec<String>)>,
    users: Vec<User>,
}

pub fn read(fields: &mut Fields<'_>) -> Accounts {
    let groups = fields.node("groups").map(|node| read_groups(node, fields)).unwrap_or_default();
    let users = fields.any("users");
    let mut all = match users {
        Some(node) => read_users(node, fields),
        None => Vec::new(),
    };
    if let Some(node) = fields.node("user") {
        let own = match &node.value {
            Value::Text(name) => Some(User::named(name)),
            _ => User::read(node, "user", fields.notes),
        };
        all.retain(|user| !user.is_own);
        all.extend(own.map(|own| User { is_own: true, ..own }));
    }
    // Without `users` cloud-init makes the distribution's own; we do where something is for it.
    if users.is_none() && all.is_empty() && fields.node("ssh_authorized_keys").is_some() {
        all.push(User::named("default"));
    }
    // cloud-init makes the distribution's own last, wherever it stands.
    all.sort_by_key(|user| user.is_own);
    let mut names = BTreeSet::new();
    for user in &all {
        if !names.insert(user.name.clone()) {
            let name = user.name.as_deref().unwrap_or("default");
            fields.notes.add(
                fields.line,
                format!("the user {name} is there twice"),
                "keep one of them",
            );
        }
    }
    Accounts { groups, users: all }
}

impl Accounts {
    pub fn modules(&self) -> Vec<Box<dyn Module>> {
        if self.groups.is_empty() && self.users.is_empty() {
            return Vec::new();
        }
        vec![Box::new(UsersGroups(self.clone()))]
    }

    /// Whom a document's keys are for.
    pub fn default(&self, distro: &Distro) -> Result<Option<User>> {
        let own = self.users.iter().find(|user| user.is_own).cloned();
        own.map(|user| user.or_of(distro)).transpose()
    }
}

fn read_groups(node: &Node, fields: &Fields<'_>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |name: String, members: Vec<String>| match groups.iter_mut().find(|g| g.0 == name)
    {
        Some(group) => group.1.extend(members),
        None => groups.push((name, members)),
    };
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        match &item.value {
            Value::Map(entries) => {
                for entry in entries {
                    let members = match entry.node.value {
                        Value::Null => Vec::new(),
                        _ => user::groups(&entry.node, fields),
                    };
                    add(entry.key.trim().to_owned(), members);
                }
            }
            _ => user::groups(item, fields).into_iter().for_each(|name| add(name, Vec::new())),
        }
    }
    groups
}

fn read_users(node: &Node, fields: &Fields<'_>) -> Vec<User> {
    let items = match &node.value {
        Value::Null => &[],
        Value::List(items) => items.as_slice(),
        Value::Text(_) => std::slice::from_ref(node),
        _ => {
            wrong(fields.notes, node, "users", "a list");
            &[]
        }
    };
    let mut users = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let place = format!("users[{number}]");
        match &item.value {
            Value::Map(entries) => {
                if !entries.iter().any(|entry| entry.key == "name" || entry.key == "snapuser") {
                    fields.notes.add(item.line, format!("{place}: name is missing"), "add it");
                }
                users.extend(User::read(item, &place, fields.notes));
            }
            _ => {
                let names = texts(item, &place, fields.notes).unwrap_or_default();
                let names = names.iter().flat_map(|name| name.split(','));
                users.extend(names.map(str::trim).filter(|n| !n.is_empty()).map(User::named));
            }
        }
    }
    users
}

struct UsersGroups(Accounts);

impl UsersGroups {
    /// Whether another user than the distribution's own has this name.
    fn names_another(&self, name: &str) -> bool {
        let mut others = self.0.users.iter().filter(|user| !user.is_own);
        others.any(|user| user.name.as_deref() == Some(name))
    }
}

impl Module for UsersGroups {
    fn name(&self) -> &'static str {
        "users_groups"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let present = Present::of(look)?;
        let mut plan = Plan { look, present, groups: BTreeSet::new(), actions: Vec::new() };
        for (name, members) in &self.0.groups {
            plan.group(name);
            members.iter().for_each(|member| plan.member(name, member));
        }
        let mut rules = Vec::new();
        for user in &self.0.users {
            let user = match user.is_own {
                false => user.clone(),
                true => user.clone().or_of(&Distro::of(look)?)?,
            };
            let name = user.name.clone().unwrap_or_default();
            if user.is_own && self.names_another(&name) {
                let cause = "it is there twice: it is the distribution's own, which is `default`";
                return Err(CloudInitError::host(format!("the user {name}"), cause, "keep one"));
            }
            plan.user(&name, &user)?;
            if let Some(wanted) = user.sudo.filter(|rules| !rules.is_empty()) {
                rules.push((name, wanted));
            }
        }
        plan.actions.extend(sudo::actions(look, &rules)?);
        Ok(plan.actions)
    }
}

struct Plan<'a> {
    look: &'a dyn Look,
    present: Present,
    /// Made by an action before.
    groups: BTreeSet<String>,
    actions: Vec<Action>,
}

impl Plan<'_> {
    fn run(&mut self, command: Command) {
        self.actions.push(Action::Run(command));
    }

    fn group(&mut self, name: &str) {
        if self.present.group(name).is_none() && self.groups.insert(name.to_owned()) {
            let command = Command::new(What::Create, Thing::Group, name);
            self.run(command.call("groupadd", &["--", name]));
        }
    }

    /// cloud-init makes groups before users, and passes over members that are not there yet.
    fn member(&mut self, group: &str, member: &str) {
        let is_in =
            self.present.group(group).is_some_and(|g| g.members.iter().any(|m| m == member));
        if self.present.user(member).is_none() {
            let text = format!("{member} is no user yet, and so is not made a member of {group}");
            self.actions.push(Action::Note(text));
        } else if !is_in {
            let command = Command::new(What::Update, Thing::User, member);
            let command = command.because(format!("member of {group}"));
            self.run(command.call("usermod", &["-a", "-G", group, member]));
        }
    }

    fn user(&mut self, name: &str, user: &User) -> Result<()> {
        let is_new = self.present.user(name).is_none();
        if is_new {
            if user.create_groups {
                user.groups
                    .iter()
                    .flatten()
                    .chain(&user.primary_group)
                    .for_each(|group| self.group(group));
            }
            let command = Command::new(What::Create, Thing::User, name);
            self.run(command.call("useradd", &useradd(name, user)));
        }
        let passwords = self.passwords(name, user, is_new);
        let is_open = !is_new && !self.present.is_locked(name);
        if user.lock_passwd && (passwords || is_open) {
            let command = Command::new(What::Update, Thing::Password, name).because("locked");
            let (program, word) = if self.look.which("passwd").is_some() {
                ("passwd", "-l")
            } else {
                ("usermod", "-L")
            };
            self.run(command.call(program, &[word, name]));
        }
        let home = match (self.present.user(name), &user.homedir) {
            (Some(present), _) => present.home.clone(),
            (None, Some(home)) => home.clone(),
            (None, None) => format!("/home/{name}"),
        };
        self.actions.extend(keys::actions(self.look, name, &home, &user.keys, None)?);
        Ok(())
    }

    /// Passwords go through a pipe: arguments can be read by everybody on the host.
    fn passwords(&mut self, name: &str, user: &User, is_new: bool) -> bool {
        let hashed = [user.passwd.as_ref().filter(|_| is_new), user.hashed_passwd.as_ref()];
        let before = self.actions.len();
        if let Some(plain) = &user.plain_text_passwd {
            self.password(name, plain, &[]);
        }
        for hash in hashed.into_iter().flatten() {
            if is_new || !self.present.has_password(name, hash.reveal()) {
                self.password(name, hash, &["-e"]);
            }
        }
        self.actions.len() > before
    }

    fn password(&mut self, name: &str, password: &SecretText, words: &[&str]) {
        let command = Command::new(What::Update, Thing::Password, name).call("chpasswd", words);
        self.run(command.told(format!("{name}:{}\n", password.reveal())));
    }
}

fn useradd(name: &str, user: &User) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut option =
        |option: &str, value: &str| words.extend([option.to_owned(), value.to_owned()]);
    for (name, value) in &user.options {
        option(name, value);
    }
    if let Some(groups) = user.groups.as_ref().filter(|groups| !groups.is_empty()) {
        option("--groups", &groups.join(","));
    }
    if let Some(group) = &user.primary_group {
        option("--gid", group);
    }
    if let Some(home) = &user.homedir {
        option("--home", home);
    }
    words.extend(user.flags.iter().map(|flag| (*flag).to_owned()));
    words.push(if user.no_home { "-M" } else { "-m" }.to_owned());
    words.extend(["--".to_owned(), name.to_owned()]);
    words
}
