//! All keys together, by the revisions: what the service says happened must be what clients asked for
//! and were told, in an order that time allows.

use super::timeline::{Happened, Timeline};
use super::violation::{Rule, Violation};
use crate::call::{Answer, Ask, Call, Change, Found, Outcome};
use std::collections::HashMap;

/// Checks every call against the timeline, and the timeline against the calls.
///
/// # Errors
/// The first contradiction.
pub fn check_revisions(calls: &[Call], timeline: &Timeline) -> Result<(), Violation> {
    calls.iter().try_for_each(|call| check_answer(call, timeline))?;
    let causes = Causes::of(calls);
    let asked = timeline
        .all()
        .iter()
        .map(|happened| causes.asked(happened, timeline))
        .collect::<Result<Vec<u64>, Violation>>()?;
    check_future(calls, timeline, &asked)?;
    check_past(calls)
}

fn check_answer(call: &Call, timeline: &Timeline) -> Result<(), Violation> {
    let Some((_, answer)) = call.answer() else { return Ok(()) };
    let wrong = |rule, why: String| Err(Violation::new(rule, format!("{call:?}: {why}")));
    match (&call.ask, answer) {
        (Ask::Read { keys, revision: wanted, .. }, Answer::Read { revision, found }) => {
            let at = if *wanted > 0 { *wanted } else { *revision };
            let there = timeline.found(keys, at);
            if !there.iter().copied().eq(found) {
                return wrong(Rule::Truthful, format!("at {at} there was {there:?}"));
            }
        }
        (Ask::Write { guard, changes }, Answer::Written { revision, deleted }) => {
            // What changes nothing makes no revision of its own.
            let before = revision - i64::from(is_effective(call));
            if let Some((key, modified)) = guard
                && timeline.at(key, before).map_or(0, |found| found.modified) != *modified
            {
                return wrong(Rule::Truthful, "its guard did not hold".to_owned());
            }
            return check_written(call, changes, *revision, deleted, timeline);
        }
        (Ask::Write { guard: Some((key, modified)), .. }, Answer::Refused { revision, found }) => {
            let there = timeline.at(key, *revision);
            if there != found.as_ref() || there.map_or(0, |there| there.modified) == *modified {
                return wrong(Rule::Truthful, format!("at {revision} there was {there:?}"));
            }
        }
        _ => return wrong(Rule::Truthful, "this is no answer to that".to_owned()),
    }
    Ok(())
}

/// All that was acknowledged happened at its revision, and nothing else did.
fn check_written(
    call: &Call,
    changes: &[Change],
    revision: i64,
    deleted: &[i64],
    timeline: &Timeline,
) -> Result<(), Violation> {
    let lost = |why: &str| Err(Violation::new(Rule::Durable, format!("{call:?}: {why}")));
    let happened = timeline.of(revision);
    let mut counts = deleted.iter();
    let mut effects = 0;
    for change in changes {
        let there = happened.iter().find(|happened| happened.key == change.key());
        let effect = match change {
            Change::Put { .. } => true,
            Change::Delete { .. } => counts.next().is_some_and(|count| *count > 0),
        };
        match there {
            Some(there) if effect && is_effect(there, change) => effects += 1,
            Some(_) if effect => return lost("something else happened at its revision"),
            None if effect => return lost("it was acknowledged, and is not there"),
            _ => {}
        }
    }
    // Where it changed nothing, its revision is another's.
    if effects > 0 && effects != happened.len() {
        return lost("others share its revision");
    }
    Ok(())
}

fn is_effect(happened: &Happened, change: &Change) -> bool {
    match (change, &happened.now) {
        (Change::Put { value, lease, .. }, Some(now)) => now.value == *value && now.lease == *lease,
        (Change::Delete { .. }, None) => true,
        _ => false,
    }
}

/// Which calls can have caused what happened.
struct Causes<'c> {
    puts: HashMap<&'c str, &'c Call>,
    /// Deletions that were acknowledged, by revision and key.
    deletions: HashMap<(i64, &'c str), &'c Call>,
    /// Deletions that perhaps took place.
    perhaps: HashMap<&'c str, Vec<&'c Call>>,
}

impl<'c> Causes<'c> {
    fn of(calls: &'c [Call]) -> Self {
        let mut causes =
            Self { puts: HashMap::new(), deletions: HashMap::new(), perhaps: HashMap::new() };
        for call in calls {
            let mut counts = deleted(call).iter();
            for change in call.changes() {
                causes.add(call, change, &mut counts);
            }
        }
        causes
    }

    fn add(&mut self, call: &'c Call, change: &'c Change, counts: &mut std::slice::Iter<'_, i64>) {
        match (change, &call.outcome) {
            (Change::Put { value, .. }, _) => {
                self.puts.insert(value, call);
            }
            (
                Change::Delete { key },
                Outcome::Done { answer: Answer::Written { revision, .. }, .. },
            ) => {
                // One that found nothing shares the revision of whoever came before.
                if counts.next().is_some_and(|count| *count > 0) {
                    self.deletions.insert((*revision, key), call);
                }
            }
            (Change::Delete { key }, Outcome::Unknown) => {
                self.perhaps.entry(key).or_default().push(call);
            }
            (Change::Delete { .. }, _) => {}
        }
    }

