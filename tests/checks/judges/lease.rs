use super::violation::{Rule, Violation};
use std::time::Duration;

/// How a lease fared. All times are of one clock of the test, since its start.
#[derive(Debug, Clone)]
pub struct LeaseLife {
    pub id: i64,
    /// As the service granted it.
    pub ttl: Duration,
    /// The grant, and each renewal that was tried, in order.
    pub renewals: Vec<Renewal>,
    /// When its revocation was asked for.
    pub revoked: Option<Duration>,
    /// When its key was first seen to be gone.
    pub gone: Option<Duration>,
}

/// The grant of a lease or its renewal.
#[derive(Debug, Clone, Copy)]
pub struct Renewal {
    /// Right before it was sent.
    pub asked: Duration,
    /// Right after the answer came, or hope was given up.
    pub over: Duration,
    /// Whether the service said that it is renewed.
    pub renewed: bool,
}

/// Checks that a lease lived as long as was promised, and no longer than `grace` above that.
///
/// # Errors
/// It ended early, or not at all.
pub fn check_lease(life: &LeaseLife, grace: Duration) -> Result<(), Violation> {
    let promised = life.renewals.iter().filter(|renewal| renewal.renewed).map(|r| r.asked).max();
    let Some(promised) = promised.map(|asked| asked + life.ttl) else { return Ok(()) };
    let Some(gone) = life.gone else {
        return Err(Violation::new(Rule::LeaseEnds, format!("{life:?} never ended")));
    };
    if gone < promised && life.revoked.is_none_or(|revoked| gone < revoked) {
        let story = format!("{life:?} ended {:?} too early", promised.saturating_sub(gone));
        return Err(Violation::new(Rule::LeaseEarly, story));
    }
    // A renewal that was not answered may have come through.
    let last = life.renewals.iter().map(|renewal| renewal.over).max().unwrap_or_default();
    if gone > last + life.ttl + grace {
        return Err(Violation::new(Rule::LeaseEnds, format!("{life:?} ended late")));
    }
    Ok(())
}
