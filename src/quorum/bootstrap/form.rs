use super::decide::{Step, cluster_level, decide};
use super::stand::{should_stand, was_taken_out};
use super::{Answers, Introducer};
use crate::error::{QuorumError, Result};
use crate::leadership::Leader;
use crate::levels::LevelError;
use crate::raft::{Member, Raft};
use crate::wire::{INTRODUCTORY, JoinOutcome, JoinRequest};
use mesoform_notify::Notifier;
use openraft::error::{InitializeError, RaftError};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// For one attempt to be taken in.
const JOIN: Duration = Duration::from_secs(15);
const TAKEN_OUT: &str =
    "was taken out of the quorum; where it is to vote again, `mesoform up` takes it in anew";

/// Brings this voter into its cluster, for as long as it takes.
///
/// # Errors
/// The storage failed.
pub async fn form(introducer: Introducer, raft: Raft, status: Notifier) -> Result<()> {
    let mut pause = Pause(FIRST_PAUSE);
    name_cluster(&introducer)?;
    while introducer.log.is_empty() {
        let me = introducer.introduction();
        let answers = introducer.ask().await;
        keeps_up(&introducer, &answers)?;
        match decide(&me, &answers) {
            Step::Found(ids) => found(&introducer, &raft, &ids).await?,
            Step::Join(slots) => {
                status.say(&format!("joining the cluster of {}", introducer.names(&slots)));
                join(&introducer, &slots).await;
            }
            step => status.say(&explain(&introducer, step)),
        }
        pause.rest(&introducer.bell).await;
    }
    stay(&introducer, &raft, &status, pause).await?;
    watch(&introducer, &status).await;
    Ok(())
}

/// Says so when this voter is taken out: then nobody leads it any more, and nobody tells it.
async fn watch(introducer: &Introducer, status: &Notifier) {
    loop {
        introducer.leadership.clone().lost().await;
        let answers = introducer.ask().await;
        if was_taken_out(&introducer.introduction(), &answers) {
            status.say(TAKEN_OUT);
        }
        tokio::time::sleep(LONGEST_PAUSE).await;
    }
}

fn explain(introducer: &Introducer, step: Step) -> String {
    match step {
        Step::Wait(slots) => format!("waiting for voters {}", introducer.names(&slots)),
        Step::WaitForFounder(slot) => {
            format!("waiting for {} to found the cluster", introducer.names(&[slot]))
        }
        Step::Disagree(slots) => format!(
            "waiting: {} name other voters in their settings; run `mesoform up` for all of them",
            introducer.names(&slots)
        ),
        Step::Copied(one, other) => format!(
            "waiting: the data of {} is a copy of another voter's; empty one of the two directories",
            introducer.names(&[one, other])
        ),
        Step::Apart(slots) => format!(
            "waiting: {} run other versions of mesoform, which do not speak {}; run the same version \
             on all voters",
            introducer.names(&slots),
            introducer.directory.ladder().own()
        ),
        Step::Lost => {
            "waiting: the cluster exists, but no voter that answers has its data; bring a \
                       voter with data back, or restore a backup"
                .to_owned()
        }
        Step::Found(_) | Step::Join(_) => String::new(),
    }
}

/// Founds the cluster. Its id follows from its first voters, so that whoever founds it again after
/// a crash in here founds the same one.
async fn found(introducer: &Introducer, raft: &Raft, ids: &[(u8, u64)]) -> Result<()> {
    let voters = &introducer.settings.voters;
    let id_of = |slot: u8| ids.iter().find(|(own, _)| *own == slot).map(|(_, id)| *id);
    let members: BTreeMap<u64, Member> =
        voters.iter().filter_map(|voter| Some((id_of(voter.slot)?, Member::from(voter)))).collect();
    let cluster_id = cluster_id(&introducer.settings.cluster, members.keys());
    introducer.directory.set_cluster_id(cluster_id);
    tracing::info!(cluster_id = format!("{cluster_id:x}"), "founding the cluster");
    match raft.initialize(members).await {
        Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => {
            introducer.adopt(cluster_id)
        }
        Err(error) => Err(QuorumError::Raft { cause: error.to_string() }),
    }
}

/// After a crash between founding a cluster and noting its id, the id is made anew.
fn name_cluster(introducer: &Introducer) -> Result<()> {
    if introducer.log.is_empty() || introducer.directory.cluster_id() != 0 {
        return Ok(());
    }
    let metrics = introducer.leadership.metrics();
    let voters: BTreeSet<u64> = metrics.membership_config.membership().voter_ids().collect();
    introducer.adopt(cluster_id(&introducer.settings.cluster, voters.iter()))
}

/// The id of the cluster of this name that these voters founded.
pub fn cluster_id<'i>(cluster: &str, ids: impl Iterator<Item = &'i u64>) -> u64 {
    let mut hash = Sha256::new();
    hash.update(cluster.as_bytes());
    ids.for_each(|id| hash.update(id.to_be_bytes()));
    let digest = hash.finalize();
    let first = digest.iter().take(8).fold(0, |id: u64, byte| id << 8 | u64::from(*byte));
    first.max(1)
}

