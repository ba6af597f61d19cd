//! One stream that brings a binary and then becomes a session with it.
//!
//! A small POSIX shell program (`bootstrap.sh`) looks whether the binary is there, takes exactly the
//! announced number of gzip bytes from its standard input where it is sent, verifies it, moves it to
//! its place at once, and becomes it. Whatever it finds, the input after those bytes is the
//! session's.

mod artifact;
mod greeting;

use tokio::io::AsyncWriteExt;

use crate::channel::Channel;
use crate::connection::Connection;
use crate::elevate::quote;
use crate::{Result, TransportError};

pub use artifact::Artifact;
use greeting::{Greeting, PREFIX, Trouble, next};

/// Where a host keeps mesoform's versions, each in a folder named by the start of its hash.
pub const VERSIONS: &str = "/opt/mesoform/versions";
/// What the binary is asked to do.
pub(crate) const SESSION: &str = "apply --session";

const BOOTSTRAP: &str = include_str!("bootstrap.sh");
/// Progress is told after each piece.
const PIECE: usize = 128 * 1024;

/// Called with the compressed bytes sent so far, and their total.
pub type Progress<'a> = dyn Fn(u64, u64) + Send + Sync + 'a;

/// Whether the binary goes over with the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// It is known to be missing: it is sent at once, with no question.
    Now,
    /// The host is asked first: one more round trip, and nothing is sent in vain.
    IfMissing,
    /// It is known to be there; if it is not, that is an error.
    Never,
}

pub(crate) async fn session(
    connection: &Connection,
    artifact: &Artifact,
    carry: Carry,
    arguments: &str,
    versions: &str,
    progress: &Progress<'_>,
) -> Result<Channel> {
    let place = format!("{versions}/{}", artifact.version());
    let gz = if carry == Carry::Never { None } else { Some(artifact.compressed().await?) };
    let command =
        bootstrap(&place, artifact, gz.as_ref().map_or(0, |gz| gz.len()), carry, arguments);
    let mut channel = connection.stream_as_root(&command).await?;
    let host = connection.target().name.as_str();
    let context = Context { host, place: &place, artifact };
    match (carry, &gz) {
        (Carry::Now, Some(gz)) => send(&mut channel, gz, progress).await,
        (Carry::IfMissing, Some(gz)) => match context.greeting(&mut channel).await? {
            Greeting::Ready => return Ok(channel),
            Greeting::Missing => send(&mut channel, gz, progress).await,
        },
        _ => {}
    }
    match context.greeting(&mut channel).await? {
        Greeting::Ready => Ok(channel),
        Greeting::Missing => Err(TransportError::BinaryMissing {
            host: host.to_owned(),
            place,
            sha256: artifact.version().to_owned(),
        }),
    }
}

/// The link that follows the version which the host runs.
const INSTALLED: &str = "/opt/mesoform/bin/mesoform";

/// Starts a session with what is installed.
pub(crate) async fn installed(connection: &Connection) -> Result<Option<Channel>> {
    let say = format!("printf '{PREFIX}%s\\n'");
    let command = format!(
        "if [ -x {INSTALLED} ]; then {say} ready; exec {INSTALLED} {SESSION}; fi; {say} missing; exit 75"
    );
    let mut channel = connection.stream_as_root(&command).await?;
    let host = connection.target().name.as_str();
    match greeting(&mut channel).await? {
        Ok(Greeting::Ready) => Ok(Some(channel)),
        Ok(Greeting::Missing) => Ok(None),
        Err(Said::Trouble(Trouble { words: cause, .. }) | Said::Other(cause)) => {
            let place = INSTALLED.to_owned();
            Err(TransportError::Carry { host: host.to_owned(), place, cause })
        }
    }
}

fn bootstrap(
    place: &str,
    artifact: &Artifact,
    bytes: usize,
    carry: Carry,
    arguments: &str,
) -> String {
    let mode = match carry {
        Carry::Now => "now",
        Carry::IfMissing => "ask",
        Carry::Never => "never",
    };
    let program: String = BOOTSTRAP
        .lines()
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |program, line| program + line + "\n");
    format!(
        "exec sh -c {} mesoform {} {} {} {bytes} {mode} {arguments}",
        quote(&program),
        quote(place),
        artifact.sha256(),
        artifact.size(),
    )
}

/// A host that stops reading has something to say: its greeting, or its end, tells.
async fn send(channel: &mut Channel, gz: &[u8], progress: &Progress<'_>) {
    let mut sent = 0;
    for piece in gz.chunks(PIECE) {
        if channel.stdin.write_all(piece).await.is_err() {
            return;
        }
        sent += piece.len() as u64;
        progress(sent, gz.len() as u64);
    }
    let _ = channel.stdin.flush().await;
}

/// What stands in a greeting's place.
enum Said {
    Trouble(Trouble),
    Other(String),
}

/// The bootstrap's next word; where it has none, its end says why (sudo's complaint, a lost
/// connection, a shell that is none).
async fn greeting(channel: &mut Channel) -> Result<Result<Greeting, Said>> {
    match next(&mut channel.stdout).await {
        Ok(said) => Ok(said.map_err(Said::Trouble)),
        Err(cause) => {
            let exit = channel.end.wait().await?;
            let stderr = channel.end.stderr();
            let last = stderr.trim().lines().last().unwrap_or_default();
            Ok(Err(Said::Other(format!("{cause} ({exit}) {last}"))))
        }
    }
}

struct Context<'a> {
    host: &'a str,
    place: &'a str,
    artifact: &'a Artifact,
}

impl Context<'_> {
    async fn greeting(&self, channel: &mut Channel) -> Result<Greeting> {
        match greeting(channel).await? {
            Ok(greeting) => Ok(greeting),
            Err(Said::Trouble(trouble)) => Err(self.explain(&trouble)),
            Err(Said::Other(words)) => Err(self.failed(words)),
        }
    }

    fn explain(&self, trouble: &Trouble) -> TransportError {
        match trouble.kind.as_str() {
            "full" => TransportError::DiskFull {
                host: self.host.to_owned(),
                place: self.place.to_owned(),
                needed: self.artifact.size(),
                free: trouble.words.clone(),
            },
            "hash" => self.failed(format!(
                "what arrived has another hash than was sent ({}); try again",
                trouble.words
            )),
            "root" => self.failed(format!(
                "{}; connect as root, or let ansible_become be yes",
                trouble.words
            )),
            _ => self.failed(trouble.words.clone()),
        }
    }

    fn failed(&self, cause: String) -> TransportError {
        let (host, place) = (self.host.to_owned(), self.place.to_owned());
        TransportError::Carry { host, place, cause: cause.trim().to_owned() }
    }
}
