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
        copy_and_change_places(state, headroom, ending).await
    });
    done.await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
}

async fn copy_and_change_places(
    state: Arc<State>,
    headroom: Headroom,
    ending: CancellationToken,
) -> Result<()> {
    let from = state.size();
    let begun = state.clone();
    let room = headroom.clone();
    let twin = on_a_thread(move || {
        room.check(begun.in_use()?)?;
        Twin::make(begun)
    });
    let twin = twin.await?;
    let view = {
        let _turn = state.turn.lock().await;
        twin.begin()?
    };
    let twin = on_a_thread(move || {
        twin.copy(&view, || match ending.is_cancelled() {
            true => Err(DefragmentError::Ending),
            false => Ok(headroom.check(0)?),
        })
    });
    let mut twin = twin.await?;
    for _ in 0..ROUNDS {
        let behind;
        (twin, behind) = on_a_thread(move || twin.catch_up()).await?;
        if !behind {
            break;
        }
    }
    let turn = state.turn.clone().lock_owned().await;
    let old = on_a_thread(move || {
        let _turn = turn;
        twin.take_place()
    });
    let old = old.await?;
    wait_for_readers(old).await;
    let to = state.size();
    tracing::info!(from, to, "the state's file was made smaller");
    Ok(())
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    // It only fails where the work panicked.
    blocking(work).await.unwrap_or_else(|e| Err(io::Error::other(e).into()))
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
