use crate::{Plan, PlanError, SecretText, Step};
use serde::{Deserialize, Serialize};

/// What a host that boots from a document joins with; it lies in [`crate::place::JOIN`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joining {
    /// As a plan's.
    pub format: u32,
    /// Good for this host alone, once, and for some time.
    pub token: SecretText,
    /// Where it may be good (`https://host:port`), to be asked one after the other.
    pub places: Vec<String>,
    /// What no document may hold of the host's plan, and the units whose inputs are to be written down.
    pub plan: Plan,
}

impl Joining {
    /// Of `plan` what a host joins for. The CA's certificate is on the host already, and not repeated.
    pub fn new(plan: &Plan, token: SecretText, places: Vec<String>) -> Self {
        let mut plan = plan.clone();
        plan.steps.retain(|step| {
            matches!(step, Step::Certificate { .. } | Step::Credential { .. } | Step::Unit { .. })
        });
        Self { format: plan.format, token, places, plan }
    }

    /// Reads what was written; the plan is validated with what the host adds to it.
    ///
    /// # Errors
    /// No JSON of this shape, or a newer format.
    pub fn parse(json: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let shape = |e: serde_json::Error| PlanError::Shape { cause: e.to_string() };
        let head: Head = serde_json::from_str(json).map_err(shape)?;
        if head.format > crate::FORMAT {
            return Err(PlanError::Format { found: head.format, known: crate::FORMAT });
        }
        serde_json::from_str(json).map_err(shape)
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub fn to_json(&self) -> Result<String, PlanError> {
        let json = serde_json::to_string(self);
        json.map(|json| json + "\n").map_err(|e| PlanError::Shape { cause: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ownership;

    #[test]
    fn what_a_document_says_by_itself_is_not_in_there() {
        let root = Ownership::root(0o600);
        let unit = Step::Unit { name: "a.service".into(), enabled: true, inputs: Vec::new() };
        let credential = Step::Credential {
            path: "/etc/c".into(),
            ownership: root.clone(),
            name: "credentials".into(),
            sha256: "00".repeat(32),
        };
        let file = Step::File { path: "/etc/f".into(), ownership: root, content: "x".into() };
        let plan = Plan::new("c", "h", vec![file, credential.clone(), unit.clone()]);
        let written = Joining::new(&plan, SecretText::new("t"), vec!["https://h".into()]);
        assert_eq!(written.plan.steps, [credential, unit]);
        let json = written.to_json().unwrap();
        assert_eq!(Joining::parse(&json).unwrap(), written);
        assert!(!format!("{written:?}").contains("\"t\""));
        let newer = json.replacen("\"format\":1", "\"format\":2", 1);
        assert!(matches!(Joining::parse(&newer), Err(PlanError::Format { found: 2, .. })));
    }
}
