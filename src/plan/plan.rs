use crate::{PlanError, Step, validate};
use serde::{Deserialize, Serialize};

/// The newest plan format that this version reads and writes.
pub const FORMAT: u32 = 1;

/// What one host of a cluster should look like; the steps are carried out in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub format: u32,
    pub cluster: String,
    pub host: String,
    pub steps: Vec<Step>,
}

impl Plan {
    pub fn new(cluster: impl Into<String>, host: impl Into<String>, steps: Vec<Step>) -> Self {
        Self { format: FORMAT, cluster: cluster.into(), host: host.into(), steps }
    }

    /// Reads a plan and validates it. The format is looked at first, so that a plan of a later
    /// version is refused for what it is and not for a field that this version does not know.
    ///
    /// # Errors
    /// No JSON of this shape, a newer format, or a step that [`Plan::validate`] refuses.
    pub fn parse(json: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let shape = |e: serde_json::Error| PlanError::Shape { cause: e.to_string() };
        let head: Head = serde_json::from_str(json).map_err(shape)?;
        check_format(head.format)?;
        let plan: Self = serde_json::from_str(json).map_err(shape)?;
        plan.validate()?;
        Ok(plan)
    }

    /// One line of JSON.
    ///
    /// # Errors
    /// A path is not UTF-8.
    pub fn to_json(&self) -> Result<String, PlanError> {
        serde_json::to_string(self).map_err(|e| PlanError::Shape { cause: e.to_string() })
    }

    /// Refuses what no host should be asked to do: relative paths, `..`, odd names of units and
    /// users, removal of a top folder, a newer format.
    ///
    /// # Errors
    /// The first such step, with its number (from 0) and the cure.
    pub fn validate(&self) -> Result<(), PlanError> {
        check_format(self.format)?;
        validate::steps(&self.steps)
    }
}

fn check_format(found: u32) -> Result<(), PlanError> {
    if found > FORMAT {
        return Err(PlanError::Format { found, known: FORMAT });
    }
    Ok(())
}
