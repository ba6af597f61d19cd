//! `mesoform voter …` on a host: what is done to the voter there, with the voter's own certificate.

use crate::Places;
use crate::run::{HostRun, Stop};
use mesoform_transport::{Channel, Exit};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// For what a host does with data of any size.
const LIMIT: Duration = Duration::from_secs(1800);
/// Longer than anything that a host has to say about it.
const WORDS: u64 = 64 * 1024;
/// What it exits with where it does not know these words.
const UNKNOWN: u32 = 5;

/// Calls what is installed there.
pub(super) fn command(words: &str) -> String {
    format!("{} voter {words}", Places::system().bin.join("mesoform").display())
}

/// What it prints, or in words why not.
pub(super) async fn ask(host: &HostRun, words: &str) -> Result<Vec<u8>, String> {
    let connection = host.connection().map_err(|stop| stop.to_string())?;
    let output = connection.exec_as_root(&command(words), b"").await.map_err(|e| e.to_string())?;
    match output.exit {
        Exit::Code(0) => Ok(output.stdout),
        exit => Err(refusal(&exit, &output.stderr)),
    }
}

/// The same for what may take long, with `input` on its standard input.
pub(super) async fn feed(
    host: &HostRun,
    words: &str,
    input: Option<File>,
) -> Result<Vec<u8>, Stop> {
    let name = &host.spec.name;
    let channel = host.connection()?.stream_as_root(&command(words)).await?;
    let Channel { mut stdin, stdout, mut end } = channel;
    let feed = async move {
        if let Some(mut input) = input {
            tokio::io::copy(&mut input, &mut stdin).await?;
        }
        stdin.shutdown().await
    };
    let mut said = Vec::new();
    let mut stdout = stdout.take(WORDS);
    let both = async { tokio::join!(feed, stdout.read_to_end(&mut said)) };
    let late = |_| Stop::Failed(format!("{name}: `mesoform voter {words}` took too long"));
    // Why it stopped reading, where it did, stands in how it ended.
    let _ = tokio::time::timeout(LIMIT, both).await.map_err(late)?;
    let ended = tokio::time::timeout(LIMIT, end.wait()).await.map_err(late)?;
    match ended.map_err(|e| Stop::from(e).on(name))? {
        Exit::Code(0) => Ok(said),
        exit => Err(Stop::Failed(refusal(&exit, &end.stderr())).on(name)),
    }
}

/// Why a host did not do it.
pub(super) fn refusal(exit: &Exit, stderr: &str) -> String {
    let said = stderr.trim();
    let said = said.strip_prefix("mesoform: ").unwrap_or(said);
    match exit {
        Exit::Code(UNKNOWN) => format!(
            "the mesoform that is installed there does not know this; `mesoform up` brings another one \
             ({said})"
        ),
        _ if said.is_empty() => format!("`mesoform voter` ended without a word ({exit:?})"),
        _ => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_quoted_without_its_own_name_for_itself() {
        let quoted = |code, said| refusal(&Exit::Code(code), said);
        assert_eq!(quoted(1, "mesoform: /x: is full\n"), "/x: is full");
        assert!(quoted(5, "error: unrecognized subcommand").contains("`mesoform up`"));
        assert!(quoted(137, "").contains("137"));
    }
}
