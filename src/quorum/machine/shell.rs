use super::work::Work;
use super::{Incoming, SnapshotData, State};
use crate::mvcc::MvccError;
use crate::raft::{Config, Entry, LogId, Member, Membership, SnapshotMeta, StorageError};
use crate::space::Headroom;
use crate::wire::Replies;
use openraft::storage::{RaftStateMachine, Snapshot};
use openraft::{
    AnyError, ErrorSubject, ErrorVerb, OptionalSend, RaftSnapshotBuilder, StorageIOError,
};
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// The state machine as openraft wants it. The work is done on blocking threads.
#[derive(Clone)]
pub struct Machine {
    state: Arc<State>,
    /// Where what is received is kept until it is complete.
    folder: PathBuf,
    headroom: Headroom,
}

/// Makes snapshots of the state at any time; see [`SnapshotData`].
pub struct SnapshotBuilder(Arc<State>);

impl Machine {
    pub fn new(state: Arc<State>, folder: PathBuf, headroom: Headroom) -> Self {
        Self { state, folder, headroom }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        verb: ErrorVerb,
        work: impl FnOnce(&State) -> Result<T, MvccError> + Send + 'static,
    ) -> Result<T, StorageError> {
        blocking(self.state.clone(), ErrorSubject::StateMachine, verb, work).await
    }

    /// As [`Self::blocking`], for whose turn it is to write.
    async fn writing<T: Send + 'static>(
        &self,
        turn: OwnedMutexGuard<()>,
        work: impl FnOnce(&State) -> Result<T, MvccError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let done = self.blocking(ErrorVerb::Write, move |state| {
            let _turn = turn;
            work(state)
        });
        let done = done.await;
        self.heed(&done);
        done
    }

    /// What this version does not know, no later start of it knows either.
    fn outgrown(&self, error: MvccError) -> MvccError {
        match error {
            MvccError::Level(error) => self.state.ladder.outgrow(error).into(),
            other => other,
        }
    }

    /// After an error Raft ends, and nobody need wait for the state to go on.
    fn heed<T>(&self, done: &Result<T, StorageError>) {
        if done.is_err() {
            self.state.broken().cancel();
        }
    }
}

fn failed(verb: ErrorVerb) -> impl FnOnce(MvccError) -> StorageError {
    move |error| StorageIOError::new(ErrorSubject::StateMachine, verb, AnyError::new(&error)).into()
}

async fn blocking<T: Send + 'static>(
    state: Arc<State>,
    subject: ErrorSubject<u64>,
    verb: ErrorVerb,
    work: impl FnOnce(&State) -> Result<T, MvccError> + Send + 'static,
) -> Result<T, StorageError> {
    let done = crate::blocking::blocking(move || work(&state)).await;
    let fail = |error: AnyError| StorageIOError::new(subject, verb, error).into();
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(fail(AnyError::new(&error))),
        Err(error) => Err(fail(AnyError::new(&error))),
    }
}

impl RaftStateMachine<Config> for Machine {
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, Membership), StorageError> {
        self.blocking(ErrorVerb::Read, State::applied).await
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Replies>, StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let work = Work::read(entries, self.state.ladder.own());
        let work = work.map_err(|error| failed(ErrorVerb::Read)(self.outgrown(error)));
        self.heed(&work);
        let work = work?;
        let turn = self.state.turn.clone().lock_owned().await;
        if work.is_quick() && !self.state.is_time_to_flush() {
            let applied = self.state.apply(work).map_err(failed(ErrorVerb::Write));
            drop(turn);
            self.heed(&applied);
            return applied;
        }
        self.writing(turn, move |state| state.apply(work)).await
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        SnapshotBuilder(self.state.clone())
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<SnapshotData>, StorageError> {
        let path = self.folder.join("incoming.snapshot");
        let file = self.blocking(ErrorVerb::Write, move |_| Ok(unnamed_file(&path)?));
        Ok(Box::new(SnapshotData::Received(Incoming::new(file.await?, self.headroom.clone()))))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: Box<SnapshotData>,
    ) -> Result<(), StorageError> {
        let meta = meta.clone();
        let turn = self.state.turn.clone().lock_owned().await;
        self.writing(turn, move |state| state.install(&meta, *snapshot)).await
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot<Config>>, StorageError> {
        self.blocking(ErrorVerb::Read, |state| {
            if !state.has_snapshot()? {
                return Ok(None);
            }
            let (meta, data) = state.snapshot()?;
            Ok(Some(Snapshot { meta, snapshot: Box::new(data) }))
        })
        .await
    }
}

impl RaftSnapshotBuilder<Config> for SnapshotBuilder {
    async fn build_snapshot(&mut self) -> Result<Snapshot<Config>, StorageError> {
        let turn = self.0.turn.clone().lock_owned().await;
        blocking(self.0.clone(), ErrorSubject::Snapshot(None), ErrorVerb::Write, move |state| {
            let _turn = turn;
            // The view first: what comes after it may be flushed too, but never less.
            let (meta, data) = state.snapshot()?;
            state.flush()?;
            Ok(Snapshot { meta, snapshot: Box::new(data) })
        })
        .await
    }
}

/// A file that vanishes when it is closed, whatever happens to this process.
fn unnamed_file(path: &PathBuf) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// What the settings say about a voter, as the membership knows it.
impl From<&mesoform_settings::Voter> for Member {
    fn from(voter: &mesoform_settings::Voter) -> Self {
        Self {
            slot: voter.slot,
            name: voter.name.clone(),
            peer: voter.peer.clone(),
            client: voter.client.clone(),
        }
    }
}
