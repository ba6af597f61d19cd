use std::fmt;

/// What was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No order of the calls explains what the clients of a key saw.
    Linearizable,
    /// The search for such an order took too long.
    Undecided,
    /// What was acknowledged is not there.
    Durable,
    /// What was never asked for, or was refused, is there; or it is there twice.
    Caused,
    /// A revision says something else than the service itself told at that revision.
    Truthful,
    /// Revisions go against the order of time.
    RealTime,
    /// Events come in the order of their revisions.
    WatchOrdered,
    /// No event comes twice.
    WatchUnique,
    /// The events of a revision come together.
    WatchAtomic,
    /// No event is left out, also not where a watch was resumed.
    WatchComplete,
    /// An event shows what happened, and what was there before.
    WatchTruthful,
    /// After word of progress nothing older comes.
    WatchBookmark,
    /// A lease lives for its whole time.
    LeaseEarly,
    /// A lease ends at some time, with all its keys at once.
    LeaseEnds,
    /// Who writes under a leadership holds it.
    Fenced,
}

/// A rule that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub rule: Rule,
    pub story: String,
}

impl Violation {
    pub(crate) fn new(rule: Rule, story: impl Into<String>) -> Self {
        Self { rule, story: story.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.story)
    }
}

impl std::error::Error for Violation {}
