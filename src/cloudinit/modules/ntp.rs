use super::packages::Manager;
use super::{Distro, Family, Module, templates};
use crate::fields::Fields;
use crate::host::Look;
use crate::yaml::Value;
use crate::{Action, CloudInitError, Command, FileAction, Result};
use mesoform_plan::{Thing, What};
use minijinja::context;
use std::path::{Path, PathBuf};

/// What sets the clock, in the order in which cloud-init looks for it.
const CLIENTS: [&str; 4] = ["chrony", "systemd-timesyncd", "ntp", "ntpdate"];
const POOLS: usize = 4;

struct Ntp {
    servers: Vec<String>,
    pools: Vec<String>,
    client: Option<String>,
    config: Config,
}

/// What a document says in the place of what is known of a client.
#[derive(Default)]
struct Config {
    confpath: Option<String>,
    check_exe: Option<String>,
    packages: Option<Vec<String>>,
    service: Option<String>,
    template: Option<String>,
}

struct Client {
    confpath: PathBuf,
    check_exe: String,
    packages: Vec<String>,
    service: String,
    template: Option<String>,
    template_name: String,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let node = fields.any("ntp")?;
    let mut ntp =
        Ntp { servers: Vec::new(), pools: Vec::new(), client: None, config: Config::default() };
    if node.value == Value::Null {
        return Some(Box::new(ntp));
    }
    let mut own = Fields::of(node, "ntp", fields.notes)?;
    ntp.servers = hosts(&mut own, "servers");
    ntp.pools = hosts(&mut own, "pools");
    ntp.client = own.text("ntp_client").filter(|client| client != "auto");
    let enabled = own.flag("enabled").unwrap_or(true);
    if let Some(config) =
        own.node("config").and_then(|n| Fields::of(n, "ntp: config", fields.notes))
    {
        ntp.config = Config::read(config);
    }
    own.unsupported("peers", "write them into a template of yours (config: template)");
    own.unsupported("allow", "write it into a template of yours (config: template)");
    let known = ntp.client.as_deref().is_none_or(|client| CLIENTS.contains(&client));
    if !known && !ntp.config.is_whole() {
        let cause =
            format!("ntp_client {:?} is not known", ntp.client.as_deref().unwrap_or_default());
        let cure = "use chrony, systemd-timesyncd, ntp or ntpdate, or say all of config";
        own.notes.add(own.line, cause, cure);
    }
    own.finish();
    enabled.then(|| Box::new(ntp) as Box<dyn Module>)
}

fn hosts(fields: &mut Fields<'_>, key: &'static str) -> Vec<String> {
    let hosts = fields.texts(key).unwrap_or_default();
    for host in hosts.iter().filter(|host| host.is_empty() || host.contains(char::is_whitespace)) {
        let cause = format!("{}: {host:?} is no name of a host", fields.at(key));
        fields.notes.add(fields.line, cause, "correct it");
    }
    hosts
}

impl Config {
    fn read(mut fields: Fields<'_>) -> Self {
        let config = Self {
            confpath: fields.text("confpath"),
            check_exe: fields.text("check_exe"),
            packages: fields.texts("packages"),
            service: fields.text("service_name"),
            template: fields.text("template"),
        };
        if config.confpath.as_ref().is_some_and(|path| !path.starts_with('/')) {
            fields.notes.add(fields.line, "confpath is no absolute path", "write it from / on");
        }
        fields.finish();
        config
    }

    fn is_whole(&self) -> bool {
        let texts = [&self.confpath, &self.check_exe, &self.service, &self.template];
        texts.iter().all(|text| text.is_some()) && self.packages.is_some()
    }
}

impl Ntp {
    fn client(&self, look: &dyn Look, distro: &Distro) -> Client {
        let there = |client: &&str| look.which(&known(client, distro).check_exe).is_some();
        let found = CLIENTS.into_iter().find(there).unwrap_or(CLIENTS[0]);
        let mut client = known(self.client.as_deref().unwrap_or(found), distro);
        let config = &self.config;
        if let Some(path) = &config.confpath {
            client.confpath = PathBuf::from(path);
        }
        let set = |place: &mut String, value: &Option<String>| {
            place.clone_from(value.as_ref().unwrap_or(&place.clone()));
        };
        set(&mut client.check_exe, &config.check_exe);
        set(&mut client.service, &config.service);
        client.packages = config.packages.clone().unwrap_or(client.packages);
        client.template.clone_from(&config.template);
        client
    }

