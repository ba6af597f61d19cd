use super::fake::Fake;
use crate::runs::RunFolder;
use crate::session::{Launch, Pulse, Session, TestInput, TestOutput};
use crate::state::State;
use crate::{Host, Machine, Materials, Result, carry, job};
use mesoform_plan::{Event, Interest, Observed, Outcome, Ownership, Plan, Reply, Request, Step};
use std::fs;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A folder that stands for a host.
pub struct Rig {
    pub root: tempfile::TempDir,
    pub fake: Fake,
}

impl Rig {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["etc/systemd/system", "var/lib", "opt"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").unwrap();
        fs::write(root.path().join("etc/group"), "root:x:0:\n").unwrap();
        let fake = Fake::new(root.path());
        Self { root, fake }
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    pub fn state(&self) -> State {
        State::new(self.root.path())
    }

    pub fn host(&self) -> Host {
        Host::rooted(self.root.path(), Box::new(self.fake.clone())).unwrap()
    }

    pub fn observe(&self, interest: &Interest) -> Observed {
        self.host().observe(interest).unwrap()
    }

    /// What is still to do, in words.
    pub fn todo(&self, plan: &Plan) -> Vec<String> {
        carry::todo(&self.host(), plan).unwrap().iter().map(ToString::to_string).collect()
    }

    pub fn apply(&self, plan: &Plan) -> Outcome {
        apply_on(&mut self.host(), plan, &Materials::default())
    }

    pub fn session(&self) -> Client {
        self.session_with(Threads(self.root.path().to_owned(), self.fake.clone()))
    }

    pub fn session_with(&self, launch: impl Launch + Send + 'static) -> Client {
        self.session_by(Pulse::real(), launch)
    }

    /// A session whose operator's silence is judged by `pulse`.
    pub fn session_by(&self, pulse: Arc<Pulse>, launch: impl Launch + Send + 'static) -> Client {
        let (theirs, to) = std::io::pipe().unwrap();
        let (from, ours) = std::io::pipe().unwrap();
        let (state, root, fake) = (self.state(), self.root.path().to_owned(), self.fake.clone());
        let serve = std::thread::spawn(move || {
            let host = Host::rooted(&root, Box::new(fake)).unwrap();
            let (input, output) = (TestInput::new(theirs, pulse), TestOutput::new(ours));
            Session::new(Box::new(host), state, Box::new(launch), input, output).serve()
        });
        let mut client = Client { to: Some(to), from: BufReader::new(from), serve: Some(serve) };
        assert!(matches!(client.ask(Request::Hello { protocol: 1 }).1, Reply::Hello { .. }));
        client
    }
}

pub fn apply_on(host: &mut Host, plan: &Plan, materials: &Materials) -> Outcome {
    let todo = carry::todo(host, plan).unwrap();
    carry::carry_out(host, plan, &todo, materials, &mut drop)
}

/// Jobs as threads of the test.
pub struct Threads(pub PathBuf, pub Fake);

impl Launch for Threads {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        let (root, fake, dir) = (self.0.clone(), self.1.clone(), run.dir.clone());
        std::thread::spawn(move || {
            let mut host = Host::rooted(&root, Box::new(fake)).unwrap();
            job::work(&mut host, None, &dir).unwrap();
        });
        Ok(())
    }

    fn report(&self) -> Result<serde_json::Value> {
        Ok(serde_json::json!({"version": "x"}))
    }
}

/// The operator's end of a session.
pub struct Client {
    to: Option<PipeWriter>,
    from: BufReader<PipeReader>,
    serve: Option<JoinHandle<Result<()>>>,
}

impl Client {
    pub fn ask(&mut self, request: Request) -> (Vec<Event>, Reply) {
        self.send(&serde_json::to_string(&request).unwrap());
        self.answer()
    }

    /// A lock taken by `owner`.
    pub fn lock(&mut self, owner: &str) -> Reply {
        self.ask(Request::TakeLock { owner: owner.into(), run_id: "up-1".into() }).1
    }

    pub fn apply(&mut self, run_id: &str, plan: &Plan) -> (Vec<Event>, Reply) {
        let secrets = Default::default();
        self.ask(Request::Apply { run_id: run_id.into(), plan: plan.clone(), secrets })
    }

    pub fn send(&mut self, line: &str) {
        writeln!(self.to.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn answer(&mut self) -> (Vec<Event>, Reply) {
        let mut events = Vec::new();
        loop {
            match self.reply() {
                Reply::Event { event, .. } => events.push(event),
                reply => return (events, reply),
            }
        }
    }

    pub fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Closes the connection and waits for the session's end.
    pub fn hang_up(self) -> Result<()> {
        self.cut().join().unwrap()
    }

    /// The connection is cut without a word: the session is not told. What is returned must be kept.
    pub fn fall_silent(mut self) -> (JoinHandle<Result<()>>, Option<PipeWriter>) {
        (self.serve.take().unwrap(), self.to.take())
    }

    /// Closes the connection; the session may go on.
    pub fn cut(mut self) -> JoinHandle<Result<()>> {
        drop(self.to.take());
        self.serve.take().unwrap()
    }
}

pub fn plan(steps: Vec<Step>) -> Plan {
    Plan::new("prod", "node1", steps)
}

pub fn directory(path: &str) -> Step {
    Step::Directory { path: path.into(), ownership: Ownership::mine(0o755) }
}

pub fn file(path: &str, content: &str) -> Step {
    Step::File { path: path.into(), ownership: Ownership::mine(0o640), content: content.into() }
}

pub fn link(path: &str, target: &str) -> Step {
    Step::Link { path: path.into(), target: target.into() }
}

pub fn unit(name: &str, inputs: &[&str]) -> Step {
    let inputs = inputs.iter().map(PathBuf::from).collect();
    Step::Unit { name: name.into(), enabled: true, inputs }
}

pub fn user(name: &str) -> Step {
    Step::User { name: name.into(), home: "/var/lib/x".into() }
}

pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
