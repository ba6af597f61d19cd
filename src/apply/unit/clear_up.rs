//! What a run leaves for systemd to forget.

use super::rig::{Rig, Threads, file, plan};
use crate::Result;
use crate::runs::RunFolder;
use crate::session::Launch;
use mesoform_plan::{Reply, Step};
use std::sync::mpsc::{Sender, channel};

/// Tells which runs were cleared up after, and whether they had removed units.
struct Told(Threads, Sender<(String, bool)>);

impl Launch for Told {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        self.0.launch(run)
    }

    fn clear_up(&self, run: &RunFolder, removed: bool) {
        assert!(run.outcome().is_some(), "its job has ended");
        self.1.send((run.id.clone(), removed)).unwrap();
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
    let gone = Step::UnitAbsent { name: "a.service".into() };
    for (run, step) in [("r1", file("/etc/a", "a")), ("r2", gone)] {
        std::fs::create_dir_all(rig.at("/etc/systemd/system")).unwrap();
        std::fs::write(rig.at("/etc/systemd/system/a.service"), "").unwrap();
        assert!(matches!(ann.apply(run, &plan(vec![step])).1, Reply::Applied { .. }));
    }
    // Where nothing is to be done, no job works.
    ann.apply("r3", &plan(vec![file("/etc/a", "a")]));
    drop(ann.hang_up());
    let told: Vec<_> = told.iter().collect();
    assert_eq!(told, [("r1".to_owned(), false), ("r2".to_owned(), true)]);
}