    fn pools(&self, distro: &Distro) -> Vec<String> {
        if !self.pools.is_empty() || !self.servers.is_empty() {
            return self.pools.clone();
        }
        let zone =
            if distro.family == Family::Alpine { String::new() } else { format!("{}.", distro.id) };
        (0..POOLS).map(|number| format!("{number}.{zone}pool.ntp.org")).collect()
    }
}

impl Module for Ntp {
    fn name(&self) -> &'static str {
        "ntp"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let distro = Distro::of(look)?;
        let client = self.client(look, &distro);
        let values = context! { servers => self.servers.clone(), pools => self.pools(&distro) };
        let text = match &client.template {
            Some(text) => templates::render_text("ntp: config: template", text, values)?,
            None => templates::render(&client.template_name, values)?,
        };
        let mut actions = Vec::new();
        let old = look.text(&client.confpath)?;
        let kept = beside(&client.confpath);
        // The distribution's own is kept once, not what an earlier document made of it.
        if old.is_some_and(|old| old != text) && !look.exists(&kept) {
            actions.push(Action::Rename { from: client.confpath.clone(), to: kept });
        }
        actions.push(Action::File(FileAction::new(&client.confpath, text)));
        if look.which(&client.check_exe).is_none() && !client.packages.is_empty() {
            let manager = Manager::of(look).ok_or_else(|| {
                let cause = "it is not installed, and there is no apt, dnf or apk";
                CloudInitError::host(&client.service, cause, "install it before")
            })?;
            actions.extend(manager.update());
            actions.push(manager.install(&client.packages));
        }
        if distro.systemd {
            let words = ["reload-or-restart", client.service.as_str()];
            let command = Command::new(What::Restart, Thing::Unit, &client.service);
            actions.push(Action::Run(command.call("systemctl", &words).silently()));
        } else if distro.family == Family::Alpine {
            let command = Command::new(What::Restart, Thing::Unit, &client.service);
            let command = command.call("rc-service", &[client.service.as_str(), "restart"]);
            actions.push(Action::Run(command.silently()));
        }
        Ok(actions)
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut kept = path.as_os_str().to_owned();
    kept.push(".dist");
    kept.into()
}

/// What cloud-init knows of its clients.
fn known(client: &str, distro: &Distro) -> Client {
    let debians = distro.family == Family::Debian;
    let alpine = distro.family == Family::Alpine;
    let daemon = |name: &'static str| if debians { name.to_owned() } else { format!("{name}d") };
    let make =
        |path: &str, exe: &str, packages: &[&str], service: String, template: String| Client {
            confpath: path.into(),
            check_exe: exe.to_owned(),
            packages: packages.iter().map(|package| (*package).to_owned()).collect(),
            service,
            template: None,
            template_name: template,
        };
    let of_distro = |name: &str| {
        let whole = format!("{name}.{}", distro.id);
        match distro.family {
            _ if templates::is_known(&whole) => whole,
            Family::Debian => format!("{name}.debian"),
            Family::RedHat => format!("{name}.rhel"),
            Family::Alpine => format!("{name}.alpine"),
            Family::Other => whole,
        }
    };
    match client {
        "systemd-timesyncd" => make(
            "/etc/systemd/timesyncd.conf.d/cloud-init.conf",
            "/lib/systemd/systemd-timesyncd",
            &[],
            "systemd-timesyncd".to_owned(),
            "timesyncd.conf".to_owned(),
        ),
        "ntp" => {
            let packages: &[&str] = if alpine { &[] } else { &["ntp"] };
            make("/etc/ntp.conf", "ntpd", packages, daemon("ntp"), of_distro("ntp.conf"))
        }
        "ntpdate" => {
            make("/etc/ntp.conf", "ntpdate", &["ntpdate"], "ntpdate".into(), of_distro("ntp.conf"))
        }
        _ => {
            let path =
                if debians || alpine { "/etc/chrony/chrony.conf" } else { "/etc/chrony.conf" };
            make(path, "chronyd", &["chrony"], daemon("chrony"), of_distro("chrony.conf"))
        }
    }
}
