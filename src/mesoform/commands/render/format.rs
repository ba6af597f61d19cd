use crate::cli::RenderArgs;
use mesoform_plan::Plan;
use mesoform_render::{Boot, Dialect, Supply, Tree, document, tree};

/// What plans are rendered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With the most bytes that it may have.
    Document(Dialect, usize),
    Units,
    Plan,
}

/// One host's.
pub enum Rendered {
    Text(String),
    Tree(Tree),
}

impl Format {
    pub fn of(args: &RenderArgs) -> Self {
        let format = &args.format;
        let document = |dialect| Self::Document(dialect, args.limit());
        if format.cloud_config {
            document(Dialect::CloudConfig)
        } else if format.ignition {
            document(Dialect::Ignition)
        } else if format.coreos {
            document(Dialect::Coreos)
        } else if format.units {
            Self::Units
        } else {
            Self::Plan
        }
    }

    /// The ending of a host's file; none where it is a folder.
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Self::Document(Dialect::CloudConfig | Dialect::Coreos, _) => Some("yaml"),
            Self::Document(Dialect::Ignition, _) => Some("ign"),
            Self::Plan => Some("json"),
            Self::Units => None,
        }
    }

    /// # Errors
    /// It does not fit, or cannot be said.
    pub fn rendered(self, plan: &Plan, boot: &Boot, supply: &Supply) -> anyhow::Result<Rendered> {
        Ok(match self {
            Self::Document(dialect, limit) => {
                Rendered::Text(document(dialect, boot, supply, Some(limit))?)
            }
            Self::Units => Rendered::Tree(tree(boot)),
            Self::Plan => Rendered::Text(format!("{}\n", serde_json::to_string_pretty(plan)?)),
        })
    }
}
