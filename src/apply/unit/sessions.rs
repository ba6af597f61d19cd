use super::carry::certificate;
use super::fake::Fake;
use super::rig::{Client, Rig, directory, file, names, plan, unit, user};
use crate::runs::RunFolder;
use crate::session::{Launch, Pulse};
use crate::{Call, Done, Host, Result, Run, job, lock};
use mesoform_identity::{Authority, Grant, Identity, Role};
use mesoform_plan::{Event, Outcome, Plan, Reply, Request, SignedChain, StartUnit, Step, What};
use mesoform_settings::PkiPaths;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn small() -> Plan {
    plan(vec![directory("/etc/mesoform"), file("/etc/mesoform/a.yml", "a: 1\n")])
}

fn failure(reply: Reply) -> String {
    match reply {
        Reply::Failed { failure } => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plan_is_carried_out_and_its_events_come_back() {
    let rig = Rig::new();
    let mut operator = rig.session();
    assert!(matches!(operator.lock("ann"), Reply::Locked { .. }));
    let (events, reply) = operator.apply("r1", &small());
    let done = Outcome::Done { changed: 2 };
    assert_eq!(reply, Reply::Applied { run_id: "r1".into(), outcome: done.clone() });
    let did = events.iter().filter(|event| matches!(event, Event::Did { .. })).count();
    assert_eq!((did, events.len()), (2, 6));
    assert!(matches!(events[0], Event::Began { changes: 2, .. }));
    assert_eq!(rig.text("/etc/mesoform/a.yml"), "a: 1\n");

    // Nothing to do makes no run.
    let (events, reply) = operator.apply("r2", &small());
    assert_eq!(
        reply,
        Reply::Applied { run_id: "r2".into(), outcome: Outcome::Done { changed: 0 } }
    );
    assert_eq!(events, []);
    assert_eq!(names(&rig.at("/var/lib/mesoform/runs")), ["last", "r1"]);
    assert_eq!(
        names(&rig.at("/var/lib/mesoform/runs/r1")),
        ["journal.jsonl", "outcome.json", "plan.json", "running"]
    );

    // Read on from any place.
    let follow = Request::Follow { run_id: "r1".into(), offset: 4 };
    let (events, reply) = operator.ask(follow);
    assert_eq!(events.len(), 2);
    assert_eq!(reply, Reply::Applied { run_id: "r1".into(), outcome: done });
    operator.hang_up().unwrap();
    assert!(!rig.at("/var/lib/mesoform/lock").exists());
}

#[test]
fn the_lock_keeps_a_second_operator_out() {
    let rig = Rig::new();
    let mut ann = rig.session();
    ann.lock("ann@desk");
    let mut bob = rig.session();
    let Reply::Busy { lock, .. } = bob.lock("bob") else { panic!("not busy") };
    assert_eq!(lock.owner, "ann@desk");
    assert!(failure(bob.apply("r1", &small()).1).contains("the host's lock was not taken"));
    // The same run comes back after its connection was cut.
    let mut again = rig.session();
    assert!(matches!(again.lock("ann@desk"), Reply::Locked { .. }));
    // What is left of its old connection takes nothing along.
    ann.hang_up().unwrap();
    assert!(matches!(again.apply("r1", &small()).1, Reply::Applied { .. }));
    again.hang_up().unwrap();
    assert!(matches!(bob.lock("bob"), Reply::Locked { .. }));
    assert_eq!(bob.ask(Request::ReleaseLock).1, Reply::Released);
    assert!(!rig.at("/var/lib/mesoform/lock").exists());
}

#[test]
fn a_lock_that_ran_out_is_anybodys_and_its_holder_is_told() {
    let rig = Rig::new();
    let mut ann = rig.session();
    ann.lock("ann");
    let text = rig.text("/var/lib/mesoform/lock");
    let mut stale: mesoform_plan::Lock = serde_json::from_str(&text).unwrap();
    stale.expires_ms = lock::now_ms() - 1;
    fs::write(rig.at("/var/lib/mesoform/lock"), serde_json::to_string(&stale).unwrap()).unwrap();
    let mut bob = rig.session();
    assert!(matches!(bob.lock("bob"), Reply::Locked { .. }));
    let lost = failure(ann.apply("r1", &small()).1);
    assert!(lost.contains("bob took it"), "{lost}");
    ann.hang_up().unwrap();
    assert!(rig.text("/var/lib/mesoform/lock").contains("bob"));
}

#[test]
fn a_lock_is_renewed_and_its_beginning_stays() {
    let rig = Rig::new();
    let taken = lock::take(&rig.state(), "ann", "r1", Duration::from_secs(7)).unwrap();
    let renewed = lock::renew(&rig.state(), &taken, Duration::ZERO).unwrap();
    assert!(renewed.expires_ms >= taken.expires_ms && renewed.since_ms == taken.since_ms);
    assert_eq!(taken.heard_ms, Some(taken.expires_ms - 37_000));
    assert_eq!(renewed.heard_ms, Some(renewed.expires_ms - 30_000));
    assert!(renewed.is_held(renewed.expires_ms - 1) && !renewed.is_held(renewed.expires_ms));
    // Written before the clock was set back by an hour.
    assert!(!renewed.is_held(renewed.expires_ms - 3_600_000));
    lock::release(&rig.state(), &renewed).unwrap();
    assert!(lock::renew(&rig.state(), &renewed, Duration::ZERO).is_err());
    fs::write(rig.at("/var/lib/mesoform/lock"), "{\"owner\": \"cut").unwrap();
    lock::take(&rig.state(), "bob", "r2", Duration::ZERO).unwrap();
}

#[test]
fn a_host_of_another_cluster_is_not_touched() {
    let rig = Rig::new();
    fs::create_dir(rig.at("/etc/mesoform")).unwrap();
    fs::write(rig.at("/etc/mesoform/cluster"), "rival abc\n").unwrap();
    let mut operator = rig.session();
    operator.lock("ann");
    let refused = failure(operator.apply("r1", &small()).1);
    assert!(refused.contains("belongs to the cluster \"rival\""), "{refused}");
    fs::write(rig.at("/etc/mesoform/cluster"), "prod abc\n").unwrap();
    let mut wanted = small();
    wanted.steps.push(file("/etc/mesoform/cluster", "prod def\n"));
    let refused = failure(operator.apply("r1", &wanted).1);
    assert!(refused.contains("prod abc"), "{refused}");
    assert!(!rig.at("/etc/mesoform/a.yml").exists());
}

#[test]
fn certificates_are_signed_by_the_operator_and_checked() {
    let rig = Rig::new();
    let (ca, rival) = (Authority::create("prod").unwrap(), Authority::create("prod").unwrap());
    let wanted = certificate(&ca);
    let mut operator = rig.session();
    operator.lock("ann");
    let sign = |operator: &mut Client, ca: &Authority, csr: Option<String>| {
        let (_, reply) = operator.apply("r1", &wanted);
        let Reply::Requests { run_id, requests } = reply else { panic!("{reply:?}") };
        let mut grant = Grant::new(Role::Master, &requests[0].host);
        grant.dns = requests[0].dns.clone();
        let csr = csr.unwrap_or(requests[0].csr_pem.clone());
        let chain_pem = ca.sign(&csr, &grant).unwrap();
        let chains = vec![SignedChain { step: requests[0].step, chain_pem }];
        operator.ask(Request::Certificates { run_id, chains }).1
    };
    let foreign = failure(sign(&mut operator, &rival, None));
    assert!(foreign.contains("certificate that came is refused"), "{foreign}");
    let other_key = mesoform_identity::KeyRequest::generate().unwrap().csr_pem;
    let swapped = failure(sign(&mut operator, &ca, Some(other_key)));
    assert!(swapped.contains("certificate that came is refused"), "{swapped}");
    let mut other_ca = wanted.clone();
    if let Step::Certificate { ca_fingerprint, .. } = &mut other_ca.steps[2] {
        *ca_fingerprint = rival.fingerprint();
    }
    let (_, reply) = operator.apply("r1", &other_ca);
    let Reply::Requests { run_id, requests } = reply else { panic!("{reply:?}") };
    let chain_pem = ca.sign(&requests[0].csr_pem, &Grant::new(Role::Master, "node1")).unwrap();
    let chains = vec![SignedChain { step: 2, chain_pem }];
    let named = failure(operator.ask(Request::Certificates { run_id, chains }).1);
    assert!(named.contains("not the one that the step names"), "{named}");
    let reply = sign(&mut operator, &ca, None);
    assert!(matches!(reply, Reply::Applied { outcome: Outcome::Done { changed: 3 }, .. }));
    let paths = PkiPaths::in_dir(&rig.at("/etc/pki"), "master");
    assert_eq!(Identity::load(&paths).unwrap().host(), "node1");
    assert!(!rig.at("/var/lib/mesoform/runs/r1/secrets").exists());
    assert_eq!(names(&rig.at("/var/lib/mesoform/runs")), ["last", "r1"]);
}

fn started(unit: &str) -> Request {
    let unit = StartUnit { name: unit.into(), inputs: vec!["/etc/a.yml".into()] };
    Request::Start { units: vec![unit], restart: false, deadline_ms: 20_000 }
}

fn with_unit() -> (Rig, Plan) {
    let rig = Rig::new();
    let wanted = plan(vec![
        file("/etc/a.yml", "a: 1\n"),
        file("/etc/systemd/system/a.service", ""),
        unit("a.service", &["/etc/a.yml"]),
    ]);
    rig.apply(&wanted);
    rig.fake.did();
    (rig, wanted)
}

fn starts(rig: &Rig, plan: &Plan) -> Vec<What> {
    let observed = rig.observe(&mesoform_plan::interest(plan));
    let found = mesoform_plan::changes(plan, &observed, jiff::Timestamp::now());
    found.iter().map(|change| change.what).collect()
}

#[test]
fn a_unit_is_awaited_with_its_own_words_and_restarts_for_new_inputs_only() {
    let (rig, wanted) = with_unit();
    assert_eq!(starts(&rig, &wanted), [What::Start]);
    rig.fake.play("a.service", &[("activating", "waiting for consensus"), ("active", "leads")]);
    let mut operator = rig.session();
    operator.lock("ann");
    let (events, reply) = operator.ask(started("a.service"));
    let changed = |reply: Reply| match reply {
        Reply::Started { units } => units[0].changed,
        other => panic!("{other:?}"),
    };
    assert!(changed(reply));
    let words: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::Unit { status, .. } => status.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["waiting for consensus", "leads"]);
    assert_eq!(rig.fake.did(), ["systemctl start --no-block -- a.service"]);
    assert_eq!(starts(&rig, &wanted), []);
    assert!(!changed(operator.ask(started("a.service")).1));
    fs::write(rig.at("/etc/a.yml"), "a: 2\n").unwrap();
    assert!(changed(operator.ask(started("a.service")).1));
    assert_eq!(rig.fake.did(), ["systemctl restart --no-block -- a.service"]);

    let stop =
        Request::Stop { units: vec!["a.service".into(), "b.service".into()], deadline_ms: 5000 };
    assert!(matches!(operator.ask(stop).1, Reply::Stopped { .. }));
    assert_eq!(rig.fake.did(), ["systemctl stop --no-block -- a.service"]);
}

#[test]
fn a_unit_that_fails_shows_its_last_words_and_starts_anew_next_time() {
    let (rig, wanted) = with_unit();
    rig.fake.play("a.service", &[("activating", ""), ("failed", "")]);
    let mut operator = rig.session();
    operator.lock("ann");
    let reply = operator.ask(started("a.service")).1;
    let text = failure(reply);
    assert!(text.contains("a.service: it failed (exit-code)"), "{text}");
    assert!(text.contains("last words") && text.contains("journalctl -u a.service"), "{text}");
    assert_eq!(starts(&rig, &wanted), [What::Start]);
    rig.fake.did();
    rig.fake.play("a.service", &[("active", "")]);
    assert!(matches!(operator.ask(started("a.service")).1, Reply::Started { .. }));
    assert_eq!(
        rig.fake.did(),
        ["systemctl reset-failed -- a.service", "systemctl start --no-block -- a.service"]
    );
}

#[test]
fn a_unit_that_takes_too_long_says_what_it_waits_for() {
    let (rig, _) = with_unit();
    rig.fake.play("a.service", &[("activating", "waiting for 2 of 3")]);
    let mut operator = rig.session();
    operator.lock("ann");
    let Request::Start { units, restart, .. } = started("a.service") else { panic!() };
    let late = failure(operator.ask(Request::Start { units, restart, deadline_ms: 100 }).1);
    assert!(late.contains("still activating after 0 s: waiting for 2 of 3"), "{late}");
}

#[test]
fn what_is_no_request_is_refused_and_the_session_goes_on() {
    let rig = Rig::new();
    let mut operator = rig.session();
    operator.send("{\"request\":\"dance\"}");
    assert!(failure(operator.answer().1).contains("not a request"));
    let unsafe_plan = plan(vec![file("/etc/../x", "")]);
    operator.lock("ann");
    assert!(failure(operator.apply("r1", &unsafe_plan).1).contains("contains '..'"));
    assert!(failure(operator.apply("../r1", &small()).1).contains("is not the id of a run"));
    let missing = Request::Follow { run_id: "gone".into(), offset: 0 };
    assert!(failure(operator.ask(missing).1).contains("no longer"));
    assert!(matches!(operator.apply("r1", &small()).1, Reply::Applied { .. }));
    let again = plan(vec![file("/etc/other", "")]);
    assert!(failure(operator.apply("r1", &again).1).contains("a run of this id already"));
}

#[test]
fn a_plan_that_removes_everything_still_tells_how_it_ended() {
    let rig = Rig::new();
    let mut operator = rig.session();
    operator.lock("ann");
    operator.apply("r1", &small());
    let gone = plan(vec![
        Step::Absent { path: "/etc/mesoform".into(), recursive: true },
        Step::Absent { path: "/var/lib/mesoform".into(), recursive: true },
    ]);
    let (_, reply) = operator.apply("r2", &gone);
    assert!(
        matches!(reply, Reply::Applied { outcome: Outcome::Done { changed: 2 }, .. }),
        "{reply:?}"
    );
    operator.hang_up().unwrap();
    assert_eq!(names(&rig.at("/var/lib")), [""; 0]);
}

#[test]
fn old_runs_are_forgotten() {
    let rig = Rig::new();
    let mut operator = rig.session();
    operator.lock("ann");
    for run in 0..24 {
        let wanted = plan(vec![file("/etc/a", &run.to_string())]);
        assert!(matches!(operator.apply(&format!("r{run}"), &wanted).1, Reply::Applied { .. }));
    }
    let kept = names(&rig.at("/var/lib/mesoform/runs"));
    assert!(kept.len() <= 21 && kept.contains(&"r23".to_owned()), "{kept:?}");
}

/// A process that is killed in the middle of its job.
#[derive(Clone)]
struct Processes(PathBuf, Arc<Mutex<Option<Child>>>);

impl Launch for Processes {
    fn launch(&self, run: &RunFolder) -> Result<()> {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "unit::sessions::the_process_of_a_job"])
            .env("MESOFORM_TEST_JOB", &run.dir)
            .env("MESOFORM_TEST_ROOT", &self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        *self.1.lock().unwrap() = Some(child);
        Ok(())
    }

    fn report(&self) -> Result<serde_json::Value> {
        Ok(serde_json::Value::Null)
    }
}

