use super::{Distro, Family};
use crate::fields::{Fields, texts};
use crate::mistake::Notes;
use crate::yaml::{Node, Value};
use crate::{CloudInitError, Result};
use mesoform_plan::SecretText;

/// A user as a document wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// None: the distribution's own user has its usual name.
    pub name: Option<String>,
    /// It is the distribution's own.
    pub is_own: bool,
    /// What `useradd` is given: its option, and the value.
    pub options: Vec<(&'static str, String)>,
    pub flags: Vec<&'static str>,
    /// None: not said, and so those of the distribution where it is its own.
    pub groups: Option<Vec<String>>,
    pub primary_group: Option<String>,
    pub homedir: Option<String>,
    pub create_groups: bool,
    pub no_home: bool,
    /// For a user that is made.
    pub passwd: Option<SecretText>,
    /// Also for one that is there.
    pub hashed_passwd: Option<SecretText>,
    pub plain_text_passwd: Option<SecretText>,
    pub lock_passwd: bool,
    /// The same.
    pub sudo: Option<Vec<String>>,
    pub keys: Vec<String>,
}

const TEXTS: [(&str, &str); 6] = [
    ("gecos", "--comment"),
    ("expiredate", "--expiredate"),
    ("inactive", "--inactive"),
    ("selinux_user", "--selinux-user"),
    ("shell", "--shell"),
    ("uid", "--uid"),
];

impl User {
    pub fn named(name: &str) -> Self {
        let is_own = name == "default";
        let name = (!is_own).then(|| name.to_owned());
        Self { name, is_own, create_groups: true, lock_passwd: true, ..Self::default() }
    }

    /// An item of `users`, or `user`.
    pub fn read(node: &Node, place: &str, notes: &Notes) -> Option<Self> {
        let node = &underscored(node);
        let mut fields = Fields::of(node, place, notes)?;
        let name = fields.text("name").filter(|name| fits(name, &fields));
        let mut user = Self::named(name.as_deref().unwrap_or("default"));
        for (key, option) in TEXTS {
            let text = fields.text(key).filter(|text| !text.is_empty());
            user.options.extend(text.map(|text| (option, text)));
        }
        user.homedir = fields.text("homedir");
        user.primary_group = fields.text("primary_group");
        user.groups = fields.any("groups").map(|n| groups(n, &fields));
        for (key, flag) in [
            ("no_user_group", "--no-user-group"),
            ("no_log_init", "--no-log-init"),
            ("system", "--system"),
        ] {
            user.flags.extend(fields.flag(key).unwrap_or(false).then_some(flag));
        }
        user.create_groups = fields.flag("create_groups").unwrap_or(true);
        let homeless = fields.flag("no_create_home").unwrap_or(false);
        user.no_home = homeless || user.flags.contains(&"--system");
        let mut secret = |key| {
            let text = fields.text(key).filter(|text| !text.is_empty())?;
            // Two lines would be two users to chpasswd.
            if text.contains(['\n', ':']) {
                let cause = format!("{} has a colon or a second line", fields.at(key));
                fields.notes.add(fields.line, cause, "take it out");
            }
            Some(SecretText::new(text))
        };
        user.passwd = secret("passwd");
        user.hashed_passwd = secret("hashed_passwd");
        user.plain_text_passwd = secret("plain_text_passwd");
        user.lock_passwd = fields.flag("lock_passwd").unwrap_or(true);
        user.sudo = fields.any("sudo").map(|n| rules(n, &fields));
        user.keys = super::keys::read(&mut fields);
        if user.no_home && !user.keys.is_empty() {
            let cause = format!("{}: ssh_authorized_keys need a home", fields.place);
            fields.notes.add(fields.line, cause, "take out system or no_create_home, or the keys");
        }
        fields.unsupported("snapuser", "make the user with its name");
        fields.unsupported("ssh_import_id", "write the keys into ssh_authorized_keys");
        fields.unsupported("ssh_redirect_user", "give the user no keys");
        fields.unsupported("doas", "write the rules with write_files");
        fields.finish();
        Some(user)
    }

