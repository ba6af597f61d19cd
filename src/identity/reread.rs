use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often, at most, the files of a [`Reread`] are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What cannot be used, and is not changed, is told so often.
const TELL_EVERY: Duration = Duration::from_secs(3600);

/// What was read from files, and is read again when they change, so that no service has to be
/// restarted for it. What cannot be used is told once, and what was read before stays.
#[derive(Debug)]
pub struct Reread<T> {
    files: Vec<PathBuf>,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    looked: Instant,
    /// What `value` was read from.
    read: Stamp,
    /// What could not be used, and when that was told.
    told: Option<(Stamp, Instant)>,
    value: Arc<T>,
}

/// What tells one version of the files from another: inode, size and time of the last change.
type Stamp = Vec<Option<(u64, u64, i64, i64)>>;

impl<T> Reread<T> {
    /// What `read` makes of these files.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn new<E>(files: Vec<PathBuf>, read: impl FnOnce() -> Result<T, E>) -> Result<Self, E> {
        let stamp = stamp(&files);
        let state =
            State { looked: Instant::now(), read: stamp, told: None, value: Arc::new(read()?) };
        Ok(Self { files, state: Mutex::new(state) })
    }

    /// What was read last, without a look at the files.
    pub fn last(&self) -> Arc<T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).value.clone()
    }

    /// What was read last. Where the files have changed since, `read` reads them again; where it cannot,
    /// `tell` is told why: once for each change, and then every hour.
    pub fn current<E>(
        &self,
        now: Instant,
        read: impl FnOnce() -> Result<T, E>,
        tell: impl FnOnce(E),
    ) -> Arc<T> {
        // The state is only ever replaced whole, so a poisoned lock holds a sound one.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(state.looked) >= LOOK_EVERY {
            state.looked = now;
            let seen = stamp(&self.files);
            if seen != state.read {
                // Also where nothing changed since the last try: it may be that only time was missing.
                match read() {
                    Ok(value) => {
                        let value = Arc::new(value);
                        *state = State { looked: now, read: seen, told: None, value };
                    }
                    Err(error) => state.refuse(seen, now, || tell(error)),
                }
            }
        }
        state.value.clone()
    }
}

impl<T> State<T> {
    fn refuse(&mut self, seen: Stamp, now: Instant, tell: impl FnOnce()) {
        let known = self.told.as_ref().is_some_and(|(told, when)| {
            *told == seen && now.saturating_duration_since(*when) < TELL_EVERY
        });
        if !known {
            tell();
            self.told = Some((seen, now));
        }
    }
}

fn stamp(files: &[PathBuf]) -> Stamp {
    let of = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    };
    files.iter().map(|path| of(path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        _dir: tempfile::TempDir,
        file: PathBuf,
        number: Reread<u32>,
        now: Instant,
        told: usize,
    }

    impl World {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("number");
            std::fs::write(&file, "1").unwrap();
            let number = Reread::new(vec![file.clone()], || read(&file)).unwrap();
            Self { _dir: dir, file, number, now: Instant::now(), told: 0 }
        }

        fn write(&self, text: &str) {
            std::fs::write(&self.file, text).unwrap();
        }

        fn after(&mut self, time: Duration) -> u32 {
            self.now += time;
            *self.number.current(self.now, || read(&self.file), |_| self.told += 1)
        }
    }

    fn read(file: &Path) -> Result<u32, std::num::ParseIntError> {
        std::fs::read_to_string(file).unwrap().parse()
    }

    #[test]
    fn files_are_read_again_when_they_have_changed() {
        let mut world = World::new();
        world.write("22");
        assert_eq!(world.after(Duration::ZERO), 1, "they are not looked at all the time");
        assert_eq!(world.after(LOOK_EVERY), 22);
        assert_eq!(world.told, 0);
    }

    #[test]
    fn what_cannot_be_used_is_told_once_and_every_hour() {
        let mut world = World::new();
        world.write("none");
        for _ in 0..100 {
            assert_eq!(world.after(LOOK_EVERY), 1);
        }
        assert_eq!(world.told, 1);
        world.after(TELL_EVERY);
        world.after(LOOK_EVERY);
        assert_eq!(world.told, 2);
        world.write("none either");
        world.after(LOOK_EVERY);
        assert_eq!(world.told, 3, "it is another one");
        world.write("333");
        assert_eq!((world.after(LOOK_EVERY), world.told), (333, 3));
    }
}
