use super::reply::Problem;
use crate::core::{Answer, Command, View};
use crate::engine::{Failure, Order};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// The longest time that a command may take; the quorum's own time-outs are shorter.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who stands for election: what the others read of the leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub host: String,
    /// `host:port` of its API.
    pub http: String,
    /// `http` or `https`; none: as with the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

/// What this scheduler is at the moment.
#[derive(Debug, Clone)]
pub enum Role {
    /// Nothing is known yet of the election.
    Starting,
    /// Somebody else leads, or nobody.
    Standby {
        leader: Option<Candidate>,
    },
    Leading(Office),
}

/// The way to the engine of the scheduler that leads.
#[derive(Debug, Clone)]
pub struct Office {
    pub view: watch::Receiver<Arc<View>>,
    pub orders: mpsc::Sender<Order>,
    /// Ends this leadership.
    pub abdicate: CancellationToken,
}

impl Office {
    /// What is committed.
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Has `command` carried out.
    pub async fn order(&self, command: Command) -> Result<Answer, Problem> {
        let (reply, answer) = oneshot::channel();
        let order = Order { command, reply };
        let sent = self.orders.send_timeout(order, PATIENCE).await;
        if sent.is_err() {
            return Err(not_leading().into());
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer?),
            // The engine ended before it took the order.
            Ok(Err(_)) => Err(not_leading().into()),
            Err(_) => {
                let cause = format!("no answer within {} s", PATIENCE.as_secs());
                Err(Failure::Unknown(cause).into())
            }
        }
    }
}

fn not_leading() -> Failure {
    Failure::NotCommitted("this scheduler leads no more; try again".to_owned())
}
