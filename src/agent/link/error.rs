use reqwest::StatusCode;
use std::time::Duration;
use thiserror::Error;

/// Why there is no connection to a leading master.
#[derive(Debug, Error)]
pub enum LinkError {
    #[error("'{address}' is no host:port; correct it under `masters` in the settings")]
    Address { address: String },
    #[error("the HTTP client cannot be set up: {cause}")]
    Client { cause: String },
    #[error("the master {master} cannot be reached: {cause}")]
    Unreachable { master: String, cause: String },
    #[error("the master {master} does not answer")]
    Silent { master: String },
    #[error("no master leads, says {master}")]
    NoLeader { master: String },
    #[error("the masters send the agent in a circle, at last to {master}")]
    Circle { master: String },
    #[error("the master {master} names no other one that could be followed to")]
    Location { master: String },
    #[error("the master {master} refuses this agent ({status}): {words}")]
    Refused { master: String, status: StatusCode, words: String },
    #[error("the master {master} does not take this agent: {words}")]
    Fenced { master: String, words: String },
    #[error("the master ended the stream")]
    StreamEnded,
    #[error("the stream broke: {cause}")]
    StreamBroke { cause: String },
    #[error("the master said nothing for {0:?}")]
    NoPing(Duration),
    #[error("the master sent what is no order: {cause}")]
    Nonsense { cause: String },
    #[error("the master's stream did not begin with a registration")]
    NotRegistered,
    #[error("the master wants this agent to register again")]
    RegisterAgain,
    #[error("the master does not take reports: {cause}")]
    Report { cause: String },
    #[error("the master leads no longer")]
    Deposed,
    #[error("the agent ends")]
    AgentEnds,
}