/// Hangs in `useradd` until it is killed, or the test that started it is gone.
struct Hangs;

impl Run for Hangs {
    fn run(&self, _: &Call) -> Result<Done> {
        drop(std::io::read_to_string(std::io::stdin()));
        Ok(Done { code: Some(0), ..Done::default() })
    }
}

/// Not a test of its own: the job's process in the test below.
#[test]
fn the_process_of_a_job() {
    let Some(dir) = std::env::var_os("MESOFORM_TEST_JOB") else { return };
    let root = PathBuf::from(std::env::var_os("MESOFORM_TEST_ROOT").unwrap());
    let mut host = Host::rooted(&root, Box::new(Hangs)).unwrap();
    drop(job::work(&mut host, None, Path::new(&dir)));
}

#[test]
fn a_killed_job_is_seen_and_the_next_run_does_what_is_missing() {
    let rig = Rig::new();
    let wanted = plan(vec![file("/etc/a", "a"), user("mesoform"), file("/etc/b", "b")]);
    let jobs = Processes(rig.root.path().to_owned(), Arc::default());
    let mut operator = rig.session_with(jobs.clone());
    operator.lock("ann");
    let apply =
        Request::Apply { run_id: "r1".into(), plan: wanted.clone(), secrets: Default::default() };
    operator.send(&serde_json::to_string(&apply).unwrap());
    loop {
        let Reply::Event { event, .. } = operator.reply() else { panic!("not yet") };
        if matches!(&event, Event::Doing { change } if change.subject == "mesoform") {
            break;
        }
    }
    // Meanwhile another session sees that it works, and may not begin.
    let mut second = rig.session();
    second.lock("ann");
    assert!(failure(second.apply("r2", &wanted).1).contains("an earlier run still works"));
    let secrets = names(&rig.at("/var/lib/mesoform/runs/r1"));
    assert!(!secrets.contains(&"secrets".to_owned()), "{secrets:?}");

    jobs.1.lock().unwrap().as_mut().unwrap().kill().unwrap();
    let interrupted = Outcome::Interrupted { changed: 1 };
    let (_, reply) = operator.answer();
    assert_eq!(reply, Reply::Applied { run_id: "r1".into(), outcome: interrupted.clone() });
    let Reply::Hello { last_run, .. } = second.ask(Request::Hello { protocol: 1 }).1 else {
        panic!()
    };
    assert_eq!(last_run.unwrap().outcome, Some(interrupted));
    let (_, reply) = second.apply("r2", &wanted);
    assert!(matches!(reply, Reply::Applied { outcome: Outcome::Done { changed: 2 }, .. }));
    jobs.1.lock().unwrap().as_mut().unwrap().wait().unwrap();
}

