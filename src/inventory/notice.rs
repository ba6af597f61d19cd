use crate::Origin;
use std::fmt;

/// Something that is no mistake but may not be meant: worth a line on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub origin: Origin,
    pub remark: Remark,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    EmptyRange {
        pattern: String,
    },
    PortIgnored {
        host: String,
        port: u16,
        first: Origin,
    },
    HostLikeGroup {
        name: String,
    },
    /// Ansible takes any variable, so this is no mistake.
    UnknownConnectionVariable {
        name: String,
        nearest: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        match &self.remark {
            Remark::EmptyRange { pattern } => {
                write!(f, "'{pattern}' names no host, since its range ends before it begins")
            }
            Remark::PortIgnored { host, port, first } => write!(
                f,
                "the port {port} of '{host}' does not count, since the host was first named at \
                 {first}; set ansible_port there"
            ),
            Remark::HostLikeGroup { name } => {
                write!(f, "'{name}' is the name of a host and of a group")
            }
            Remark::UnknownConnectionVariable { name, nearest } => {
                write!(f, "{name} means nothing to mesoform; did you mean {nearest}?")
            }
        }
    }
}
