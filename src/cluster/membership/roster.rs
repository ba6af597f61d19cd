use serde::{Deserialize, Serialize};

/// The members of the quorum as one voter knows them, and which of them it reaches: what `mesoform
/// voter members` prints on a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Roster {
    pub members: Vec<RosterMember>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RosterMember {
    /// Its Raft id, which lives and dies with its data.
    pub id: u64,
    /// Its host's name in the inventory.
    pub name: String,
    /// It has the data and no vote.
    pub learner: bool,
    /// It answers, under this id, and knows who leads.
    pub alive: bool,
}
