//! Makes the state's file smaller while it is used.
//!
//! All that it holds is copied into a new file. What is applied meanwhile is remembered and applied to
//! the copy too, the last of it while nobody writes; then the copy takes the file's name and its place.
//! Who still reads the old one reads on. Whenever the process ends, one of the two stands under the name,
//! whole; a copy that has not got so far is removed at the next start.

use super::State;
use super::twin::Twin;
use crate::blocking::blocking;
use crate::mvcc::MvccError;
use crate::space::{Headroom, NoRoom};
use redb::Database;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// So often the copy catches up while others write; then they wait for it.
const ROUNDS: usize = 8;
/// Who reads in the old file is waited for: as long as it is open, it takes room.
const READERS: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// Why the state's file was not made smaller. It is as it was.
#[derive(Debug, Error)]
pub enum DefragmentError {
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("too much was written meanwhile; try again when less is")]
    TooMuch,
    #[error("the state was replaced by a snapshot meanwhile; try again")]
    Replaced,
    #[error("the service is ending")]
    Ending,
    #[error("the copy came out different; the old file stays")]
    Different,
    #[error("the new file cannot be made: {0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Storage(#[from] MvccError),
}

type Result<T, E = DefragmentError> = std::result::Result<T, E>;

/// Makes the state's file smaller. Once it has begun, it goes on when nobody waits for it any more.
///
/// # Errors
/// See [`DefragmentError`].
pub async fn defragment(
    state: Arc<State>,
    headroom: Headroom,
    ending: CancellationToken,
) -> Result<()> {
    let one_at_a_time = state.defragmenting.clone().lock_owned().await;
    let done = tokio::spawn(async move {
        let _one_at_a_time = one_at_a_time;
        Defragmentation { state, headroom, ending }.run().await
    });
    done.await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
}

impl State {
    /// Whether its file is being made smaller.
    pub fn is_being_defragmented(&self) -> bool {
        self.defragmenting.try_lock().is_err()
    }
}

struct Defragmentation {
    state: Arc<State>,
    headroom: Headroom,
    ending: CancellationToken,
}

impl Defragmentation {
    async fn run(self) -> Result<()> {
        let from = self.state.size();
        let mut twin = self.begin().await?;
        for _ in 0..ROUNDS {
            let behind;
            (twin, behind) = self.step(move || twin.catch_up()).await?;
            if !behind {
                break;
            }
        }
        let turn = self.state.turn.clone().lock_owned().await;
        let old = self.step(move || {
            let _turn = turn;
            twin.take_place()
        });
        wait_for_readers(old.await?).await;
        let to = self.state.size();
        if to < from {
            tracing::info!(from, to, "the state's file was made smaller");
        }
        Ok(())
    }

    /// A copy of the state as it was a moment ago.
    async fn begin(&self) -> Result<Twin> {
        let (state, room) = (self.state.clone(), self.headroom.clone());
        let twin = self.step(move || {
            room.check(state.in_use()?)?;
            Twin::make(state)
        });
        let twin = twin.await?;
        let view = {
            let _turn = self.state.turn.lock().await;
            twin.begin()?
        };
        let (ending, room) = (self.ending.clone(), self.headroom.clone());
        let copied = self.step(move || {
            twin.copy(&view, || {
                go_on(&ending)?;
                Ok(room.check(0)?)
            })
        });
        copied.await
    }

    /// Does what takes its time on a thread that may.
    async fn step<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ending = self.ending.clone();
        let done = blocking(move || {
            go_on(&ending)?;
            work()
        });
        // It only fails where the work panicked.
        done.await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
    }
}

fn go_on(ending: &CancellationToken) -> Result<()> {
    if ending.is_cancelled() { Err(DefragmentError::Ending) } else { Ok(()) }
}

/// Most readers are done in no time. Who reads long has the old file until then.
async fn wait_for_readers(old: Arc<Database>) {
    for _ in 0..READERS {
        if Arc::strong_count(&old) == 1 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    // It is closed on a thread that may wait for the disk; whether that succeeds is all the same.
    let _ = blocking(move || drop(old)).await;
}
