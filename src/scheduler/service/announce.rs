use crate::api::Role;
use mesoform_notify::Notifier;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Tells the service manager what the scheduler does.
#[derive(Debug, Clone)]
pub struct Announcer {
    roles: watch::Receiver<Role>,
    notifier: Notifier,
}

impl Announcer {
    pub fn new(roles: watch::Receiver<Role>) -> Self {
        Self { roles, notifier: Notifier::default() }
    }

    /// The service is up.
    pub fn ready(&self) {
        self.notifier.ready();
    }

    /// What it does or waits for.
    pub fn say(&self, text: &str) {
        self.notifier.say(text);
    }

    /// Keeps the text up to date with the role.
    pub async fn follow(mut self, stop: CancellationToken) {
        let notifier = self.notifier.clone();
        let follow = async {
            while self.roles.changed().await.is_ok() {
                self.tell_of_role().await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => notifier.stopping(),
            () = follow => {}
        }
    }

    /// Returns when the role changes.
    async fn tell_of_role(&self) {
        let role = self.roles.borrow().clone();
        let office = match role {
            Role::Starting => return,
            Role::Standby { leader: Some(leader) } => {
                return self.say(&format!("standing by; {} leads", leader.http));
            }
            Role::Standby { leader: None } => return self.say("standing by; nobody leads"),
            Role::Leading(office) => office,
        };
        let mut roles = self.roles.clone();
        let mut view = office.view.clone();
        loop {
            let now = view.borrow_and_update().clone();
            self.say(&match (&now.state.framework_id, &now.master) {
                (Some(id), Some(master)) => format!("leading, framework {id} at {master}"),
                _ => "leading, waiting for a master".to_owned(),
            });
            tokio::select! {
                _ = roles.changed() => return,
                changed = view.changed() => if changed.is_err() { return },
            }
        }
    }
}
