//! The operator's session with a host: requests in, replies out, one JSON object per line.

mod applying;
pub(crate) mod chains;
mod follow;
mod input;
mod keeper;
mod launch;
mod output;
mod pulse;
mod serve;
mod starting;

pub(crate) use keeper::Keeper;
pub use pulse::Pulse;
#[cfg(test)]
pub use {input::Input as TestInput, launch::Launch, output::Output as TestOutput, serve::Session};

use crate::state::State;
use crate::{ApplyError, Documents, Host, Result};
use input::Input;
use launch::Detached;
use output::Output;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Serves one operator on `stdin` and `stdout` until `stdin` ends: `mesoform apply --session`.
///
/// A run's job goes on when the session ends. Requests that fail are answered, and are no errors
/// here.
///
/// # Errors
/// This machine cannot be worked on at all.
pub fn session(
    stdin: impl Read + Send + 'static,
    stdout: impl Write + Send + 'static,
    documents: Arc<dyn Documents>,
) -> Result<()> {
    let host = Host::real()?;
    let (input, output) = (Input::new(stdin, Pulse::real()), Output::new(stdout));
    let state = State::new(Path::new("/"));
    match serve::Session::new(Box::new(host), state, Box::new(Detached(documents)), input, output)
        .serve()
    {
        Err(ApplyError::Closed) => Ok(()),
        other => other,
    }
}
