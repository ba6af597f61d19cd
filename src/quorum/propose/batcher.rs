use super::carrier::Carrier;
use super::{Answer, Done, ProposeError};
use crate::wire::{Batch, Command, Reply};
use prost::Message;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// What one log entry holds at most (but always one command).
const BATCH_COMMANDS: usize = 1024;
const BATCH_BYTES: usize = 1024 * 1024;
/// One batch is written here while the one before it is on its way to the others.
const IN_FLIGHT: usize = 2;

/// Commands that wait to be proposed, and whoever waits for them.
pub struct Waiting {
    pub commands: Vec<Command>,
    /// Only if this voter leads.
    pub here: bool,
    pub answer: oneshot::Sender<Answer>,
}

/// Gathers what waits and has it carried, until nobody can ask any more.
pub async fn run(carrier: Carrier, mut queue: mpsc::Receiver<Waiting>) {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut held = None;
    // Room first, then the batch: all that comes while there is no room goes together.
    while let Ok(room) = in_flight.clone().acquire_owned().await {
        let Some(first) = (match held.take() {
            Some(held) => Some(held),
            None => queue.recv().await,
        }) else {
            return;
        };
        let (batch, rest) = gather(first, &mut queue);
        held = rest;
        let carrier = carrier.clone();
        tokio::spawn(async move {
            carry(carrier, batch).await;
            drop(room);
        });
    }
}

/// All that waits, as long as it fits; what did not fit any more comes back.
fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let weigh = |waiting: &Waiting| {
        (waiting.commands.len(), waiting.commands.iter().map(Message::encoded_len).sum::<usize>())
    };
    let (mut commands, mut bytes) = weigh(&first);
    let mut batch = vec![first];
    while let Ok(next) = queue.try_recv() {
        let (more, weight) = weigh(&next);
        commands += more;
        bytes += weight;
        if commands > BATCH_COMMANDS || bytes > BATCH_BYTES {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}

async fn carry(carrier: Carrier, batch: Vec<Waiting>) {
    if let Some(open) = carrier.enter().await {
        let (commands, shares) = split(batch);
        return share(carrier.write(&Batch { commands }, open).await, shares);
    }
    let (here, anywhere): (Vec<_>, Vec<_>) = batch.into_iter().partition(|waiting| waiting.here);
    share(Err(ProposeError::NoLeader), split(here).1);
    if !anywhere.is_empty() {
        let (commands, shares) = split(anywhere);
        share(carrier.carry(Batch { commands }).await, shares);
    }
}

/// How many commands are whose.
type Shares = Vec<(usize, oneshot::Sender<Answer>)>;

fn split(batch: Vec<Waiting>) -> (Vec<Command>, Shares) {
    let mut shares = Vec::with_capacity(batch.len());
    let mut commands = Vec::with_capacity(batch.len());
    for waiting in batch {
        shares.push((waiting.commands.len(), waiting.answer));
        commands.extend(waiting.commands);
    }
    (commands, shares)
}

/// Gives everyone the replies to his own commands.
fn share(answer: Answer, shares: Shares) {
    match answer {
        Ok(done) => {
            let Done { replies, term, index } = done;
            let mut replies = replies.into_iter();
            for (count, waiting) in shares {
                let own: Vec<Reply> = replies.by_ref().take(count).collect();
                let complete = own.len() == count;
                let own = Done { replies: own, term, index };
                // Who has gone away meanwhile needs no answer.
                let _ = waiting.send(if complete { Ok(own) } else { Err(ProposeError::Stopped) });
            }
        }
        Err(error) => {
            for (_, waiting) in shares {
                let _ = waiting.send(Err(error));
            }
        }
    }
}
