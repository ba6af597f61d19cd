//! What etcd promises of watches.

use super::timeline::{Happened, Timeline};
use super::violation::{Rule, Violation};
use crate::call::{Found, Keys};

/// One watcher and all that it was told, over as many connections as it needed.
#[derive(Debug, Clone)]
pub struct Watch {
    pub keys: Keys,
    /// It wanted to know what was there before.
    pub previous: bool,
    pub sessions: Vec<Session>,
}

/// What came over one connection.
#[derive(Debug, Clone)]
pub struct Session {
    /// From which revision on it asked; 0: from now on.
    pub from: i64,
    /// The revision at which it was told that the watch is made; none: it never was.
    pub created: Option<i64>,
    pub told: Vec<Told>,
}

/// One response. Without events it is word of progress.
#[derive(Debug, Clone)]
pub struct Told {
    /// In the head.
    pub revision: i64,
    /// The changes, each with what was there before (if that was wanted).
    pub events: Vec<(Happened, Option<Found>)>,
    /// More of the same revision follows.
    pub fragment: bool,
}

/// Checks a watch. `upto`: it had time to hear of everything up to this revision in its last session.
///
/// # Errors
/// The first promise that was broken.
pub fn check_watch(watch: &Watch, timeline: &Timeline, upto: i64) -> Result<(), Violation> {
    let last = watch.sessions.len().saturating_sub(1);
    let mut heard = None;
    for (place, session) in watch.sessions.iter().enumerate() {
        check_order(session)?;
        check_truth(watch, session, timeline)?;
        heard = check_complete(watch, session, timeline, heard)?;
        if place == last && heard.unwrap_or(0) < upto {
            missing(watch, timeline, heard.unwrap_or(0), upto)?;
        }
    }
    Ok(())
}

/// Ordered, unique, atomic, bookmarkable.
fn check_order(session: &Session) -> Result<(), Violation> {
    let wrong = |rule, story: String| Err(Violation::new(rule, story));
    // Up to which revision all was told, and what has been told of a revision that is cut in parts.
    let mut complete = session.from - 1;
    let mut progress = 0;
    let mut open: Vec<&Happened> = Vec::new();
    for told in &session.told {
        for (event, _) in &told.events {
            let newest = open.last().map_or(complete, |event| event.revision.max(complete));
            if event.revision <= progress {
                return wrong(Rule::WatchBookmark, format!("{event:?} after progress {progress}"));
            }
            if event.revision < newest || event.revision <= complete {
                let rule = match (is_repeated(session, event), event.revision < newest) {
                    (true, _) => Rule::WatchUnique,
                    (false, true) => Rule::WatchOrdered,
                    (false, false) => Rule::WatchAtomic,
                };
                return wrong(rule, format!("{event:?} came after all up to {newest}"));
            }
            if open.iter().any(|other| other.revision == event.revision && other.key == event.key) {
                return wrong(Rule::WatchUnique, format!("{event:?} came twice"));
            }
            open.push(event);
        }
        if !told.fragment {
            complete = open.last().map_or(complete, |event| event.revision.max(complete));
            open.clear();
            if told.events.is_empty() {
                progress = progress.max(told.revision);
            }
        }
        if told.events.iter().any(|(event, _)| event.revision > told.revision) {
            return wrong(Rule::WatchBookmark, format!("{told:?} is newer than its head"));
        }
    }
    Ok(())
}

fn is_repeated(session: &Session, event: &Happened) -> bool {
    let told = session.told.iter().flat_map(|told| &told.events);
    told.filter(|(other, _)| other.revision == event.revision && other.key == event.key).count() > 1
}

/// Each event is what happened, and only what was asked for.
fn check_truth(watch: &Watch, session: &Session, timeline: &Timeline) -> Result<(), Violation> {
    for (event, previous) in session.told.iter().flat_map(|told| &told.events) {
        let wrong =
            |why: String| Err(Violation::new(Rule::WatchTruthful, format!("{event:?}: {why}")));
        if !timeline.of(event.revision).contains(event) {
            return wrong(format!("{:?} happened instead", timeline.of(event.revision)));
        }
        if !watch.keys.contain(&event.key) || event.revision < session.from {
            return wrong("it was not asked for".to_owned());
        }
        let before = timeline.at(&event.key, event.revision - 1).filter(|_| watch.previous);
        if previous.as_ref() != before {
            return wrong(format!("before it there was {before:?}, not {previous:?}"));
        }
    }
    Ok(())
}

/// Nothing is left out between the start of the session, or where the one before it ended, and the
/// last that was told. Returns how far all was told.
fn check_complete(
    watch: &Watch,
    session: &Session,
    timeline: &Timeline,
    heard: Option<i64>,
) -> Result<Option<i64>, Violation> {
    let Some(created) = session.created else { return Ok(heard) };
    let from = if session.from > 0 { session.from } else { created + 1 };
    let upto = session
        .told
        .iter()
        .map(|told| told.events.last().map_or(told.revision, |(event, _)| event.revision))
        .max();
    let Some(upto) = upto else { return Ok(heard) };
    let told = session.told.iter().flat_map(|told| &told.events).map(|(event, _)| event);
    // The last response may be the first part of a revision.
    let cut = session.told.last().is_some_and(|told| told.fragment);
    let bound = if cut { upto - 1 } else { upto };
    let should = wanted(watch, timeline, from, bound);
    let told: Vec<&Happened> = told.filter(|event| event.revision <= bound).collect();
    if let Some(lost) = should.iter().find(|event| !told.contains(event)) {
        let story =
            format!("{lost:?} was left out of a watch from {from} that heard up to {bound}");
        return Err(Violation::new(Rule::WatchComplete, story));
    }
    Ok(heard.max(Some(bound)))
}

fn missing(watch: &Watch, timeline: &Timeline, heard: i64, upto: i64) -> Result<(), Violation> {
    match wanted(watch, timeline, heard + 1, upto).first() {
        Some(lost) => {
            let story = format!("{lost:?} never came; all up to {heard} did");
            Err(Violation::new(Rule::WatchComplete, story))
        }
        None => Ok(()),
    }
}

fn wanted<'t>(watch: &Watch, timeline: &'t Timeline, from: i64, upto: i64) -> Vec<&'t Happened> {
    let all = timeline.all().iter();
    all.filter(|event| (from..=upto).contains(&event.revision) && watch.keys.contain(&event.key))
        .collect()
}
