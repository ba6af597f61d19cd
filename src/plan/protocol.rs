use crate::{Event, Failure, Interest, LastRun, Lock, Observed, Outcome, Plan, SecretText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// The newest session protocol that this version speaks.
///
/// 2: the operator sends [`Request::Beat`], and a session without ends; `Report`.
/// 3: [`Request::Document`].
pub const PROTOCOL: u32 = 3;

/// The protocol from which on an operator beats.
pub const BEATS: u32 = 2;

/// A unit to start, and what makes it restart when it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUnit {
    pub name: String,
    /// As in the plan's `Unit` step.
    pub inputs: Vec<PathBuf>,
}

/// A document in another language than plans, and how to go about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentWish {
    /// Its file, for what is told about it.
    pub name: String,
    /// It may hold passwords.
    pub text: SecretText,
    /// Only say what would change.
    pub check: bool,
    /// Say how files differ.
    pub diff: bool,
}

/// What the operator asks in a session with `mesoform apply --session`: one JSON object per line,
/// one request at a time. Each is answered by any number of [`Reply::Event`] and then one reply for
/// which [`Reply::is_final`] is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// The first line. Answer: `Hello`.
    Hello { protocol: u32 },
    /// Answer: `Observed`.
    Observe { interest: Interest },
    /// Carries a plan out under a lock taken before. `run_id` names this one application: letters,
    /// digits and `._-`, new for each `Apply`. `secrets` by the names of the plan's
    /// `Credential` steps. Answer: `Requests` where certificates must be made, else `Applied`.
    Apply { run_id: String, plan: Plan, secrets: BTreeMap<String, SecretText> },
    /// Carries out a document, as `Apply` a plan; with its `check` nothing is changed, and no lock is
    /// needed. Answer: `Applied`.
    Document { run_id: String, document: DocumentWish },
    /// The signed chains for the `Requests` that `Apply` was answered with.
    /// Answer: `Applied`.
    Certificates { run_id: String, chains: Vec<SignedChain> },
    /// Starts units, or restarts those that run with other inputs (with `restart`: all), and waits
    /// until all are active. Answer: `Started`.
    Start { units: Vec<StartUnit>, restart: bool, deadline_ms: u64 },
    /// Answer: `Stopped`.
    Stop { units: Vec<String>, deadline_ms: u64 },
    /// Reads on in a run's journal after `offset` events. Answer: `Applied`.
    Follow { run_id: String, offset: u64 },
    /// The last lines that a unit wrote. Answer: `Journal`.
    Journal { unit: String, lines: u32 },
    /// Takes the host's lock, which the session then renews by itself until it ends. The same owner
    /// and run take their own lock again. Answer: `Locked`.
    TakeLock { owner: String, run_id: String },
    /// Renews now; the session also does so by itself. Answer: `Locked`.
    RenewLock,
    /// Answer: `Released`.
    ReleaseLock,
    /// The operator is there. Sent at any time, also while an answer is awaited; has none itself.
    Beat,
    /// How the host's services are (`mesoform report`). Answer: `Reported`.
    Report,
}

/// A certificate that the host asks the operator to sign. What it may contain is what the plan's
/// step says; of the request only the public key counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningRequest {
    pub step: usize,
    pub role: String,
    pub host: String,
    pub dns: Vec<String>,
    pub ips: Vec<IpAddr>,
    pub csr_pem: String,
}

/// The answer to a [`SigningRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedChain {
    pub step: usize,
    /// The leaf first, then what leads up to the CA.
    pub chain_pem: String,
}

/// How one unit came up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    pub unit: String,
    /// False: it ran already, with the same inputs.
    pub changed: bool,
}

/// What the host answers; one JSON object per line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// `protocol` is the one to go on with: the older of both sides' newest. `last_run` tells how
    /// the host's latest run ended; without an outcome it is still at work.
    Hello {
        protocol: u32,
        version: String,
        last_run: Option<LastRun>,
    },
    Observed {
        observed: Box<Observed>,
    },
    Requests {
        run_id: String,
        requests: Vec<SigningRequest>,
    },
    /// `offset` counts the events of a run's journal from 1; 0 where the event is of no run.
    Event {
        offset: u64,
        event: Event,
    },
    Applied {
        run_id: String,
        outcome: Outcome,
    },
    Started {
        units: Vec<Started>,
    },
    Stopped {
        units: Vec<String>,
    },
    Journal {
        unit: String,
        lines: Vec<String>,
    },
    Locked {
        lock: Lock,
    },
    Released,
    /// What `mesoform report` printed.
    Reported {
        report: serde_json::Value,
    },
    /// The request failed; the session goes on.
    Failed {
        failure: Failure,
    },
    /// Another run holds the host's lock; `works`: a job of it is at work.
    Busy {
        lock: Lock,
        now_ms: i64,
        #[serde(default)]
        works: bool,
    },
}

impl Reply {
    /// No more replies to the same request follow.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Event { .. })
    }
}
