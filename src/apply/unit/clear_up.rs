//! What a run leaves for systemd to forget.

use super::rig::{Rig, Threads, file, plan};
use crate::Result;
use crate::runs::RunFolder;
use crate::session::Launch;
use mesoform_plan::Reply;
use std::sync::mpsc::{Sender, channel};

/// Tells which runs were cleared up after.
struct Told(Threads, Sender<String>);

impl Launch for Told {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        self.0.launch(run)
    }

    fn clear_up(&self, run: &RunFolder) {
        assert!(run.outcome().is_some(), "its job has ended");
        self.1.send(run.id.clone()).unwrap();
    }

    fn report(&self) -> Result<serde_json::Value> {
        self.0.report()
    }
}

#[test]
fn what_a_run_leaves_is_cleared_up_once_its_job_has_ended() {
    let rig = Rig::new();
    let (tell, told) = channel();
    let jobs = Threads(rig.root.path().to_owned(), rig.fake.clone());
    let mut ann = rig.session_with(Told(jobs, tell));
    ann.lock("ann");
    for (run, content) in [("r1", "a"), ("r2", "b")] {
        assert!(matches!(
            ann.apply(run, &plan(vec![file("/etc/a", content)])).1,
            Reply::Applied { .. }
        ));
    }
    // Where nothing is to be done, no job works.
    ann.apply("r3", &plan(vec![file("/etc/a", "b")]));
    drop(ann.hang_up());
    assert_eq!(told.iter().collect::<Vec<_>>(), ["r1", "r2"]);
}