    /// With what the distribution says of its own user; what the document says counts.
    pub fn or_of(mut self, distro: &Distro) -> Result<Self> {
        let own = own(distro)?;
        self.name.get_or_insert(own.name);
        for (option, value) in [("--comment", own.gecos), ("--shell", own.shell.to_owned())] {
            if !self.options.iter().any(|(known, _)| *known == option) {
                self.options.push((option, value));
            }
        }
        let groups = || own.groups.iter().map(|group| (*group).to_owned()).collect();
        self.groups.get_or_insert_with(groups);
        self.sudo.get_or_insert_with(|| vec!["ALL=(ALL) NOPASSWD:ALL".to_owned()]);
        Ok(self)
    }
}

/// `lock-passwd` is `lock_passwd`.
fn underscored(node: &Node) -> Node {
    let mut node = node.clone();
    if let Value::Map(entries) = &mut node.value {
        entries.iter_mut().for_each(|entry| entry.key = entry.key.replace('-', "_"));
    }
    node
}

/// What all of `useradd`, `chpasswd` and sudo take for a name.
fn fits(name: &str, fields: &Fields<'_>) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-$@".contains(c);
    let fits = !name.is_empty() && name.chars().all(plain) && !name.starts_with(['-', '.']);
    if !fits {
        let cause = format!("{} {name:?} is no name of a user", fields.at("name"));
        fields.notes.add(fields.line, cause, "use letters, digits, - and _");
    }
    fits
}

/// Text with commas, a list, or a mapping of which the keys count.
pub fn groups(node: &Node, fields: &Fields<'_>) -> Vec<String> {
    let names: Vec<String> = match &node.value {
        Value::Null => Vec::new(),
        Value::Map(entries) => entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => texts(node, &fields.at("groups"), fields.notes).unwrap_or_default(),
    };
    let split = names.iter().flat_map(|name| name.split(','));
    split.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Rules of sudo; `false`, null and what is empty are none: a name alone would be no line of sudo's.
fn rules(node: &Node, fields: &Fields<'_>) -> Vec<String> {
    match &node.value {
        Value::Null | Value::Bool(false) => Vec::new(),
        _ => {
            let mut rules = texts(node, &fields.at("sudo"), fields.notes).unwrap_or_default();
            rules.retain(|rule| !rule.trim().is_empty());
            for _ in rules.iter().filter(|rule| rule.contains('\n')) {
                let cause = format!("{} has a rule of several lines", fields.at("sudo"));
                fields.notes.add(node.line, cause, "write a list of rules");
            }
            rules
        }
    }
}

struct Own {
    name: String,
    gecos: String,
    groups: &'static [&'static str],
    shell: &'static str,
}

/// The user that images of a distribution come with, as its `cloud.cfg` has it.
fn own(distro: &Distro) -> Result<Own> {
    const DEBIAN: &[&str] = &[
        "adm", "audio", "cdrom", "dialout", "dip", "floppy", "netdev", "plugdev", "sudo", "video",
    ];
    const UBUNTU: &[&str] = &[
        "adm", "audio", "cdrom", "dialout", "dip", "floppy", "lxd", "netdev", "plugdev", "sudo",
        "video",
    ];
    let id = distro.id.as_str();
    let (name, gecos, groups, shell) = match (distro.family, id) {
        (_, "ubuntu") => (id, "Ubuntu".to_owned(), UBUNTU, "/bin/bash"),
        (Family::Debian, _) => ("debian", "Debian".to_owned(), DEBIAN, "/bin/bash"),
        (_, "rhel") => {
            ("cloud-user", "Cloud User".to_owned(), &["adm", "systemd-journal"][..], "/bin/bash")
        }
        (Family::RedHat, _) => {
            (id, format!("{id} Cloud User"), &["adm", "systemd-journal"][..], "/bin/bash")
        }
        (Family::Alpine, _) => {
            (id, "alpine Cloud User".to_owned(), &["adm", "sudo", "wheel"][..], "/bin/ash")
        }
        (Family::Other, _) => {
            let cause = format!("it is not known for {id:?}");
            return Err(CloudInitError::host(
                "the distribution's own user",
                cause,
                "give the user a name",
            ));
        }
    };
    Ok(Own { name: name.to_owned(), gecos, groups, shell })
}
