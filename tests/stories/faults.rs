//! Random faults, one host at a time, under a user who goes on making changes: what was acknowledged
//! is kept, and in the end everything heals. `MESOFORM_SEED` repeats a sequence.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mesoform_tests::{Answer, App, Cluster, Host, Rig, eventually};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

const LIMIT: Duration = Duration::from_secs(240);
const SERVICES: [&str; 4] = ["quorum", "master", "scheduler", "agent"];

#[test]
fn faults() {
    let Some(rig) = Rig::new("faults") else { return };
    let seed = std::env::var("MESOFORM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    let long = std::env::var("MESOFORM_LONG").as_deref() == Ok("1");
    let budget = Duration::from_secs(if long { 360 } else { 45 });
    println!("MESOFORM_SEED={seed} repeats this");
    let mut dice = StdRng::seed_from_u64(seed);
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    web.expect_answers(3);

    let user = StdRng::seed_from_u64(seed.wrapping_add(1));
    let acknowledged = while_a_user_works(&cluster, &hosts, user, || {
        let end = Instant::now() + budget;
        while Instant::now() < end {
            let fault = Fault::any(&hosts, &mut dice);
            rig.tell(&format!("{fault:?}"));
            fault.happens(&rig);
            // Either the next fault meets a cluster that has healed, or one that still limps.
            if dice.random_bool(0.5) {
                heals(&cluster);
                rig.tell("all is well");
            }
        }
    });
    rig.tell(&format!("it is over; {} apps were acknowledged", acknowledged.len()));
    heals(&cluster);
    rig.tell("all is well");
    // Three on three hosts, each its own, and as many as were asked for.
    web.expect_answers(3);
    for (id, wanted) in &acknowledged {
        cluster.app(id).expect_answers(*wanted);
    }
    expect_no_strays(&cluster, &hosts);
    rig.tell("no write was lost, no instance runs twice");
}

/// Something that happens to one host; its end is part of it.
#[derive(Debug)]
enum Fault<'a> {
    Kill(Name<'a>, &'static str),
    Pause(Name<'a>, &'static str, Duration),
    Cut(Name<'a>, Name<'a>, Duration),
    CutOff(Name<'a>, Duration),
    Freeze(Name<'a>, Duration),
    Power(Name<'a>),
}

/// A host, shown by its name.
#[derive(Clone, Copy)]
struct Name<'a>(&'a Host);

impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

impl<'a> Fault<'a> {
    fn any(hosts: &'a [Host], dice: &mut StdRng) -> Self {
        let two: Vec<_> = hosts.sample(dice, 2).map(Name).collect();
        let (host, other) = (two[0], two[1]);
        let service = SERVICES.choose(dice).unwrap();
        // From a hiccup to longer than every lease.
        let long = Duration::from_millis(dice.random_range(100..12_000));
        match dice.random_range(0..10) {
            0..4 => Self::Kill(host, service),
            4..6 => Self::Pause(host, service, long),
            6 => Self::Cut(host, other, long),
            7 => Self::CutOff(host, long),
            8 => Self::Freeze(host, long),
            _ => Self::Power(host),
        }
    }

    fn happens(&self, rig: &Rig) {
        match *self {
            // One that systemd has not yet started again cannot be killed.
            Self::Kill(host, service) => drop(host.0.service(service).try_to("kill -s KILL")),
            Self::Pause(host, service, long) => {
                host.0.service(service).try_to("kill -s STOP");
                lasts(long);
                host.0.service(service).try_to("kill -s CONT");
            }
            Self::Cut(one, other, long) => {
                rig.cut(one.0, other.0);
                lasts(long);
                rig.heal(one.0, other.0);
            }
            Self::CutOff(host, long) => {
                rig.cut_off(host.0);
                lasts(long);
                rig.reconnect(host.0);
            }
            Self::Freeze(host, long) => {
                host.0.pause();
                lasts(long);
                host.0.resume();
            }
            Self::Power(host) => {
                host.0.kill();
                host.0.boot();
            }
        }
    }
}

/// The length of a fault is what is tested here: nothing is waited for.
fn lasts(long: Duration) {
    std::thread::sleep(long);
}

#[track_caller]
fn heals(cluster: &Cluster<'_>) {
    let mut last = String::new();
    eventually("all is well", LIMIT, || {
        let status = cluster.status();
        if !status.success() && last != status.stdout {
            last.clone_from(&status.stdout);
            println!("{last}");
        }
        status.success()
    });
}

/// Creates apps and scales them while `work` goes on. What was acknowledged last is returned: for
/// each app its instances. Of an app whose last change has no known outcome nothing can be said.
fn while_a_user_works(
    cluster: &Cluster<'_>,
    hosts: &[Host],
    mut dice: StdRng,
    work: impl FnOnce(),
) -> BTreeMap<String, usize> {
    let (over, kept) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                let known: Vec<String> = kept.lock().unwrap().keys().cloned().collect();
                // A handful of small apps are enough to lose.
                let scaled = known.choose(&mut dice).filter(|_| known.len() >= 5);
                let wanted = dice.random_range(1..3);
                number += usize::from(scaled.is_none());
                let id = scaled.cloned().unwrap_or_else(|| format!("/kept{number}"));
                let outcome = if scaled.is_some() {
                    let body = format!("{{\"instances\": {wanted}}}");
                    change(cluster, hosts, "PUT", &format!("/v2/apps{id}"), &body)
                } else {
                    let definition = App::web(&id, wanted).to_string();
                    change(cluster, hosts, "POST", "/v2/apps", &definition)
                };
                let mut kept = kept.lock().unwrap();
                match outcome {
                    Outcome::Acknowledged => drop(kept.insert(id, wanted)),
                    Outcome::Refused => {}
                    Outcome::Unknown => drop(kept.remove(&id)),
                }
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    kept.into_inner().unwrap()
}

/// What the user knows of a change.
enum Outcome {
    Acknowledged,
    /// It was not made, for a reason that has nothing to do with faults: the app is deploying.
    Refused,
    Unknown,
}

/// Asks one scheduler after the other. Where one gave no clear answer the change may have been made, and
/// what another says of it then is no refusal: it may speak of this very change.
fn change(cluster: &Cluster<'_>, hosts: &[Host], method: &str, path: &str, body: &str) -> Outcome {
    let mut doubtful = false;
    for host in hosts.iter().filter(|host| host.has_power()) {
        let answer: Answer = cluster.ask_at(host, method, path, Some(body));
        match answer.status {
            200 | 201 => return Outcome::Acknowledged,
            409 if !doubtful => return Outcome::Refused,
            503 if !answer.body.contains("unknown") => {}
            // curl's word for: nobody was there to be asked.
            0 if answer.trouble.contains("curl: (7)") => {}
            _ => doubtful = true,
        }
    }
    Outcome::Unknown
}

/// On the hosts run as many web servers as the scheduler knows of, and no more.
fn expect_no_strays(cluster: &Cluster<'_>, hosts: &[Host]) {
    eventually("every instance is known, and runs once", LIMIT, || {
        let answer = cluster.ask("GET", "/v2/tasks", None);
        let known = answer.json()["tasks"].as_array().map_or(0, Vec::len);
        let counts = hosts.iter().map(|host| host.run("pgrep -cx busybox").text().to_owned());
        let running: usize = counts.map(|count| count.parse().unwrap_or(0)).sum();
        if known != running {
            println!("{known} instances are known, {running} run");
        }
        known == running
    });
}
