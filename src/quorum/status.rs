use sd_notify::NotifyState;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the service manager how this voter is; says nothing where nobody listens.
#[derive(Clone, Default)]
pub struct Status {
    last: Arc<Mutex<String>>,
}

impl Status {
    /// What this voter is doing or waiting for.
    pub fn say(&self, text: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != text {
            tracing::info!("{text}");
            notify(NotifyState::Status(text));
            text.clone_into(&mut last);
        }
    }

    pub fn ready(&self) {
        notify(NotifyState::Ready);
    }

    pub fn stopping(&self) {
        notify(NotifyState::Stopping);
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}
