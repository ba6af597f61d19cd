use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Which quorum a leadership is of: etcd's cluster id, written in hexadecimal as etcd writes it. A quorum
/// that was formed anew, since the data of the old one is lost, has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuorumId(pub u64);

impl fmt::Display for QuorumId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A text that is no id of a quorum.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no id of a quorum: up to 16 hexadecimal digits")]
pub struct NoQuorumId(String);

impl FromStr for QuorumId {
    type Err = NoQuorumId;

    fn from_str(text: &str) -> Result<Self, NoQuorumId> {
        let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
        let id = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        id.map(Self).ok_or_else(|| NoQuorumId(text.chars().take(40).collect()))
    }
}

impl Serialize for QuorumId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuorumId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A fencing token: a leadership of the masters. Revisions grow with each change of the leader, and begin
/// again in another quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    pub quorum: QuorumId,
    pub revision: i64,
}

impl Fence {
    pub fn new(quorum: QuorumId, revision: i64) -> Self {
        Self { quorum, revision }
    }

    /// Whether an agent that has obeyed this leadership obeys `other` too: no earlier one, and none of
    /// another quorum, whose revisions say nothing. Agents judge orders by it, and masters agents.
    pub fn admits(self, other: Self) -> bool {
        self.quorum == other.quorum && other.revision >= self.revision
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "quorum {}, revision {}", self.quorum, self.revision)
    }
}

/// The body of a 409: this master is not one that the agent obeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fenced {
    /// Why, and the cure.
    pub message: String,
    /// What the agent has obeyed.
    pub seen: Fence,
    /// What this master leads with.
    pub leadership: Fence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_leaderships_of_the_same_quorum_are_obeyed() {
        let of = |quorum, revision| Fence::new(QuorumId(quorum), revision);
        let seen = of(7, 100);
        for (other, obeyed) in [
            (of(7, 100), true),
            (of(7, 101), true),
            (of(7, 99), false),
            (of(8, 101), false),
            (of(8, 3), false),
        ] {
            assert_eq!(seen.admits(other), obeyed, "{other}");
        }
    }

    #[test]
    fn quorums_are_named_as_etcd_names_them() {
        let fence = Fence::new(QuorumId(0xcdf8_1819_4e3a_8c32), 5);
        let json = serde_json::to_string(&fence).unwrap();
        assert_eq!(json, r#"{"quorum":"cdf818194e3a8c32","revision":5}"#);
        assert_eq!(serde_json::from_str::<Fence>(&json).unwrap(), fence);
        for odd in ["", "x", "+7", "cdf818194e3a8c321"] {
            assert!(odd.parse::<QuorumId>().is_err(), "{odd}");
        }
    }
}
