use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::app::Task;
use crate::rig::Rig;

/// Generous, as the machine may be busy: what does not serve is refused at once.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(30);

/// Users of an app: one for each instance, who ask again and again and count.
pub struct Prober {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicUsize>,
    users: Vec<JoinHandle<Vec<String>>>,
}

impl Prober {
    pub(crate) fn start(rig: &Rig, tasks: &[Task]) -> Self {
        let (stop, answers) = (Arc::default(), Arc::default());
        let user = |task: &Task| {
            let (task, stop, answers) = (task.clone(), Arc::clone(&stop), Arc::clone(&answers));
            rig.spawn_inside(move || ask(&task, &stop, &answers))
        };
        let users = tasks.iter().map(user).collect();
        Self { stop, answers, users }
    }

    /// How many answers came so far.
    pub fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Ends it; every question must have been answered.
    #[track_caller]
    pub fn expect_all_answered(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let users = std::mem::take(&mut self.users).into_iter();
        let failures: Vec<String> = users.flat_map(|user| user.join().unwrap()).collect();
        let answers = self.answers();
        assert!(
            failures.is_empty(),
            "{} failed, {answers} answered: {failures:#?}",
            failures.len()
        );
        assert!(answers > 0, "nobody was asked");
        answers
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn ask(task: &Task, stop: &AtomicBool, answers: &AtomicUsize) -> Vec<String> {
    let (start, mut failures) = (Instant::now(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        match fetch(task.place, PATIENCE) {
            Ok(body) if body.trim() == task.id => {
                answers.fetch_add(1, Ordering::Relaxed);
            }
            other => failures.push(format!(
                "{} at {} after {:.1} s: {other:?}",
                task.id,
                task.place,
                start.elapsed().as_secs_f32()
            )),
        }
        std::thread::sleep(PAUSE);
    }
    failures
}

/// What a web server says at `/`.
pub(crate) fn fetch(place: SocketAddrV4, patience: Duration) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::V4(place), patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(1 << 20).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let good = head.split(' ').nth(1) == Some("200");
    if good { Ok(body.to_owned()) } else { Err(Error::other(head.to_owned())) }
}
