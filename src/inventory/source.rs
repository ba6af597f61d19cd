use std::path::{Path, PathBuf};

/// What `-i` named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// `-i 'host,'`: the hosts themselves.
    HostList(String),
}

impl Source {
    /// A value with a comma that names no existing path is a list of hosts, as in Ansible.
    pub(crate) fn of(value: &str) -> Self {
        let path = Path::new(value);
        if value.contains(',') && !path.exists() {
            return Self::HostList(value.to_owned());
        }
        Self::File(path.to_owned())
    }

    /// The folder whose `group_vars` and `host_vars` count; none for a list of hosts.
    pub fn folder(&self) -> Option<&Path> {
        let Self::File(path) = self else { return None };
        match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Some(Path::new(".")),
            Some(parent) => Some(parent),
            None => Some(Path::new(".")),
        }
    }
}
