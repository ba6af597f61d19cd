//! A voter as a process of its own: this very test binary, started again.

use mesoform_quorum::{Levels, QuorumError, Tuning};
use mesoform_settings::QuorumSettings;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SETTINGS: &str = "MESOFORM_CHECKED_VOTER";
const LEVELS: &str = "MESOFORM_CHECKED_LEVELS";
const UNTOLD: &str = "untold";
const NAME: &str = "kit::voter::a_voter_of_another_test";

/// Not a test of its own: it is what a voter's process runs.
#[test]
fn a_voter_of_another_test() {
    let Some(path) = std::env::var_os(SETTINGS) else { return };
    // It ends with the test that started it, however that ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let words = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(words.unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    let settings: QuorumSettings = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Err(error) = runtime.block_on(serve(settings)) {
        panic!("{error}");
    }
}

async fn serve(settings: QuorumSettings) -> Result<(), QuorumError> {
    let peer = TcpListener::bind(settings.listen_peer).await.unwrap();
    let client = TcpListener::bind(settings.listen_client).await.unwrap();
    let tuning = Tuning { levels: pretended(), ..Tuning::default() };
    mesoform_quorum::serve(settings, tuning, peer, client, CancellationToken::new()).await
}

/// Which version it is to be.
fn pretended() -> Levels {
    match std::env::var(LEVELS).unwrap().as_str() {
        UNTOLD => Levels::untold(),
        newest => Levels::up_to(newest.parse().unwrap()),
    }
}

/// What starts a voter with these settings, as a version that knows these levels.
pub fn command(settings: &QuorumSettings, levels: Levels) -> Command {
    let path = settings.data_dir.with_extension("json");
    std::fs::write(&path, serde_json::to_vec(settings).unwrap()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]).env(SETTINGS, path);
    let newest = levels.newest().to_string();
    command.env(LEVELS, if levels == Levels::untold() { UNTOLD } else { &newest });
    command
}

/// A child process; it is killed when dropped.
pub struct Process(Child);

impl Process {
    /// Starts it; what it says goes to the end of `log`.
    pub fn start(mut command: Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), signal).unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Also where it is stopped.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
