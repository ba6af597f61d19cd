//! The whole master over real sockets and real certificates; only the quorum is one in memory.

mod agent;
mod codes;
mod leadership;
mod line;
mod masters;
mod memory;
mod pki;
mod probes;

use agent::FakeAgent;
use masters::TestMaster;
use memory::MemoryQuorum;
use pki::Pki;