/// Sees to it that the membership holds this voter, under its present address, and that there is a
/// leader soon.
async fn stay(
    introducer: &Introducer,
    raft: &Raft,
    status: &Notifier,
    mut pause: Pause,
) -> Result<()> {
    while !is_settled(introducer) {
        let mut answers = introducer.ask().await;
        let foreign = introducer.set_apart(&mut answers);
        keeps_up(introducer, &answers)?;
        if was_taken_out(&introducer.introduction(), &answers) {
            status.say(TAKEN_OUT);
            pause.rest(&introducer.bell).await;
            continue;
        }
        if introducer.leadership.now() == Leader::None {
            nudge(introducer, raft, status, &answers, &foreign).await;
        }
        // One that leads may not know where this voter is now, and so cannot tell it that it leads.
        let somebody_leads = answers.values().any(|answer| answer.leader != 0);
        let mut slots: Vec<u8> = answers.keys().copied().collect();
        slots.push(introducer.settings.slot);
        if (somebody_leads || introducer.leadership.now() != Leader::None) && !is_listed(introducer)
        {
            join(introducer, &slots).await;
        }
        pause.rest(&introducer.bell).await;
    }
    Ok(())
}

/// Whether this version knows the level of the cluster that the others are part of: else nobody takes it
/// in, and no waiting cures that.
fn keeps_up(introducer: &Introducer, answers: &Answers) -> Result<()> {
    let me = introducer.introduction();
    let theirs = cluster_level(&me, answers);
    let known = introducer.directory.ladder().own();
    // As a version from before there were levels it would be told so when it joins.
    match theirs.filter(|_| known.are_told()) {
        Some(level) => Ok(LevelError::check(level, known)?),
        None => Ok(()),
    }
}

fn is_settled(introducer: &Introducer) -> bool {
    introducer.leadership.now() != Leader::None && is_listed(introducer)
}

/// Whether the membership has this voter as its settings have it.
fn is_listed(introducer: &Introducer) -> bool {
    let me = introducer.introduction().node_id;
    let metrics = introducer.leadership.metrics();
    let membership = metrics.membership_config.membership();
    let own = introducer.own_voter().map(Member::from);
    membership.get_node(&me) == own.as_ref() && membership.voter_ids().any(|id| id == me)
}

async fn nudge(
    introducer: &Introducer,
    raft: &Raft,
    status: &Notifier,
    answers: &Answers,
    foreign: &[u8],
) {
    let me = introducer.introduction();
    let metrics = introducer.leadership.metrics();
    let voters: BTreeSet<u64> = metrics.membership_config.membership().voter_ids().collect();
    let silent: Vec<u8> = introducer
        .others()
        .iter()
        .map(|voter| voter.slot)
        .filter(|slot| !answers.contains_key(slot) && !foreign.contains(slot))
        .collect();
    if !foreign.is_empty() {
        status.say(&format!(
            "waiting for a leader; its data is of another quorum than that of {}; where theirs is the right \
             one, stop this unit, put the data aside with `/opt/mesoform/bin/mesoform voter renew` here, and \
             run `mesoform up`",
            introducer.names(foreign)
        ));
    } else if silent.is_empty() {
        status.say("waiting for a leader");
    } else {
        status.say(&format!("waiting for a leader; no answer from {}", introducer.names(&silent)));
    }
    if should_stand(&me, answers, &voters) {
        // Where Raft has ended, the service ends for that.
        let _ = raft.trigger().elect().await;
    }
}

/// Asks one after the other: only the leader takes us in.
async fn join(introducer: &Introducer, slots: &[u8]) {
    let Some(own) = introducer.own_voter() else { return };
    for voter in introducer.settings.voters.iter().filter(|voter| slots.contains(&voter.slot)) {
        let Ok(mut client) = introducer.links.to(&introducer.address(voter)) else { continue };
        let (oldest, newest) = introducer.directory.ladder().own().to_tell();
        let request = JoinRequest {
            protocol: INTRODUCTORY,
            cluster: introducer.settings.cluster.clone(),
            node_id: introducer.introduction().node_id,
            slot: own.slot.into(),
            name: own.name.clone(),
            peer: own.peer.clone(),
            client: own.client.clone(),
            forwarded: false,
            oldest,
            newest,
            cluster_id: introducer.directory.cluster_id(),
        };
        match tokio::time::timeout(JOIN, client.join(request)).await {
            Ok(Ok(answer)) => match answer.into_inner().outcome() {
                JoinOutcome::NotLeader => {}
                JoinOutcome::Joined | JoinOutcome::Underway | JoinOutcome::Attending => return,
            },
            Ok(Err(status)) => tracing::warn!(voter = voter.name, %status, "joining is refused"),
            Err(_) => tracing::warn!(voter = voter.name, "joining took too long"),
        }
    }
}

/// Short at first, so that a start takes no longer than it must; then longer, and never all at once.
struct Pause(Duration);

impl Pause {
    /// A voter that has just come up asks us, and ends the pause: but for the shortest one, so that
    /// two voters do not keep each other busy.
    async fn rest(&mut self, bell: &Notify) {
        let spread = self.0.mul_f64(0.75 + 0.5 * rand::random::<f64>());
        let shortest = Instant::now() + FIRST_PAUSE;
        tokio::select! {
            () = tokio::time::sleep(spread) => {}
            () = bell.notified() => tokio::time::sleep_until(shortest).await,
        }
        self.0 = (self.0 * 3 / 2).min(LONGEST_PAUSE);
    }
}
