//! How calls meet failures: what may be repeated is repeated at another voter.

use crate::pool::{Line, Pool};
use crate::{CoordinationError, Result};
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, ConnectError, Response, Status};

/// For a call with all its attempts.
pub(crate) const CALL: Duration = Duration::from_secs(5);
/// For one attempt at one voter.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(1);

const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Calls `attempt` with one line after another until one answers, for at most [`CALL`].
///
/// Only for what may be done twice. `patience` bounds each attempt.
pub(crate) async fn repeated<T, F>(
    pool: &Pool,
    what: &'static str,
    patience: Duration,
    attempt: impl Fn(Line) -> F,
) -> Result<T>
where
    F: Future<Output = std::result::Result<Response<T>, Status>>,
{
    let deadline = Instant::now() + CALL;
    let mut pause = PAUSE;
    loop {
        let line = pool.line();
        let cause = match timeout(patience, attempt(line.clone())).await {
            Ok(Ok(answer)) => return Ok(answer.into_inner()),
            Ok(Err(status)) if is_refusal(&status) => {
                return Err(CoordinationError::Refused { what, cause: words(&status) });
            }
            Ok(Err(status)) => words(&status),
            Err(_) => format!("no answer within {patience:?}"),
        };
        pool.leave(&line, &cause);
        if Instant::now() + pause >= deadline {
            return Err(CoordinationError::Unavailable { what, cause });
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Whether every voter would answer the same, now and later.
pub(crate) fn is_refusal(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unauthenticated
    )
}

/// Whether the request certainly never left this machine.
pub(crate) fn was_never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What went wrong, down to the cause that an operator can do something about.
pub(crate) fn words(status: &Status) -> String {
    let mut words = status.message().to_owned();
    let mut cause = status.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = if words.is_empty() { more } else { format!("{words}: {more}") };
        }
        cause = error.source();
    }
    if words.is_empty() { format!("{:?}", status.code()) } else { words }
}
