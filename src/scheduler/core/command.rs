use crate::model::{AppId, AppUpdate};

/// A change to one app, as a request puts it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub app: AppId,
    pub update: AppUpdate,
}

/// Which tasks to kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillScope {
    /// All of an app, or those on one host (`*` is all).
    App { app: AppId, host: Option<String> },
    /// These, by task id; unknown ones do not count.
    Tasks(Vec<String>),
}

/// What a request wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `POST /v2/apps`.
    Create {
        change: Box<Change>,
        force: bool,
    },
    /// `PUT`: fields that are not named stay (`partial`) or go back to their defaults; apps that
    /// do not exist are created if `may_create`.
    Update {
        changes: Vec<Change>,
        partial: bool,
        may_create: bool,
        force: bool,
    },
    Delete {
        app: AppId,
        force: bool,
    },
    /// The same definition as a new version.
    Restart {
        app: AppId,
        force: bool,
    },
    /// Kill tasks; they are replaced, unless `scale` takes their places away.
    Kill {
        scope: KillScope,
        scale: bool,
        force: bool,
    },
    /// Undo a deployment, or with `force` leave things as they are.
    Cancel {
        deployment: String,
        force: bool,
    },
    /// Launch without waiting for the end of the back-off.
    ResetDelay {
        app: AppId,
    },
}
