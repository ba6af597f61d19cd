//! Two of three voters are gone for good: what runs goes on, changes are refused; `restart` brings
//! the quorum back. On a quorum that is well, `restart` loses nothing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::voters::three_of_all;
use mesoform_tests::{Answer, App, Cluster, Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn quorum_lost_and_recovered() {
    let Some(rig) = Rig::new("quorum_lost_and_recovered") else { return };
    let (hosts, cluster) = three_of_all(&rig);
    let web = cluster.create_web("/web", 3);
    let before = web.expect_answers(3);
    let prober = web.probe(&before);

    // The leader is one of them.
    let leader = cluster.health()["quorum_leader"].as_str().unwrap().to_owned();
    let lost: Vec<&Host> = hosts.iter().filter(|h| h.name() == leader).collect();
    let lost = [lost, hosts.iter().filter(|h| h.name() != leader).take(1).collect()].concat();
    lost.iter().for_each(|host| host.service("quorum").stop());
    rig.tell(&format!("{} and {} vote no more", lost[0].name(), lost[1].name()));
    // Whoever asks while the schedulers find out hears it too, before his patience ends.
    let late = App::web("/late", 2).to_string();
    let (mut create, mut scale) = (Refused::default(), Refused::default());
    let ask = |host| cluster.request("POST", host, 8080, "/v2/apps").body(&late).within(LIMIT);
    let asked: Vec<_> = hosts.iter().map(ask).collect();
    std::thread::scope(|scope| {
        let sent = asked.iter().map(|request| scope.spawn(|| cluster.send(request)));
        let sent: Vec<_> = sent.collect();
        sent.into_iter().for_each(|answer| create.note(&answer.join().unwrap()));
    });

    eventually("status says what is wrong and the cure", LIMIT, || {
        let status = cluster.status();
        status.code == 2 && status.says("no consensus") && status.says(CURE)
    });
    for host in &hosts {
        create.note(&cluster.ask_at(host, "POST", "/v2/apps", Some(&late)));
        scale.note(&cluster.ask_at(host, "PUT", "/v2/apps/web", Some("{\"instances\": 5}")));
    }
    rig.tell("changes are refused");
    let asked = prober.answers();
    eventually("the app goes on answering", LIMIT, || prober.answers() > asked + 30);

    cluster.restart("zookeeper-equivalent").expect_success();
    rig.tell("the quorum is back");
    eventually("all is well", LIMIT, || cluster.status().success());
    rig.tell("all is well");
    // What was refused was not done, and what nobody could know is whole or not there.
    match cluster.ask("GET", "/v2/apps/late", None).status {
        404 => drop(cluster.ask("POST", "/v2/apps", Some(&late)).expect_status(201)),
        _ => create.expect_unknown(),
    }
    cluster.app("/late").expect_answers(2);
    let app = cluster.ask("GET", "/v2/apps/web", None).expect_status(200).json();
    if app["app"]["instances"] == 3 {
        assert_eq!(web.expect_answers(3), before);
        web.scale(5).expect_status(200);
    } else {
        assert_eq!(app["app"]["instances"], 5);
        scale.expect_unknown();
    }
    let after = web.expect_answers(5);
    assert!(before.iter().all(|task| after.contains(task)), "{before:?} {after:?}");
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));
}

const CURE: &str = "mesoform restart zookeeper-equivalent";

/// How a change was refused, each time that it was asked for.
#[derive(Default)]
struct Refused(Vec<Answer>);

impl Refused {
    /// 503, and in words.
    #[track_caller]
    fn note(&mut self, answer: &Answer) {
        assert_eq!(answer.status, 503, "{answer:?}");
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(!message.is_empty(), "{answer:?}");
        println!("{message}");
        self.0.push(answer.clone());
    }

    /// Only then may the change have been made: the leader lost the quorum in the midst of it.
    #[track_caller]
    fn expect_unknown(&self) {
        let unknown = self.0.iter().any(|answer| answer.body.contains("unknown whether"));
        assert!(unknown, "it was made, though it was refused: {:?}", self.0);
    }
}

#[test]
fn the_quorum_restarts_without_losing_a_write() {
    let Some(rig) = Rig::new("the_quorum_restarts_without_losing_a_write") else { return };
    let (hosts, cluster) = three_of_all(&rig);
    let started: Vec<_> = hosts.iter().map(|host| host.service("quorum").pid()).collect();

    let written = write_during(&cluster, &hosts, || {
        cluster.restart("zookeeper-equivalent").expect_success();
        rig.tell("restarted");
    });
    for (host, pid) in hosts.iter().zip(started) {
        assert_ne!(host.service("quorum").pid(), pid, "{} was not restarted", host.name());
    }
    assert_kept(&cluster, &hosts, &written);
    rig.tell(&format!("{} writes were acknowledged, and all are there", written.len()));
    assert_one_after_the_other(&hosts);
    eventually("all is well", LIMIT, || cluster.status().success());
}

/// All the writes of these numbers are there.
#[track_caller]
pub fn assert_kept(cluster: &Cluster<'_>, hosts: &[Host], written: &[usize]) {
    let voters: Vec<&Host> = hosts.iter().collect();
    let kept = cluster.etcdctl(&voters, &["get", "--prefix", "story/"]).expect_success();
    let kept: Vec<&str> = kept.text().lines().collect();
    for number in written {
        assert!(kept.contains(&format!("story/{number}").as_str()), "{number} was lost: {kept:?}");
    }
}

/// The numbers of the writes that were acknowledged before, while and after `work` went on.
pub fn write_during(cluster: &Cluster<'_>, hosts: &[Host], work: impl FnOnce()) -> Vec<usize> {
    let voters: Vec<&Host> = hosts.iter().collect();
    let (done, written) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                let over = done.load(Ordering::Relaxed);
                let key = format!("story/{number}");
                if cluster.etcdctl(&voters, &["put", &key, "kept"]).success() {
                    written.lock().unwrap().push(number);
                }
                if over {
                    return;
                }
            }
        });
        eventually("a first write", LIMIT, || !written.lock().unwrap().is_empty());
        let before = written.lock().unwrap().len();
        // A failure of the work must not keep the writer going.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let during = written.lock().unwrap().len() - before;
        done.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        assert!(during > 0, "no write passed meanwhile");
    });
    written.into_inner().unwrap()
}

/// Each was ready before the next one ended.
fn assert_one_after_the_other(hosts: &[Host]) {
    let mut away: Vec<_> = hosts
        .iter()
        .map(|host| {
            let unit = host.service("quorum");
            (unit.ended_at().unwrap(), unit.ready_at().unwrap(), host.name())
        })
        .collect();
    away.sort();
    println!("{away:?}");
    for pair in away.windows(2) {
        assert!(pair[0].1 < pair[1].0, "two voters were away at the same time: {away:?}");
    }
}