    /// When the earliest call was made that can have caused this.
    fn asked(&self, happened: &Happened, timeline: &Timeline) -> Result<u64, Violation> {
        let uncaused = |why: &str| Violation::new(Rule::Caused, format!("{happened:?}: {why}"));
        let Some(now) = &happened.now else {
            return self.deleted(happened, timeline).ok_or_else(|| uncaused("nobody deleted it"));
        };
        let call = self.puts.get(now.value.as_str()).ok_or_else(|| uncaused("nobody put it"))?;
        if !call.changes().iter().any(|change| is_put_of(change, now)) {
            return Err(uncaused(&format!("it was put otherwise: {call:?}")));
        }
        match &call.outcome {
            Outcome::Failed => Err(uncaused(&format!("it was refused: {call:?}"))),
            Outcome::Done { answer: Answer::Written { revision, .. }, .. } => {
                let once = *revision == happened.revision;
                once.then_some(call.asked)
                    .ok_or_else(|| uncaused(&format!("it was put at another revision: {call:?}")))
            }
            Outcome::Done { .. } => Err(uncaused(&format!("its guard did not hold: {call:?}"))),
            Outcome::Unknown => self.once(call, now, timeline).map(|()| call.asked),
        }
    }

    fn once(&self, call: &Call, now: &Found, timeline: &Timeline) -> Result<(), Violation> {
        let same = |happened: &&Happened| {
            happened
                .now
                .as_ref()
                .is_some_and(|other| other.value == now.value && other.key == now.key)
        };
        if timeline.all().iter().filter(same).count() > 1 {
            return Err(Violation::new(Rule::Caused, format!("{call:?} was carried out twice")));
        }
        Ok(())
    }

    fn deleted(&self, happened: &Happened, timeline: &Timeline) -> Option<u64> {
        let key = happened.key.as_str();
        if let Some(call) = self.deletions.get(&(happened.revision, key)) {
            return Some(call.asked);
        }
        let earliest = self.perhaps.get(key).and_then(|all| all.iter().map(|c| c.asked).min());
        let before = timeline.at(key, happened.revision - 1);
        // Its lease may have ended.
        let leased = before.is_some_and(|before| before.lease != 0);
        earliest.or(leased.then_some(0))
    }
}

/// How many keys each acknowledged deletion of a call found.
fn deleted(call: &Call) -> &[i64] {
    match call.answer() {
        Some((_, Answer::Written { deleted, .. })) => deleted,
        _ => &[],
    }
}

fn is_put_of(change: &Change, now: &Found) -> bool {
    match change {
        Change::Put { key, value, lease } => {
            *key == now.key && *value == now.value && *lease == now.lease
        }
        Change::Delete { .. } => false,
    }
}

/// Nobody saw a revision before what happened up to it was asked for.
fn check_future(calls: &[Call], timeline: &Timeline, asked: &[u64]) -> Result<(), Violation> {
    let mut answers: Vec<(i64, u64, &Call)> = calls
        .iter()
        .filter_map(|call| call.answer().map(|(at, answer)| (answer.revision(), at, call)))
        .collect();
    answers.sort_by_key(|(revision, ..)| *revision);
    let mut happened = timeline.all().iter().zip(asked).peekable();
    let mut latest = None;
    for (revision, at, call) in answers {
        while let Some((one, asked)) = happened.next_if(|(one, _)| one.revision <= revision) {
            latest = latest.max(Some((*asked, one.revision)));
        }
        if let Some((asked, of)) = latest.filter(|(asked, _)| *asked > at) {
            let story = format!("{call:?} saw {revision}, but {of} was asked for only at {asked}");
            return Err(Violation::new(Rule::RealTime, story));
        }
    }
    Ok(())
}

/// Whoever asks after an answer came sees its revision, or a later one; a write makes a new one.
fn check_past(calls: &[Call]) -> Result<(), Violation> {
    let mut answered: Vec<(u64, i64)> = calls
        .iter()
        .filter_map(|call| call.answer().map(|(at, answer)| (at, answer.revision())))
        .collect();
    answered.sort_unstable();
    let mut asking: Vec<&Call> = calls.iter().filter(|call| binds_to_time(call)).collect();
    asking.sort_by_key(|call| call.asked);
    let mut answered = answered.into_iter().peekable();
    let mut seen = 0;
    for call in asking {
        while let Some((_, revision)) = answered.next_if(|(at, _)| *at < call.asked) {
            seen = seen.max(revision);
        }
        let Some((_, answer)) = call.answer() else { continue };
        let least = if is_effective(call) { seen + 1 } else { seen };
        if answer.revision() < least {
            let story = format!("{call:?}: {seen} had been seen before it was asked");
            return Err(Violation::new(Rule::RealTime, story));
        }
    }
    Ok(())
}

/// Serializable reads may be of any age.
fn binds_to_time(call: &Call) -> bool {
    !matches!(call.ask, Ask::Read { serializable: true, .. })
}

fn is_effective(call: &Call) -> bool {
    match (&call.ask, &call.outcome) {
        (
            Ask::Write { changes, .. },
            Outcome::Done { answer: Answer::Written { deleted, .. }, .. },
        ) => {
            changes.iter().any(|change| matches!(change, Change::Put { .. }))
                || deleted.iter().any(|count| *count > 0)
        }
        _ => false,
    }
}
