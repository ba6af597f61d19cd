use super::choose::others;
use super::give_way;
use crate::leadership::Leader;
use crate::peer::Peers;
use crate::raft::{Member, Vote};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// For an answer whether anything listens there: it comes at once, or from another host.
const LOOK: Duration = Duration::from_millis(500);
/// So often it is looked: a process that ends may let go of its connections first.
const LOOKS: usize = 6;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// The others have given up the old leader by then, if they have seen what this voter has.
const HEAD_START: Duration = Duration::from_millis(25);

/// A leader whose process is gone is followed at once, not after an election's time-out.
///
/// A killed process lets go of its connections, and of its port: the host answers for it that nobody
/// listens there. Silence, a cut link, or a host that is gone say nothing of the kind, and are waited
/// for as ever. The same voter stands whoever looks; the others promise their vote to it, so that none of
/// them holds on to the old leader for its lease. Whether it gets the votes depends on its log.
pub struct Succession {
    pub peers: Peers,
    pub ending: CancellationToken,
    /// The host at the other end of a leader's connection.
    pub host: String,
}

/// Looks, when it is dropped with the connection's call, whether the leader is gone with it.
pub struct LastWord(pub Option<Succession>);

impl Drop for LastWord {
    fn drop(&mut self) {
        let Some(succession) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(succession.look());
        }
    }
}

impl Succession {
    async fn look(self) {
        let Leader::Other { id, member } = self.peers.leadership.now() else { return };
        let term = self.peers.leadership.term();
        if member.name != self.host || self.ending.is_cancelled() || !self.is_gone(&member).await {
            return;
        }
        let metrics = self.peers.leadership.metrics();
        if metrics.current_term != term || metrics.current_leader != Some(id) {
            return;
        }
        let voters = others(&metrics.membership_config, id);
        let Some(successor) = voters.iter().max().copied() else { return };
        if !voters.contains(&self.peers.me) {
            return;
        }
        tracing::info!(leader = member.name, "the leader's process is gone");
        if successor == self.peers.me {
            sleep(HEAD_START).await;
        }
        let vote = Vote::new(term + 1, successor);
        if let Err(cause) = give_way(&self.peers.raft, self.peers.me, vote).await {
            tracing::warn!(cause, "nobody is put in the leader's place");
        }
    }

    /// Whether its host says that nobody listens at its address, and says so twice on end.
    async fn is_gone(&self, member: &Member) -> bool {
        let address = self.peers.address(member);
        let mut refused = 0;
        for _ in 0..LOOKS {
            refused = match timeout(LOOK, TcpStream::connect(&address)).await {
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => refused + 1,
                Ok(Ok(_)) => 0,
                _ => return false,
            };
            if refused == 2 {
                return true;
            }
            sleep(PAUSE).await;
        }
        false
    }
}
