use crate::{Origin, Var, Vars};

/// A host, with its variables merged by Ansible's precedence.
#[derive(Clone, Debug)]
pub struct Host {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) groups: Vec<String>,
    pub(crate) vars: Vars,
}

impl Host {
    /// The name that the inventory gives it (`inventory_hostname`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the host is first named.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The groups it is in, directly or through their parents, sorted, without `all`.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    pub fn in_group(&self, group: &str) -> bool {
        group == "all" || self.groups.binary_search_by(|name| name.as_str().cmp(group)).is_ok()
    }

    pub fn var(&self, name: &str) -> Option<&Var> {
        self.vars.get(name).map(|var| &**var)
    }

    pub fn vars(&self) -> impl Iterator<Item = (&str, &Var)> {
        self.vars.iter().map(|(name, var)| (&**name, &**var))
    }

    /// `ansible_port`, or the port after the host's name; none when unset or no port.
    pub fn port(&self) -> Option<u16> {
        let var = self.var("ansible_ssh_port").or_else(|| self.var("ansible_port"))?;
        var.whole().and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0)
    }
}
