//! What a service tells the service manager (systemd, or our own supervisor): that it is READY, and
//! in a line what it does or waits for. Nothing is told where `NOTIFY_SOCKET` names nobody.

use sd_notify::NotifyState;
use std::sync::{Arc, Mutex, PoisonError};

/// A service's voice; clones share what was said last.
#[derive(Debug, Clone, Default)]
pub struct Notifier {
    said: Arc<Mutex<String>>,
}

impl Notifier {
    /// The service is up. This is said once, and never taken back.
    pub fn ready(&self) {
        notify(NotifyState::Ready);
    }

    /// What the service does or waits for, if that is news; the log has it too.
    pub fn say(&self, text: &str) {
        // The text is only ever replaced whole, so a poisoned lock holds a sound one.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said != text {
            tracing::info!("{text}");
            notify(NotifyState::Status(text));
            text.clone_into(&mut said);
        }
    }

    /// The service is about to end.
    pub fn stopping(&self) {
        notify(NotifyState::Stopping);
    }
}

/// That nobody listens is no mistake.
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}
