use super::*;
use crate::wire::command::Kind;
use mesoform_etcd::pb::PutRequest;
use std::pin::pin;
use std::task::Poll;

const MIB: usize = 1024 * 1024;

fn put(bytes: usize) -> Command {
    let request = PutRequest { value: vec![7; bytes].into(), ..Default::default() };
    Kind::Put(request).into()
}

/// How many of so many commands wait; the others were turned away.
async fn accepted(proposer: &Proposer, commands: usize, bytes: usize) -> usize {
    let mut accepted = 0;
    for _ in 0..commands {
        // Who has gone away does not make room: what he wanted is still in the queue.
        let proposed = pin!(proposer.propose(put(bytes)));
        match futures::poll!(proposed) {
            Poll::Pending => accepted += 1,
            Poll::Ready(answer) => assert_eq!(answer.unwrap_err(), ProposeError::TooMany),
        }
    }
    accepted
}

#[tokio::test]
async fn what_waits_is_bounded_by_number_and_by_bytes() {
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let proposer = Proposer::over(queue);
    let most = QUEUE_KIB * 1024 / MIB;
    let large = accepted(&proposer, 2 * most, MIB).await;
    assert!((most - 1..=most).contains(&large), "{large}");
    // Something small has room where something large has none, but not without end.
    let small = accepted(&proposer, QUEUE, 10).await;
    assert!((1..=MIB / 1024).contains(&small), "{small}");

    for _ in 0..large + small {
        drop(waiting.try_recv().unwrap());
    }
    assert_eq!(accepted(&proposer, QUEUE + 10, 10).await, QUEUE);
}
