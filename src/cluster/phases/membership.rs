//! Bringing the quorum's members to what the inventory wants, one step at a time, while it serves.

use super::rebuild::tell_aside;
use super::{departed, start, verify, voter};
use crate::health::rivals;
use crate::membership::{Next, Roster, Seen, Step, Wish, left_over, next_step, stranger, wishes};
use crate::report::{QuorumView, quorum_views};
use crate::run::{HostRun, Run, Stop};
use crate::{Progress, Reports, Service};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long until the quorum is looked at again; what is awaited shows itself in no other way.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A step that is refused for so long will not be allowed.
const INSIST: Duration = Duration::from_secs(20);
/// Only what is seen for so long is a reason to put data aside: a voter that has just been taken in
/// may not be in the others' lists yet.
const CERTAIN: Duration = Duration::from_secs(3);

/// Finds out what has to change, and tells it with `check`.
pub(super) async fn compare(run: &mut Run) -> Result<(), Stop> {
    if run.spec.etcd.is_some() {
        return Ok(());
    }
    let reports = ask_voters(run).await;
    not_two(&reports)?;
    let seen = Seen::of(&reports);
    let wanted = wanted(run);
    if let Some(words) = stranger(&wanted, &seen) {
        return Err(Stop::Refused(words));
    }
    let at_hand = |host: &str| run.hosts.iter().any(|h| h.spec.name == host && h.failure.is_none());
    let mut wishes = wishes(&wanted, run.prune, &seen);
    wishes.retain(|wish| matches!(wish, Wish::TakeOut(_)) || at_hand(wish.host()));
    if !run.prune {
        tell_left_over(run, &left_over(&wanted, &seen));
    }
    for wish in wishes.iter().filter(|_| run.options.check) {
        tell(run, wish);
    }
    for host in &mut run.hosts {
        let leaves = wishes.iter().any(|wish| wish.host() == host.spec.name);
        host.in_membership = !wishes.is_empty() && (leaves || host.spec.runs(Service::Quorum));
    }
    run.wishes = wishes;
    departed::compare(run, &seen);
    Ok(())
}

/// Which of two quorums is the cluster's only its operator knows.
fn not_two(reports: &Reports) -> Result<(), Stop> {
    let views: Vec<(&str, &QuorumView)> =
        quorum_views(reports).map(|(host, view)| (host.as_str(), view)).collect();
    rivals(&views).map_or(Ok(()), |words| {
        Err(Stop::Refused(format!("{words}; nothing was changed; `mesoform status` says the cure")))
    })
}

fn tell_left_over(run: &Run, left: &BTreeSet<String>) {
    if left.is_empty() {
        return;
    }
    let names: Vec<&str> = left.iter().map(String::as_str).collect();
    let message = format!(
        "still in the quorum, though not among the inventory's voters: {}; `mesoform up --prune` takes \
         them out",
        names.join(", ")
    );
    run.observer.on(Progress::Notice { message });
}

fn tell(run: &Run, wish: &Wish) {
    let (host, change) = (wish.host().to_owned(), wish.to_string());
    run.observer.on(Progress::Change { host, change, diff: None });
}

fn wanted(run: &Run) -> BTreeSet<String> {
    run.spec.voters().iter().map(|host| host.name.clone()).collect()
}

/// What the voters that run say; where none of the wanted ones does, what all hosts say: the quorum
/// may be on others.
pub(super) async fn ask_voters(run: &mut Run) -> Reports {
    let unit = Service::Quorum.unit();
    let runs =
        |host: &HostRun| host.observed.units.get(&unit).is_some_and(|u| u.active != "inactive");
    let some = run.hosts.iter().any(runs);
    let installed = |host: &HostRun| host.facts.cluster.is_some();
    verify::ask_those(run, |host| if some { runs(host) } else { installed(host) }).await
}