/// Hangs up as soon as the job has begun.
#[test]
fn a_job_goes_on_when_the_connection_is_gone() {
    let rig = Rig::new();
    let wanted = plan(vec![file("/etc/a", "a"), user("mesoform"), file("/etc/b", "b")]);
    let jobs = Processes(rig.root.path().to_owned(), Arc::default());
    let mut operator = rig.session_with(jobs.clone());
    operator.lock("ann");
    let apply = Request::Apply { run_id: "r1".into(), plan: wanted, secrets: Default::default() };
    operator.send(&serde_json::to_string(&apply).unwrap());
    assert!(matches!(operator.reply(), Reply::Event { .. }));
    let session = operator.cut();
    // The lock stays, since the job still works.
    assert!(rig.at("/var/lib/mesoform/lock").exists());
    assert!(!rig.at("/etc/b").exists());
    // Its `useradd` goes on now.
    let mut job = jobs.1.lock().unwrap().take().unwrap();
    drop(job.stdin.take());
    let mut next =
        rig.session_with(super::rig::Threads(rig.root.path().into(), Fake::new(rig.root.path())));
    let (events, reply) = next.ask(Request::Follow { run_id: "r1".into(), offset: 1 });
    assert!(
        matches!(reply, Reply::Applied { outcome: Outcome::Done { changed: 3 }, .. }),
        "{reply:?}"
    );
    assert!(matches!(events[0], Event::Doing { .. }));
    assert_eq!(rig.text("/etc/b"), "b");
    job.wait().unwrap();
    // With its end the host is free.
    assert!(matches!(session.join().unwrap(), Err(crate::ApplyError::Closed)));
    assert!(!rig.at("/var/lib/mesoform/lock").exists());
}

