use std::fmt;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use crate::auth::Auth;
use crate::carrier::Carrier;
use crate::carry::{self, Artifact, Carry, Progress};
use crate::channel::{Channel, Output};
use crate::elevate::{self, Elevation};
use crate::local::Local;
use crate::target::{Kind, Target};
use crate::{Result, TransportError, ssh};

/// A command that [`Connection::exec`] runs must end within this time.
const EXEC_LIMIT: Duration = Duration::from_secs(60);
/// And write no more than this.
const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;

/// An open, authenticated connection to a host.
pub struct Connection {
    target: Target,
    carrier: Box<dyn Carrier>,
}

impl Connection {
    /// Connects, checks the host's key and logs in; each within the target's time-out.
    pub async fn open(target: &Target, auth: &Auth) -> Result<Self> {
        let carrier: Box<dyn Carrier> = match target.kind {
            Kind::Ssh => Box::new(ssh::connect(target, auth).await?),
            Kind::Local => Box::new(Local::new(&target.name)),
        };
        Ok(Self { target: target.clone(), carrier })
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Runs a command as the user who logged in and waits for its end (at most 60 s).
    ///
    /// # Errors
    /// Only the connection's; a command that fails says so in its [`Output::exit`].
    pub async fn exec(&self, command: &str, stdin: &[u8]) -> Result<Output> {
        let channel = self.stream(command).await?;
        self.finish(channel, command, stdin, EXEC_LIMIT).await
    }

    /// The same as root, where the target says how.
    pub async fn exec_as_root(&self, command: &str, stdin: &[u8]) -> Result<Output> {
        let channel = self.stream_as_root(command).await?;
        self.finish(channel, command, stdin, EXEC_LIMIT).await
    }

    /// Starts a command as the user who logged in.
    pub async fn stream(&self, command: &str) -> Result<Channel> {
        self.carrier.start(command).await
    }

    /// Starts a command as root: with sudo where the target says so, else as the user.
    pub async fn stream_as_root(&self, command: &str) -> Result<Channel> {
        let Some(elevate) = &self.target.elevate else { return self.stream(command).await };
        let marker = format!("mesoform-{:032x}", rand::random::<u128>());
        let elevated = elevate::wrap(command, elevate, &marker);
        let mut channel = self.carrier.start(&elevated.command).await?;
        channel.end.elevation = Some(Elevation {
            user: self.target.user.clone(),
            with_password: elevate.password.is_some(),
        });
        // A command that is gone already says why at its end.
        let _ =
            tokio::io::AsyncWriteExt::write_all(&mut channel.stdin, elevated.preamble.as_bytes())
                .await;
        Ok(channel)
    }

    /// Starts `mesoform apply --session` as root with exactly this binary, which is carried over
    /// first as `carry` says. The channel is the session's: its input and output start right after
    /// the binary.
    pub async fn session(
        &self,
        artifact: &Artifact,
        carry: Carry,
        progress: &Progress<'_>,
    ) -> Result<Channel> {
        self.session_in(carry::VERSIONS, carry::SESSION, artifact, carry, progress).await
    }

    /// The same with another folder on the host and other arguments for the binary.
    pub async fn session_in(
        &self,
        versions: &str,
        arguments: &str,
        artifact: &Artifact,
        carry: Carry,
        progress: &Progress<'_>,
    ) -> Result<Channel> {
        carry::session(self, artifact, carry, arguments, versions, progress).await
    }

    /// Takes leave.
    pub async fn close(&self) {
        self.carrier.close().await;
    }

    /// Feeds a command and takes what it writes, both at once.
    async fn finish(
        &self,
        channel: Channel,
        command: &str,
        stdin: &[u8],
        limit: Duration,
    ) -> Result<Output> {
        let short = || command.chars().take(80).collect::<String>();
        let Channel { stdin: mut input, stdout, mut end } = channel;
        let mut output = Vec::new();
        let mut bounded = stdout.take(OUTPUT_LIMIT as u64 + 1);
        let talk = async {
            let (_, read) =
                tokio::join!(input.finish_with(stdin), bounded.read_to_end(&mut output));
            if output.len() > OUTPUT_LIMIT {
                let (host, command) = (self.target.name.clone(), short());
                return Err(TransportError::OutputTooLong { host, command, limit: OUTPUT_LIMIT });
            }
            // A lost connection is the end's to report.
            drop(read);
            let exit = end.wait().await?;
            Ok(Output { exit, stdout: std::mem::take(&mut output), stderr: end.stderr() })
        };
        let slow = |_| TransportError::Slow {
            host: self.target.name.clone(),
            command: short(),
            seconds: limit.as_secs(),
        };
        tokio::time::timeout(limit, talk).await.map_err(slow)?
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("target", &self.target.name).finish()
    }
}
