use mesoform_settings::MasterSettings;
use std::time::Duration;

/// How long what may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Between two pings of an agent.
    pub ping: Duration,
    /// An agent that gives no sign of life for so many pings is unreachable.
    pub misses: u32,
    /// For the agents to come back after a change of masters.
    pub reregister: Duration,
    /// Between two heartbeats to a framework.
    pub heartbeat: Duration,
    /// From resources getting free to the offers, so that what gets free together is offered together.
    pub batch: Duration,
}

impl Limits {
    /// As the settings say.
    pub fn new(settings: &MasterSettings) -> Self {
        Self {
            ping: Duration::from_millis(settings.agent_ping_ms.max(1)),
            misses: settings.agent_ping_misses.max(1),
            reregister: Duration::from_millis(settings.agent_reregister_ms),
            ..Self::default()
        }
    }

    /// How long an agent may be silent.
    pub fn silence(&self) -> Duration {
        self.ping.saturating_mul(self.misses)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(15),
            misses: 5,
            reregister: Duration::from_secs(600),
            heartbeat: Duration::from_secs(15),
            batch: Duration::from_millis(3),
        }
    }
}
