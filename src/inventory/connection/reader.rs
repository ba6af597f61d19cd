use super::{Connection, Password, Render};
use crate::findings::Findings;
use crate::var::{kind, shown};
use crate::{Host, InventoryErrors, Mistake, Origin, Value, Var};
use std::time::Duration;

/// Reads typed values out of a host's variables, and gathers what has the wrong type.
pub(super) struct Reader<'a> {
    host: &'a Host,
    render: Render<'a>,
    findings: Findings,
}

/// A variable that is set: its name, and its value without templates.
struct Found {
    name: &'static str,
    var: Var,
}

impl<'a> Reader<'a> {
    pub fn new(host: &'a Host, render: Render<'a>) -> Self {
        Self { host, render, findings: Findings::default() }
    }

    pub fn conclude(self) -> Result<(), InventoryErrors> {
        self.findings.conclude().map(|_| ())
    }

    pub fn text(&mut self, names: &[&'static str]) -> Option<String> {
        self.read(names, "a string", |var| var.text().filter(|text| !text.is_empty()))
    }

    pub fn password(&mut self, names: &[&'static str]) -> Option<Password> {
        self.text(names).map(Password::new)
    }

    pub fn truth(&mut self, names: &[&'static str]) -> Option<bool> {
        self.read(names, "true or false", Var::truth)
    }

    pub fn port(&mut self, names: &[&'static str]) -> Option<u16> {
        let port = |var: &Var| u16::try_from(var.whole()?).ok().filter(|port| *port != 0);
        self.read(names, "a port between 1 and 65535", port)
    }

    pub fn count(&mut self, names: &[&'static str]) -> Option<u32> {
        self.read(names, "a whole number", |var| u32::try_from(var.whole()?).ok())
    }

    /// From one second to a day: what is outside was not meant as seconds.
    pub fn seconds(&mut self, names: &[&'static str]) -> Option<Duration> {
        let seconds = |var: &Var| var.whole().filter(|s| (1..=86_400).contains(s));
        self.read(names, "a number of seconds from 1", seconds).map(Duration::from_secs)
    }

    pub fn connection(&mut self, names: &[&'static str]) -> Connection {
        let connection = |var: &Var| match var.text()?.as_str() {
            "ssh" | "smart" | "paramiko" | "paramiko_ssh" | "ansible.builtin.ssh" => {
                Some(Connection::Ssh)
            }
            "local" | "ansible.builtin.local" => Some(Connection::Local),
            _ => None,
        };
        self.read(names, "ssh or local", connection).unwrap_or_default()
    }

    fn read<T>(
        &mut self,
        names: &[&'static str],
        wanted: &'static str,
        convert: impl Fn(&Var) -> Option<T>,
    ) -> Option<T> {
        let Found { name, var } = self.find(names)?;
        let value = convert(&var);
        if value.is_none() && var.value != Value::String(String::new()) {
            let found = found(name, &var.value);
            self.mistake(var.origin, Mistake::BadVariable { name: name.to_owned(), wanted, found });
        }
        value
    }

    /// The last of the names that is set to something.
    fn find(&mut self, names: &[&'static str]) -> Option<Found> {
        let set =
            |name: &&&'static str| self.host.var(name).is_some_and(|var| !var.value.is_null());
        let name = *names.iter().rev().find(set)?;
        let var = self.host.var(name)?.clone();
        let Some(template) = template(&var.value) else { return Some(Found { name, var }) };
        match (self.render)(template) {
            Ok(value) => Some(Found { name, var: Var { value, ..var } }),
            Err(cause) => {
                self.mistake(var.origin, Mistake::Template { name: name.to_owned(), cause });
                None
            }
        }
    }

    fn mistake(&mut self, origin: Origin, mistake: Mistake) {
        self.findings.mistake(origin, mistake);
    }
}

fn template(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| text.contains("{{") || text.contains("{%"))
}

/// The value in words; of what may be a password only its kind.
fn found(name: &str, value: &Value) -> String {
    if name.contains("pass") { kind(value).to_owned() } else { shown(value) }
}
