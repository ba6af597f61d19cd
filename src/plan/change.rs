use crate::Diff;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is done to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Create,
    Update,
    Remove,
    /// A certificate is made anew, with a new key.
    Renew,
    Enable,
    Disable,
    /// Done by `Start`, not by the plan's job.
    Start,
    /// As `Start`.
    Restart,
    Install,
    Run,
}

impl What {
    /// Done in the start phase (`Request::Start`), not while the plan is carried out.
    pub fn is_start(self) -> bool {
        matches!(self, Self::Start | Self::Restart)
    }

    /// The word for it, as in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Renew => "renew",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Install => "install",
            Self::Run => "run",
        }
    }
}

/// What kind of thing it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    User,
    Directory,
    File,
    Link,
    Binary,
    Certificate,
    Credential,
    Unit,
    /// Whatever lies at a path that should be empty.
    Path,
    // What only documents are about.
    Command,
    Group,
    Hostname,
    Locale,
    Package,
    Partition,
    Password,
}

impl Thing {
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Directory => "directory",
            Self::File => "file",
            Self::Link => "link",
            Self::Binary => "binary",
            Self::Certificate => "certificate",
            Self::Credential => "credential",
            Self::Unit => "unit",
            Self::Path => "path",
            Self::Command => "command",
            Self::Group => "group",
            Self::Hostname => "hostname",
            Self::Locale => "locale",
            Self::Package => "package",
            Self::Partition => "partition",
            Self::Password => "password",
        }
    }
}

/// One difference between a plan and a host, and so one thing that `up` does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The number of the step in the plan, from 0.
    pub step: usize,
    pub what: What,
    pub thing: Thing,
    /// A path, a unit, or a user.
    pub subject: String,
    /// Why, in words: `mode 0644 → 0640`, `content`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// For files whose old content is known; never for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
}

/// The reason for another content.
pub(crate) const CONTENT: &str = "content";

impl Change {
    /// What is there afterwards is new, and not only its mode or owner.
    pub fn is_new_content(&self) -> bool {
        self.what == What::Create || self.reasons.iter().any(|reason| reason == CONTENT)
    }

    /// The unified diff, where there is one.
    pub fn unified_diff(&self) -> Option<String> {
        self.diff.as_ref().map(|diff| diff.unified(&self.subject))
    }

    /// Without the diff, as it goes into journals and events.
    pub fn without_diff(&self) -> Self {
        Self { diff: None, ..self.clone() }
    }

    /// For `--output json`: the diff as unified text.
    pub fn to_json(&self) -> serde_json::Value {
        let mut value = serde_json::json!({
            "step": self.step,
            "what": self.what.word(),
            "thing": self.thing.word(),
            "subject": self.subject,
            "reasons": self.reasons,
        });
        if let Some(diff) = self.unified_diff() {
            value["diff"] = diff.into();
        }
        value
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.what.word(), self.thing.word(), self.subject)?;
        if !self.reasons.is_empty() {
            write!(f, " ({})", self.reasons.join(", "))?;
        }
        Ok(())
    }
}
