use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;

use crate::auth::Auth;
use crate::carrier::Carrier;
use crate::carry::{self, Artifact, Carry, Progress};
use crate::channel::{Channel, Output};
use crate::elevate::{self, Elevation};
use crate::local::Local;
use crate::root_shell::{self, RootShell, encoded};
use crate::target::{Kind, Target};
use crate::{Result, TransportError, ssh};

/// A command that [`Connection::exec`] runs must end within this time.
const EXEC_LIMIT: Duration = Duration::from_secs(60);
/// And write no more than this.
pub(crate) const OUTPUT_LIMIT: usize = 16 * 1024 * 1024;
/// sudo asks three times, unless it was told otherwise.
const MORE_TRIES: usize = 3;

/// An open, authenticated connection to a host.
pub struct Connection {
    target: Target,
    carrier: Box<dyn Carrier>,
    /// Between two commands of root's, where sudo has started it.
    root: Mutex<Option<RootShell>>,
    slow: Option<SlowSudo>,
}

/// Who is told how long sudo has not answered.
type SlowSudo = Arc<dyn Fn(Duration) + Send + Sync>;

impl Connection {
    /// Connects, checks the host's key and logs in; each within the target's time-out.
    pub async fn open(target: &Target, auth: &Auth) -> Result<Self> {
        let carrier: Box<dyn Carrier> = match target.kind {
            Kind::Ssh => Box::new(ssh::connect(target, auth).await?),
            Kind::Local => Box::new(Local::new(&target.name)),
        };
        Ok(Self { target: target.clone(), carrier, root: Mutex::default(), slow: None })
    }

    /// Tells `tell` when sudo has not answered for some seconds.
    #[must_use]
    pub fn on_slow_sudo(self, tell: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { slow: Some(Arc::new(tell)), ..self }
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

    /// The same as root, where the target says how. However many commands there are, sudo is called
    /// once.
    pub async fn exec_as_root(&self, command: &str, stdin: &[u8]) -> Result<Output> {
        let text = encoded(command.as_bytes()).zip(encoded(stdin));
        match (&self.target.elevate, text) {
            (Some(_), Some((command, input))) => self.exec_in_root_shell(&command, &input).await,
            _ => {
                let channel = self.stream_as_root(command).await?;
                self.finish(channel, command, stdin, EXEC_LIMIT).await
            }
        }
    }

    async fn exec_in_root_shell(&self, command: &str, input: &str) -> Result<Output> {
        let mut kept = self.root.lock().await;
        let mut shell = match kept.take() {
            Some(shell) => shell,
            None => self.root_shell().await?,
        };
        let slow = |_| self.slow_command(command, EXEC_LIMIT);
        let ran = tokio::time::timeout(EXEC_LIMIT, shell.run(command, input)).await;
        let output = ran.map_err(slow)??;
        *kept = Some(shell);
        Ok(output)
    }

    /// Starts a command as the user who logged in.
    pub async fn stream(&self, command: &str) -> Result<Channel> {
        self.carrier.start(command).await
    }

    /// Starts a command as root: with sudo where the target says so, else as the user.
    pub async fn stream_as_root(&self, command: &str) -> Result<Channel> {
        if self.target.elevate.is_none() {
            return self.stream(command).await;
        }
        let kept = self.root.lock().await.take();
        let shell = match kept {
            Some(shell) => shell,
            None => self.root_shell().await?,
        };
        // Commands are ours, and have no such letters.
        let command = encoded(command.as_bytes()).unwrap_or_default();
        shell.into_command(&command).await
    }

    async fn root_shell(&self) -> Result<RootShell> {
        let marker = format!("mesoform-{:032x}", rand::random::<u128>());
        let elevate = self.target.elevate.clone().unwrap_or_default();
        let elevated = elevate::wrap(&root_shell::command(&marker), &elevate, &marker);
        let mut channel = self.carrier.start(&elevated.command).await?;
        channel.end.elevation = Some(Elevation {
            user: self.target.user.clone(),
            with_password: elevate.password.is_some(),
        });
        // A command that is gone already says why at its end.
        let _ = channel.stdin.write_all(elevated.preamble.as_bytes()).await;
        if elevate.password.is_some() {
            // A password that is wrong is asked for again: it must not wait for an answer.
            let again = format!("{marker}\n").repeat(MORE_TRIES);
            let _ = channel.stdin.write_all(again.as_bytes()).await;
        }
        let slow = |waited| self.slow.iter().for_each(|tell| tell(waited));
        RootShell::ready(&self.target.name, marker, channel, slow).await
    }

    /// Starts a session with the mesoform that is installed on the host; none where none is.
    pub async fn installed_session(&self) -> Result<Option<Channel>> {
        carry::installed(self).await
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
        let Channel { stdin: mut input, stdout, mut end } = channel;
        let mut output = Vec::new();
        let mut bounded = stdout.take(OUTPUT_LIMIT as u64 + 1);
        let talk = async {
            let (_, read) =
                tokio::join!(input.finish_with(stdin), bounded.read_to_end(&mut output));
            if output.len() > OUTPUT_LIMIT {
                let (host, command) = (self.target.name.clone(), short(command));
                return Err(TransportError::OutputTooLong { host, command, limit: OUTPUT_LIMIT });
            }
            // A lost connection is the end's to report.
            drop(read);
            let exit = end.wait().await?;
            Ok(Output { exit, stdout: std::mem::take(&mut output), stderr: end.stderr() })
        };
        let slow = |_| self.slow_command(command, limit);
        tokio::time::timeout(limit, talk).await.map_err(slow)?
    }

    fn slow_command(&self, command: &str, limit: Duration) -> TransportError {
        let (host, command) = (self.target.name.clone(), short(command));
        TransportError::Slow { host, command, seconds: limit.as_secs() }
    }
}

fn short(command: &str) -> String {
    command.chars().take(80).collect()
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("target", &self.target.name).finish()
    }
}
