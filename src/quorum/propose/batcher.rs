use super::carrier::Carrier;
use super::{Answer, Done, ProposeError};
use crate::wire::{Batch, Command, Reply};
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// What one log entry holds at most (but always one command).
const BATCH_COMMANDS: usize = 1024;
const BATCH_BYTES: usize = 1024 * 1024;
/// One batch is written here while the one before it is on its way to the others.
const IN_FLIGHT: usize = 2;
/// So many commands, or clients that wait, are worth a batch beside another. Fewer wait for it, and for who comes meanwhile: the
/// others are sent one entry after the other anyway, and each costs the same.
pub(super) const WORTH: usize = 32;

/// Commands that wait to be proposed, and whoever waits for them.
pub struct Waiting {
    pub commands: Vec<Command>,
    /// Only if this voter leads.
    pub here: bool,
    pub bytes: usize,
    pub since: Instant,
    /// Its share of what may wait.
    pub room: OwnedSemaphorePermit,
    pub answer: oneshot::Sender<Answer>,
}

/// Gathers what waits and has it carried, until nobody can ask any more.
pub async fn run(carrier: Carrier, mut queue: mpsc::Receiver<Waiting>, many: Arc<Notify>) {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut held = None;
    // Room first, then the batch: all that comes while there is no room goes together.
    while let Ok(room) = in_flight.clone().acquire_owned().await {
        let was_full = held.is_some();
        let Some(first) = (match held.take() {
            Some(held) => Some(held),
            None => queue.recv().await,
        }) else {
            return;
        };
        if carrier.leads() && !was_full && first.commands.len() < WORTH {
            until_worth(&queue, &in_flight, &many).await;
        }
        let (batch, rest) = gather(first, &mut queue);
        held = rest;
        let carrier = carrier.clone();
        tokio::spawn(async move {
            carry(carrier, batch).await;
            drop(room);
        });
    }
}

/// Waits until no other batch is under way, or many commands wait.
async fn until_worth(queue: &mpsc::Receiver<Waiting>, in_flight: &Semaphore, many: &Notify) {
    while queue.len() < WORTH {
        tokio::select! {
            // Only the one batch that is about to go has room.
            _ = in_flight.acquire_many(IN_FLIGHT as u32 - 1) => return,
            () = many.notified() => {}
        }
    }
}

/// All that waits, as long as it fits; what did not fit any more comes back.
fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let (mut commands, mut bytes) = (first.commands.len(), first.bytes);
    let mut batch = vec![first];
    while let Ok(next) = queue.try_recv() {
        commands += next.commands.len();
        bytes += next.bytes;
        if commands > BATCH_COMMANDS || bytes > BATCH_BYTES {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}

async fn carry(carrier: Carrier, batch: Vec<Waiting>) {
    let since = batch.first().map_or_else(Instant::now, |oldest| oldest.since);
    match carrier.enter(since).await {
        Ok(open) => {
            let (commands, shares) = split(batch);
            return share(carrier.write(&Batch { commands }, open).await, shares);
        }
        Err(ProposeError::NoLeader) => {}
        Err(error) => return share(Err(error), split(batch).1),
    }
    let (here, anywhere): (Vec<_>, Vec<_>) = batch.into_iter().partition(|waiting| waiting.here);
    share(Err(ProposeError::NoLeader), split(here).1);
    if !anywhere.is_empty() {
        let (commands, shares) = split(anywhere);
        share(carrier.carry(Batch { commands }, since).await, shares);
    }
}

/// How many commands are whose.
struct Share {
    count: usize,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

fn split(batch: Vec<Waiting>) -> (Vec<Command>, Vec<Share>) {
    let mut shares = Vec::with_capacity(batch.len());
    let mut commands = Vec::with_capacity(batch.len());
    for waiting in batch {
        let (count, answer) = (waiting.commands.len(), waiting.answer);
        shares.push(Share { count, answer, _room: waiting.room });
        commands.extend(waiting.commands);
    }
    (commands, shares)
}

/// Gives everyone the replies to his own commands.
fn share(answer: Answer, shares: Vec<Share>) {
    match answer {
        Ok(done) => {
            let Done { replies, term, index } = done;
            let mut replies = replies.into_iter();
            for share in shares {
                let own: Vec<Reply> = replies.by_ref().take(share.count).collect();
                let complete = own.len() == share.count;
                let own = Done { replies: own, term, index };
                // Who has gone away meanwhile needs no answer.
                let _ =
                    share.answer.send(if complete { Ok(own) } else { Err(ProposeError::Stopped) });
            }
        }
        Err(error) => {
            for share in shares {
                let _ = share.answer.send(Err(error));
            }
        }
    }
}
