use crate::Budget;
use std::time::Duration;

/// What a door bears. The defaults are right for the services; tests set their own.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; never more than [`Budget`] leaves. An eighth of them is for those of
    /// whom nothing is known yet, and a quarter for certificates of the cluster alone.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of the bodies of all requests at a time. Nobody holds more of it than is left for all
    /// others: of one certificate or address alone half of it, which is to be more than [`Self::body`].
    pub bodies: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For a request's head.
    pub head: Duration,
    /// Between two requests on one connection, of callers who have proved who they are. Longer than
    /// the usual clients keep unused connections, so that none is closed under their hands.
    pub idle: Duration,
    /// The same for all others.
    pub idle_stranger: Duration,
    /// How long a body of a request may bring nothing, and its reader may take nothing of an answer.
    pub stall: Duration,
    /// Bytes per second that a request's body must bring on the whole, after the first [`Self::stall`].
    pub rate: usize,
    /// How long open requests may take to end after the shutdown began; then they are cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            body: 4 << 20,
            bodies: 256 << 20,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            idle_stranger: Duration::from_secs(15),
            stall: Duration::from_secs(20),
            rate: 4 << 10,
            drain: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The same, with no more connections than this process has files for.
    pub(crate) fn within(self, budget: Budget) -> Self {
        let [connections] = budget.divide([self.connections]);
        Self { connections, ..self }
    }
}
