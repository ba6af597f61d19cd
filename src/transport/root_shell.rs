//! One root shell for all commands of a connection. sudo may take its time: it asks the DNS for the
//! host's own name, and where nobody answers that takes tens of seconds. So it is called once.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::channel::{Channel, ChannelEnd, ChannelReader, ChannelWriter, Exit, Output};
use crate::connection::OUTPUT_LIMIT;
use crate::elevate::quote;
use crate::{Result, TransportError};

const PROGRAM: &str = include_str!("root_shell.sh");
/// Stands for a newline inside of what is asked.
const NEWLINE: char = '\u{1f}';
/// What the shell says of itself at most before it is ready: a login shell's chatter.
const CHATTER: u64 = 64 * 1024;
/// Who waits longer than this for sudo wants to know why.
pub(crate) const SLOW: Duration = Duration::from_secs(5);
/// And nobody waits longer than this.
const TOO_SLOW: Duration = Duration::from_secs(60);

/// A shell that sudo has started.
pub(crate) struct RootShell {
    host: String,
    marker: String,
    input: ChannelWriter,
    output: BufReader<ChannelReader>,
    end: ChannelEnd,
}

/// The command that is such a shell.
pub(crate) fn command(marker: &str) -> String {
    let program: String = PROGRAM
        .lines()
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |program, line| program + line + "\n");
    format!("exec sh -c {} mesoform {marker}", quote(&program))
}

/// As it is asked; none for what is no text.
pub(crate) fn encoded(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.contains([NEWLINE, '\0'])).then(|| text.replace('\n', &NEWLINE.to_string()))
}

impl RootShell {
    /// Waits until sudo has started the shell. `slow` is told once when that takes long.
    ///
    /// # Errors
    /// sudo refuses, or does not answer at all.
    pub async fn ready(
        host: &str,
        marker: String,
        channel: Channel,
        slow: impl Fn(Duration),
    ) -> Result<Self> {
        let Channel { stdin, stdout, end } = channel;
        let (host, output) = (host.to_owned(), BufReader::new(stdout));
        let mut shell = Self { host, marker, input: stdin, output, end };
        match shell.greeting_within(TOO_SLOW, slow).await {
            Some(greeted) => greeted.map(|()| shell),
            None => {
                let seconds = TOO_SLOW.as_secs();
                Err(TransportError::SudoSilent { host: shell.host, seconds })
            }
        }
    }

    async fn greeting_within(
        &mut self,
        limit: Duration,
        slow: impl Fn(Duration),
    ) -> Option<Result<()>> {
        let mut waiting = Box::pin(tokio::time::timeout(limit, self.greeting()));
        let greeted = tokio::select! {
            greeted = &mut waiting => greeted,
            () = tokio::time::sleep(SLOW) => {
                slow(SLOW);
                waiting.await
            }
        };
        greeted.ok()
    }

    async fn greeting(&mut self) -> Result<()> {
        let wanted = format!("{} ready", self.marker);
        let mut chatter = (&mut self.output).take(CHATTER);
        let mut line = Vec::new();
        while matches!(chatter.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            if line.trim_ascii() == wanted.as_bytes() {
                return Ok(());
            }
            line.clear();
        }
        let exit = self.end.wait().await?;
        let stderr = self.end.stderr();
        let last = stderr.trim().lines().last().unwrap_or_default();
        let cause = format!("sudo ended ({exit}) {last}");
        Err(TransportError::Refused { host: self.host.clone(), cause: cause.trim().to_owned() })
    }

    /// Runs a command to its end; both texts are encoded.
    pub async fn run(&mut self, command: &str, input: &str) -> Result<Output> {
        self.ask(&format!("run\n{command}\n{input}\n")).await?;
        let mut stdout = Vec::new();
        loop {
            let begin = stdout.len();
            let mut bounded = (&mut self.output).take((OUTPUT_LIMIT + 1 - begin) as u64);
            let read = bounded.read_until(b'\n', &mut stdout).await;
            if !matches!(read, Ok(read) if read > 0) {
                return Err(self.lost().await);
            }
            if stdout.len() > OUTPUT_LIMIT {
                let (host, command) = (self.host.clone(), command.chars().take(80).collect());
                return Err(TransportError::OutputTooLong { host, command, limit: OUTPUT_LIMIT });
            }
            if let Some(last) = stdout[begin..].strip_prefix(self.marker.as_bytes()) {
                let (exit, stderr) = last_words(&String::from_utf8_lossy(last));
                // And the newline that sets the last words apart.
                stdout.truncate(begin.saturating_sub(1));
                return Ok(Output { exit, stdout, stderr });
            }
        }
    }

    /// The command takes the shell's place; the channel is the command's.
    pub async fn into_command(mut self, command: &str) -> Result<Channel> {
        self.ask(&format!("become\n{command}\n")).await?;
        let outcome = self.output.get_ref().outcome.clone();
        let stdout = ChannelReader { inner: Box::new(self.output), outcome };
        Ok(Channel { stdin: self.input, stdout, end: self.end })
    }

    async fn ask(&mut self, words: &str) -> Result<()> {
        let asked = async {
            self.input.write_all(words.as_bytes()).await?;
            self.input.flush().await
        };
        match asked.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.lost().await),
        }
    }

    async fn lost(&mut self) -> TransportError {
        let lost = |cause: String| TransportError::Lost {
            host: self.host.clone(),
            during: "a command ran",
            cause,
        };
        match self.end.wait().await {
            Ok(exit) => lost(format!("the root shell ended ({exit})")),
            Err(error) => error,
        }
    }
}

/// Exit code and standard error: the shell tells the latter first.
fn last_words(text: &str) -> (Exit, String) {
    let text = text.trim_ascii().replace(NEWLINE, "\n");
    let (stderr, code) = text.rsplit_once('\n').unwrap_or(("", &text));
    let exit = code.trim().parse().map_or(Exit::Code(u32::MAX), Exit::Code);
    (exit, stderr.to_owned())
}

#[cfg(test)]
mod tests;
