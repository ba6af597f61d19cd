//! How a boot is written down. All dialects say the same; where one cannot say something, it brings a
//! command that does it.

mod cloud_config;
mod coreos;
mod ignition;

use crate::fit::{Packing, fit};
use crate::{Boot, RenderError, Supply};
use ignition::Spacing;
use std::fmt;

/// A language of documents that machines boot from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// cloud-init's.
    CloudConfig,
    /// That of CoreOS Container Linux, whose name is the same.
    Coreos,
    /// Ignition, specification 3.3.0.
    Ignition,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudConfig => "#cloud-config",
            Self::Coreos => "CoreOS cloud-config",
            Self::Ignition => "Ignition",
        })
    }
}

/// `boot` as one document of at most `limit` bytes. The same boot gives the same text.
///
/// # Errors
/// It does not fit, a template fails, or the dialect has no way to say something.
pub fn document(
    dialect: Dialect,
    boot: &Boot,
    supply: &Supply,
    limit: Option<usize>,
) -> Result<String, RenderError> {
    let cost = match dialect {
        Dialect::CloudConfig | Dialect::Coreos => cloud_config::cost,
        Dialect::Ignition => ignition::cost,
    };
    let packer = supply.packer;
    match fit(boot, packer, limit, cost, |packing| with(dialect, boot, supply, packing)) {
        Err(RenderError::TooLarge { .. }) if dialect == Dialect::Ignition => {
            fit(boot, packer, limit, cost, |packing| ignition::write(boot, packing, Spacing::Flat))
        }
        done => done,
    }
}

/// The document in which just these files are packed.
pub(crate) fn with(
    dialect: Dialect,
    boot: &Boot,
    supply: &Supply,
    packing: &Packing,
) -> Result<String, RenderError> {
    match dialect {
        Dialect::CloudConfig => cloud_config::write(boot, supply, packing),
        Dialect::Coreos => coreos::write(boot, supply.address, packing),
        Dialect::Ignition => ignition::write(boot, packing, Spacing::Indented),
    }
}

/// What a reader should know before all else, as comments.
fn remarks(boot: &Boot) -> String {
    let mut text = format!(
        "# {} of the cluster {}, rendered by mesoform: change the inventory, not this file.\n",
        boot.host, boot.cluster
    );
    if !boot.missing.is_nothing() {
        text.push_str(&format!("# Not in here: {}; `mesoform up` brings it.\n", boot.missing));
    }
    text
}
