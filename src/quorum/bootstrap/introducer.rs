use super::Answers;
use crate::data_dir::DataDir;
use crate::leadership::{Leader, Leadership};
use crate::log::LogStore;
use crate::peer::{Directory, Links};
use crate::wire::{HelloRequest, INTRODUCTORY, Introduction};
use mesoform_settings::{QuorumSettings, Voter};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tonic::Status;

/// For one question to one voter.
const TIMEOUT: Duration = Duration::from_millis(1000);

/// Says who this voter is, and asks the others.
#[derive(Clone)]
pub struct Introducer {
    pub settings: Arc<QuorumSettings>,
    pub data_dir: Arc<Mutex<DataDir>>,
    pub log: LogStore,
    pub leadership: Leadership,
    pub links: Arc<Links>,
    pub directory: Directory,
    /// Rings when another voter has said something.
    pub bell: Arc<Notify>,
}

impl Introducer {
    pub fn introduction(&self) -> Introduction {
        let leader = match self.leadership.now() {
            Leader::None => 0,
            _ => self.leadership.id(),
        };
        let membership = self.leadership.metrics().membership_config;
        let ladder = self.directory.ladder();
        let (oldest, newest) = ladder.own().to_tell();
        Introduction {
            cluster: self.settings.cluster.clone(),
            slot: self.settings.slot.into(),
            node_id: self.data_dir.lock().unwrap_or_else(PoisonError::into_inner).node_id(),
            initialized: !self.log.is_empty(),
            cluster_id: self.directory.cluster_id(),
            leader,
            last_log: self.log.last_log_id().map(Into::into),
            voters: self.settings.voters.iter().map(|voter| voter.slot.into()).collect(),
            name: self.own_voter().map(|voter| voter.name.clone()).unwrap_or_default(),
            members: membership.nodes().map(|(id, _)| *id).collect(),
            members_at: membership.log_id().map_or(0, |id| id.index),
            oldest,
            newest,
            level: ladder.level(),
        }
    }

    /// Answers another voter, and learns from him.
    pub async fn answer(&self, from: Option<Introduction>) -> Result<Introduction, Status> {
        let from = from.ok_or_else(|| Status::invalid_argument("no introduction"))?;
        if from.cluster != self.settings.cluster {
            return Err(Status::failed_precondition(format!(
                "this is a voter of `{}`, not of `{}`",
                self.settings.cluster, from.cluster
            )));
        }
        self.heard_of(&from);
        self.bell.notify_one();
        Ok(self.introduction())
    }

    /// Asks all other voters at once.
    pub async fn ask(&self) -> Answers {
        let mut questions = JoinSet::new();
        for voter in self.others() {
            let introducer = self.clone();
            questions.spawn(async move {
                let answer = tokio::time::timeout(TIMEOUT, introducer.ask_one(&voter)).await;
                (voter.slot, answer.ok().flatten())
            });
        }
        let answers = questions.join_all().await;
        answers.into_iter().filter_map(|(slot, answer)| Some((slot, answer?))).collect()
    }

    /// Where to look for a voter now: where its settings are to have it, or where it was when the log was
    /// written. It need not have the new settings yet.
    pub fn address(&self, voter: &Voter) -> String {
        let membership = self.leadership.metrics().membership_config;
        let mut addresses = vec![voter.peer.clone()];
        let known = membership.nodes().find(|(_, member)| member.name == voter.name);
        addresses.extend(known.map(|(_, member)| member.peer.clone()));
        addresses.dedup();
        self.links.choose(&addresses).to_owned()
    }

    async fn ask_one(&self, voter: &Voter) -> Option<Introduction> {
        let address = self.address(voter);
        let mut client = self.links.to(&address).ok()?;
        let from = Some(self.introduction());
        let answer = client.hello(HelloRequest { protocol: INTRODUCTORY, from }).await;
        let answer = match answer {
            Ok(answer) => answer.into_inner().from?,
            Err(status) => {
                tracing::debug!(voter = voter.name, %status, "a voter does not answer");
                return None;
            }
        };
        // Another voter at this address, or another cluster: as good as no answer.
        let expected = is_of(&answer, voter) || self.is_member(&answer);
        if !expected || answer.cluster != self.settings.cluster {
            self.links.avoid(&address);
            tracing::warn!(
                address,
                expected = voter.name,
                found = answer.name,
                "another voter answers at this address"
            );
            return None;
        }
        self.heard_of(&answer);
        Some(answer)
    }

    /// Whether another member says this, whatever its name is now: of two voters that are renamed one after
    /// the other each has the other's name of another time.
    fn is_member(&self, answer: &Introduction) -> bool {
        let metrics = self.leadership.metrics();
        let known = metrics.membership_config.membership().get_node(&answer.node_id).is_some();
        let ours = answer.cluster_id != 0 && answer.cluster_id == self.directory.cluster_id();
        known && ours && answer.node_id != metrics.id
    }

    /// Whether a message of the cluster `cluster_id` (0: its sender does not know) is for us; one
    /// that does not know its cluster yet learns it.
    pub fn belong(&self, cluster_id: u64) -> Result<(), Status> {
        let own = self.directory.cluster_id();
        if own == cluster_id || cluster_id == 0 {
            return Ok(());
        }
        if own != 0 {
            return Err(Status::failed_precondition("this voter belongs to another cluster"));
        }
        self.adopt(cluster_id).map_err(|e| Status::internal(e.to_string()))
    }

    /// Notes, in memory and on disk, which cluster this is.
    pub fn adopt(&self, cluster_id: u64) -> crate::error::Result<()> {
        let mut data_dir = self.data_dir.lock().unwrap_or_else(PoisonError::into_inner);
        data_dir.remember_cluster(cluster_id)?;
        self.directory.set_cluster_id(cluster_id);
        Ok(())
    }

    fn heard_of(&self, peer: &Introduction) {
        if peer.initialized
            && let Err(status) = self.belong(peer.cluster_id)
        {
            // Its STATUS says so.
            tracing::debug!(voter = peer.slot, %status, "a voter is in another cluster");
        }
    }

    /// Takes those out of `answers` that are of another quorum than this voter's data; their slots.
    pub fn set_apart(&self, answers: &mut Answers) -> Vec<u8> {
        let own = self.directory.cluster_id();
        let is_foreign = |peer: &Introduction| own != 0 && ![0, own].contains(&peer.cluster_id);
        let foreign: Vec<u8> =
            answers.iter().filter(|(_, peer)| is_foreign(peer)).map(|(slot, _)| *slot).collect();
        answers.retain(|slot, _| !foreign.contains(slot));
        foreign
    }

    /// This voter, as its settings say.
    pub fn own_voter(&self) -> Option<&Voter> {
        self.settings.voters.iter().find(|voter| voter.slot == self.settings.slot)
    }

    pub fn others(&self) -> Vec<Voter> {
        let own = self.settings.slot;
        self.settings.voters.iter().filter(|voter| voter.slot != own).cloned().collect()
    }

    /// The names of the voters in these slots.
    pub fn names(&self, slots: &[u8]) -> String {
        let voters = self.settings.voters.iter().filter(|voter| slots.contains(&voter.slot));
        voters.map(|voter| voter.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Slots are numbered anew when the inventory changes; names stay.
fn is_of(answer: &Introduction, voter: &Voter) -> bool {
    match answer.name.as_str() {
        "" => answer.slot == u32::from(voter.slot),
        name => name == voter.name,
    }
}
