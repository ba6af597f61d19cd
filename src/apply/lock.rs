use crate::state::{State, write_file};
use crate::{ApplyError, Result};
use mesoform_plan::Lock;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long another's look at the lock file can take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The host's clock, milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Takes the host's lock, where nobody holds it or `owner` does for the same run. `silence`: how long
/// nothing was heard of the owner.
pub fn take(state: &State, owner: &str, run_id: &str, silence: Duration) -> Result<Lock> {
    state.prepare()?;
    let _alone = alone(state)?;
    let now_ms = now_ms();
    let held = read(state)?.filter(|lock| lock.is_held(now_ms));
    let mine = held.as_ref().is_some_and(|lock| lock.owner == owner && lock.run_id == run_id);
    let since_ms = match held {
        Some(lock) if !mine => return Err(ApplyError::LockBusy { lock, now_ms }),
        Some(lock) => lock.since_ms,
        None => now_ms,
    };
    let lock = Lock {
        owner: owner.into(),
        run_id: run_id.into(),
        session: uuid::Uuid::new_v4().to_string(),
        since_ms,
        expires_ms: now_ms,
        heard_ms: None,
    };
    store(state, renewed(lock, now_ms, silence))
}

/// Renews a lock that was taken.
pub fn renew(state: &State, mine: &Lock, silence: Duration) -> Result<Lock> {
    let _alone = alone(state)?;
    match read(state)? {
        Some(lock) if same(&lock, mine) => store(state, renewed(lock, now_ms(), silence)),
        other => Err(ApplyError::LockLost { by: other }),
    }
}

/// Gives a lock back; one that is another's by now, or was removed with everything else, stays so.
pub fn release(state: &State, mine: &Lock) -> Result<()> {
    if !state.lock().exists() {
        return Ok(());
    }
    let _alone = alone(state)?;
    if read(state)?.is_some_and(|lock| same(&lock, mine)) {
        std::fs::remove_file(state.lock()).map_err(ApplyError::io("remove", state.lock()))?;
    }
    Ok(())
}

fn same(one: &Lock, other: &Lock) -> bool {
    (&one.owner, &one.run_id, &one.session) == (&other.owner, &other.run_id, &other.session)
}

fn renewed(lock: Lock, now_ms: i64, silence: Duration) -> Lock {
    let silence = i64::try_from(silence.as_millis()).unwrap_or(i64::MAX);
    let heard_ms = Some(now_ms.saturating_sub(silence));
    Lock { expires_ms: now_ms + Lock::TERM_MS, heard_ms, ..lock }
}

/// The lock file is read, judged and replaced by one at a time. The kernel gives this back when
/// its holder is gone.
fn alone(state: &State) -> Result<Flock<File>> {
    let folder = state.folder();
    let mut file = File::open(&folder).map_err(ApplyError::io("open", &folder))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(alone) => return Ok(alone),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) if Instant::now() < deadline => {
                file = back;
                std::thread::sleep(Duration::from_millis(2));
            }
            Err((_, errno)) => return Err(ApplyError::errno("lock", &folder)(errno)),
        }
    }
}

fn read(state: &State) -> Result<Option<Lock>> {
    match std::fs::read_to_string(state.lock()) {
        // What cannot be understood was cut short by a crash of the host: nobody holds it.
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApplyError::io("read", state.lock())(error)),
    }
}

fn store(state: &State, lock: Lock) -> Result<Lock> {
    let text = serde_json::to_string(&lock)
        .map_err(|error| ApplyError::io("write", state.lock())(error.into()))?;
    write_file(&state.lock(), &format!("{text}\n"), 0o644)?;
    Ok(lock)
}
