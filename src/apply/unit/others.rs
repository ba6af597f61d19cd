//! What the sessions of other operators leave alone.

use super::rig::{Rig, Threads, file, plan};
use crate::Result;
use crate::runs::RunFolder;
use crate::session::Launch;
use mesoform_plan::{Outcome, Reply, Request};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// Jobs that begin when they are told to: a busy host's systemd may take its time.
struct Late {
    jobs: Threads,
    launched: Sender<()>,
    go: Arc<Mutex<Receiver<()>>>,
}

impl Launch for Late {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        let (jobs, run) =
            (Threads(self.jobs.0.clone(), self.jobs.1.clone()), RunFolder::at(&run.dir)?);
        let go = self.go.clone();
        std::thread::spawn(move || {
            go.lock().unwrap().recv().unwrap();
            jobs.launch(&run).unwrap();
        });
        self.launched.send(()).unwrap();
        Ok(())
    }

    fn report(&self) -> Result<serde_json::Value> {
        self.jobs.report()
    }
}

#[test]
fn a_job_that_has_not_begun_is_not_taken_for_one_that_was_interrupted() {
    let rig = Rig::new();
    let (launched, launches) = channel();
    let (begin, go) = channel();
    let jobs = Threads(rig.root.path().to_owned(), rig.fake.clone());
    let mut ann = rig.session_with(Late { jobs, launched, go: Arc::new(Mutex::new(go)) });
    ann.lock("ann");
    let plan = plan(vec![file("/etc/a", "a")]);
    let apply = Request::Apply { run_id: "r1".into(), plan, secrets: Default::default() };
    ann.send(&serde_json::to_string(&apply).unwrap());
    launches.recv().unwrap();

    let mut bob = rig.session();
    let Reply::Hello { last_run, .. } = bob.ask(Request::Hello { protocol: 1 }).1 else { panic!() };
    assert_eq!(last_run.unwrap().outcome, None);
    assert!(matches!(bob.lock("bob"), Reply::Busy { .. }));

    begin.send(()).unwrap();
    let (_, reply) = ann.answer();
    let done = Outcome::Done { changed: 1 };
    assert_eq!(reply, Reply::Applied { run_id: "r1".into(), outcome: done });
}