/// Makes the changes that were found, as far as they can be made.
pub(super) async fn change(run: &mut Run) -> Result<(), Stop> {
    let (begin, mut patience) = (Instant::now(), Patience::default());
    let wanted = wanted(run);
    while !run.wishes.is_empty() {
        let seen = look_closely(run).await;
        // Where nobody could say who belongs to the quorum, nothing has come true.
        if !seen.members.is_empty() {
            fulfilled(run, &seen).await?;
        }
        match next_step(&wanted, run.prune, &seen) {
            _ if run.wishes.is_empty() => break,
            _ if seen.members.is_empty() => {}
            Next::Done => {
                leave_undone(run);
                break;
            }
            Next::Refuse(words) => return Err(Stop::Failed(words)),
            Next::Wait(names) => wait_for(run, &names),
            Next::Do(step) => patience.with(&step, take(run, &step, &seen, &patience).await)?,
        }
        if begin.elapsed() > run.options.deadline {
            return Err(too_late(run));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

fn wait_for(run: &Run, names: &BTreeSet<String>) {
    for host in names {
        let text = "its voter is catching up".to_owned();
        run.observer.on(Progress::Host { host: host.clone(), text });
    }
}

/// What cannot be done before something else is there was not done.
fn leave_undone(run: &mut Run) {
    for wish in std::mem::take(&mut run.wishes) {
        let message = format!("{}: not now: {wish} (not all wanted voters are there)", wish.host());
        run.observer.on(Progress::Notice { message });
    }
}

fn too_late(run: &Run) -> Stop {
    let left: Vec<String> =
        run.wishes.iter().map(|wish| format!("{}: {wish}", wish.host())).collect();
    Stop::Failed(format!(
        "the members of the quorum could not be changed within {} s: {}; see `journalctl -u \
         mesoform-quorum` there, then run `mesoform up` again",
        run.options.deadline.as_secs(),
        left.join("; ")
    ))
}

/// Tells what has come true, and clears up after those that have left.
async fn fulfilled(run: &mut Run, seen: &Seen) -> Result<(), Stop> {
    let (done, left) =
        std::mem::take(&mut run.wishes).into_iter().partition(|w| w.is_fulfilled(seen));
    run.wishes = left;
    let done: Vec<Wish> = done;
    for wish in done {
        if let Wish::TakeOut(host) = &wish {
            retire(run, host).await?;
        }
        tell(run, &wish);
    }
    Ok(())
}

/// Clears up after a voter, where its host is still in the inventory.
async fn retire(run: &mut Run, name: &str) -> Result<(), Stop> {
    if run.hosts.iter().any(|h| h.spec.name == name && h.failure.is_none()) {
        return departed::retire(run, name, Service::Quorum).await;
    }
    let message = format!(
        "{name}: its voter is out of the quorum; what runs there does nothing any more and may be \
         stopped: systemctl disable --now {}",
        Service::Quorum.unit()
    );
    run.observer.on(Progress::Notice { message });
    Ok(())
}

/// The members, as a host whose voter knows a leader reaches them.
async fn look_closely(run: &mut Run) -> Seen {
    let reports = verify::ask_those(run, |host| host.spec.runs(Service::Quorum)).await;
    let told = Seen::of(&reports);
    let members = match with_leader(run, &told) {
        Some(host) => {
            serde_json::from_slice(&voter::ask(host, "members").await.unwrap_or_default())
        }
        None => Ok(Roster::default()),
    };
    Seen::new(members.unwrap_or_default(), told.running)
}

fn with_leader<'r>(run: &'r Run, seen: &Seen) -> Option<&'r HostRun> {
    run.hosts.iter().find(|host| {
        let running = seen.running.get(&host.spec.name);
        host.failure.is_none() && running.is_some_and(|running| running.has_leader)
    })
}

/// Takes one step; words where it is refused for now.
async fn take(run: &mut Run, step: &Step, seen: &Seen, patience: &Patience) -> Result<(), Refusal> {
    let host = step.name().to_owned();
    run.observer.on(Progress::Host { host: host.clone(), text: step.to_string() });
    let words = match step {
        Step::Promote { id, .. } => format!("promote {id}"),
        Step::Remove { id, .. } => format!("remove {id}"),
        Step::Renew { .. } if patience.is_certain(step) => {
            return renew(run, &host).await.map_err(Refusal::Fatal);
        }
        Step::Renew { .. } => return Err(Refusal::NotNow("it may still come".into())),
    };
    match with_leader(run, seen) {
        Some(host) => voter::ask(host, &words).await.map(drop).map_err(Refusal::NotNow),
        None => Err(Refusal::NotNow("no voter knows a leader".into())),
    }
}

/// Puts a voter's data aside and starts it again.
async fn renew(run: &mut Run, name: &str) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let missing = || Stop::Failed(format!("{name} is not at hand"));
    let host = run.hosts.iter_mut().find(|h| h.spec.name == name).ok_or_else(missing)?;
    host.session()?.stop(vec![Service::Quorum.unit()], deadline).await?;
    tell_aside(run, name, "renew").await?;
    let host = run.hosts.iter_mut().find(|h| h.spec.name == name).ok_or_else(missing)?;
    let units = start::units(host, &[Service::Quorum]);
    start::start_units(host, units, true, deadline, &observer).await
}

/// Why a step was not taken.
enum Refusal {
    NotNow(String),
    Fatal(Stop),
}

/// How long one and the same step has been tried.
#[derive(Default)]
struct Patience {
    tried: Option<(Step, Instant)>,
}

impl Patience {
    fn since(&self, step: &Step) -> Duration {
        let same = self.tried.as_ref().filter(|(tried, _)| tried == step);
        same.map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    fn is_certain(&self, step: &Step) -> bool {
        self.since(step) >= CERTAIN
    }

    /// What a refusal means: try again, or give up.
    fn with(&mut self, step: &Step, taken: Result<(), Refusal>) -> Result<(), Stop> {
        if self.tried.as_ref().is_none_or(|(tried, _)| tried != step) {
            self.tried = Some((step.clone(), Instant::now()));
        }
        match taken {
            Ok(()) => Ok(()),
            Err(Refusal::Fatal(stop)) => Err(stop),
            Err(Refusal::NotNow(words)) if self.since(step) > INSIST => {
                Err(Stop::Failed(format!("{step}: the quorum refuses that: {words}")))
            }
            Err(Refusal::NotNow(_)) => Ok(()),
        }
    }
}
