use super::Now;
use crate::model::{AppDefinition, AppId, Moment};
use std::collections::BTreeMap;
use std::time::Duration;

/// Marathon's back-off: each failure of an app's task makes its next launch wait longer, until
/// there is no failure for as long as the longest wait.
#[derive(Debug, Default)]
pub struct Delays(BTreeMap<AppId, Delay>);

#[derive(Debug)]
struct Delay {
    /// A new configuration starts without delay.
    config: Moment,
    pause: Duration,
    until: Duration,
    forgiven: Duration,
}

impl Delays {
    /// A task of `app` ended that should not have.
    pub fn failed(&mut self, app: &AppDefinition, now: Now) {
        let longest = Duration::from_secs(app.max_launch_delay_seconds);
        let before = self.0.get(&app.id).filter(|d| d.config == app.config());
        let pause = match before.filter(|d| now.tick <= d.forgiven) {
            // The factor is bounded, and so is the pause: this cannot overflow.
            Some(delay) => delay.pause.mul_f64(app.backoff_factor),
            None => Duration::from_secs(app.backoff_seconds),
        };
        let pause = pause.min(longest);
        let until = now.tick.saturating_add(pause);
        let forgiven = until.saturating_add(longest);
        self.0.insert(app.id.clone(), Delay { config: app.config(), pause, until, forgiven });
    }

    /// A task of `app` runs: from now on it has to hold out.
    pub fn started(&mut self, app: &AppDefinition, now: Now) {
        if let Some(delay) = self.0.get_mut(&app.id) {
            let longest = Duration::from_secs(app.max_launch_delay_seconds);
            delay.forgiven = now.tick.saturating_add(longest);
        }
    }

    /// Until when the next launch of `app` waits; none when it need not.
    pub fn until(&self, app: &AppDefinition, now: Now) -> Option<Duration> {
        let delay = self.0.get(&app.id).filter(|d| d.config == app.config())?;
        Some(delay.until).filter(|until| *until > now.tick)
    }

    /// The next launch waits for nothing.
    pub fn forget(&mut self, app: &AppId) {
        self.0.remove(app);
    }
}