/// A clock that stands until it is moved, in seconds.
fn clock() -> (Arc<AtomicU64>, Arc<Pulse>) {
    let now = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&now);
    let pulse = Pulse::new(Arc::new(move || Duration::from_secs(hand.load(Ordering::Acquire))));
    (now, pulse)
}

#[test]
fn an_operator_who_was_cut_off_holds_a_host_no_longer_than_is_said() {
    let rig = Rig::new();
    let threads = || super::rig::Threads(rig.root.path().into(), Fake::new(rig.root.path()));
    let (now, pulse) = clock();
    let mut ann = rig.session_by(pulse, threads());
    ann.ask(Request::Hello { protocol: 2 });
    ann.lock("ann");
    // He beats, and also is served between beats.
    for time in [20, 45, 70] {
        now.store(time, Ordering::Release);
        ann.send(r#"{"request":"beat"}"#);
        assert!(matches!(ann.ask(Request::RenewLock).1, Reply::Locked { .. }));
    }
    now.store(95, Ordering::Release);
    let mut bob = rig.session();
    let Reply::Locked { lock } = ann.ask(Request::RenewLock).1 else { panic!("not locked") };
    assert!(lock.heard_ms.is_some());
    let Reply::Busy { works: false, .. } = bob.lock("bob") else { panic!("not busy") };
    let (session, _line) = ann.fall_silent();
    now.store(126, Ordering::Release);
    session.join().unwrap().unwrap();
    assert!(matches!(bob.lock("bob"), Reply::Locked { .. }));
}

#[test]
fn an_operator_of_an_older_protocol_may_be_silent() {
    let rig = Rig::new();
    let (now, pulse) = clock();
    let fake = Fake::new(rig.root.path());
    let mut ann = rig.session_by(pulse, super::rig::Threads(rig.root.path().into(), fake));
    ann.lock("ann");
    now.store(590, Ordering::Release);
    assert!(matches!(ann.apply("r1", &small()).1, Reply::Applied { .. }));
    ann.hang_up().unwrap();
}

#[test]
fn the_job_of_an_operator_who_was_cut_off_keeps_the_lock_to_its_end() {
    let rig = Rig::new();
    let wanted = plan(vec![file("/etc/a", "a"), user("mesoform"), file("/etc/b", "b")]);
    let jobs = Processes(rig.root.path().to_owned(), Arc::default());
    let (now, pulse) = clock();
    let mut ann = rig.session_by(pulse, jobs.clone());
    ann.ask(Request::Hello { protocol: 2 });
    ann.lock("ann");
    let apply = Request::Apply { run_id: "r1".into(), plan: wanted, secrets: Default::default() };
    ann.send(&serde_json::to_string(&apply).unwrap());
    assert!(matches!(ann.reply(), Reply::Event { .. }));
    let (session, _line) = ann.fall_silent();
    now.store(31, Ordering::Release);
    let Reply::Busy { works: true, .. } = rig.session().lock("bob") else { panic!("not busy") };
    let mut job = jobs.1.lock().unwrap().take().unwrap();
    drop(job.stdin.take());
    job.wait().unwrap();
    assert!(matches!(session.join().unwrap(), Err(crate::ApplyError::Closed)));
    assert_eq!(rig.text("/etc/b"), "b");
    assert!(!rig.at("/var/lib/mesoform/lock").exists());
}

#[test]
fn a_session_tells_how_the_services_are() {
    let rig = Rig::new();
    let Reply::Reported { report } = rig.session().ask(Request::Report).1 else { panic!("none") };
    assert_eq!(report["version"], "x");
}
