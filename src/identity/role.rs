use crate::IdentityError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the holder of a certificate is in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Quorum,
    Master,
    Scheduler,
    Agent,
    /// The person (or CI job) that runs `mesoform up`.
    Operator,
    /// A master's own CA, below the cluster's root. It renews certificates, and is nobody's to show.
    Issuer,
    /// `mesoform serve`, where hosts join. It is a server only: its certificate opens nothing.
    Enroller,
}

impl Role {
    /// All roles, in the order in which the cluster starts.
    pub const ALL: [Self; 7] = [
        Self::Quorum,
        Self::Master,
        Self::Scheduler,
        Self::Agent,
        Self::Operator,
        Self::Issuer,
        Self::Enroller,
    ];

    /// The roles whose certificates a master renews.
    pub const RENEWED: [Self; 4] = [Self::Quorum, Self::Master, Self::Scheduler, Self::Agent];

    /// The role as it stands in certificates and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Master => "master",
            Self::Scheduler => "scheduler",
            Self::Agent => "agent",
            Self::Operator => "operator",
            Self::Issuer => "issuer",
            Self::Enroller => "enroller",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = IdentityError;

    fn from_str(value: &str) -> Result<Self, IdentityError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == value)
            .ok_or_else(|| IdentityError::Role { value: value.to_owned() })
    }
}
