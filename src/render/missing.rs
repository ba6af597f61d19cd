use std::fmt;
use std::ops::AddAssign;

/// What a host needs that its document does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// Nobody said where the binary can be fetched.
    pub binaries: usize,
    /// Their keys are made on the host, and whoever has the root signs them.
    pub certificates: usize,
    pub credentials: usize,
}

impl Missing {
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl AddAssign for Missing {
    fn add_assign(&mut self, other: Self) {
        self.binaries += other.binaries;
        self.certificates += other.certificates;
        self.credentials += other.credentials;
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: usize, one: &str, more: &str| match number {
            0 => None,
            1 => Some(one.to_owned()),
            _ => Some(format!("{number} {more}")),
        };
        let all = [
            count(self.binaries, "the binary", "binaries"),
            count(self.certificates, "a certificate with its key", "certificates with their keys"),
            count(self.credentials, "a secret file", "secret files"),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        f.write_str(&all.join(", "))
    }
}
