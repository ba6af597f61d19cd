use super::tables::{Tables, WriteTables};
use super::{Result, Writer, meta};
use crate::levels::FIRST;
use crate::wire::command::Raise;

/// At which level the cluster is by this state (JSON).
const LEVEL: &str = "level";

/// The cluster's level. A state that does not say it is of the first one.
///
/// # Errors
/// The storage failed.
pub fn level(tables: &impl Tables) -> Result<u32> {
    Ok(meta::get(tables.meta(), LEVEL)?.unwrap_or(FIRST))
}

/// Raises the cluster's level; it never falls.
pub(super) fn raise(writer: &mut Writer<'_>, request: Raise) -> Result<Raise> {
    let level = level(&writer.tables)?.max(request.level);
    writer.tables.restore_level(level)?;
    Ok(Raise { level })
}

impl WriteTables<'_> {
    pub(crate) fn restore_level(&mut self, level: u32) -> Result<()> {
        meta::set(&mut self.meta, LEVEL, &level)
    }
}
