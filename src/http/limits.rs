use std::time::Duration;

/// What a door bears. The defaults are right for the services; tests set their own.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; further ones wait in the system's backlog.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For a request's head. On a connection that is kept alive this is also how long it may idle.
    pub head: Duration,
    /// How long open requests may take to end after the shutdown began; then they are cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            body: 4 << 20,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            drain: Duration::from_secs(2),
        }
    }
}
