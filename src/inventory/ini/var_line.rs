use super::Line;
use crate::{Mistake, Origin, Var, literal};

/// Reads `key = value` of a `:vars` section: both sides are stripped, and a comment ends the value
/// only where the rest is a literal (`80 # c`).
pub(super) fn parse<'a>(line: &Line<'a>, origin: &Origin) -> Result<(&'a str, Var), Mistake> {
    let Some((name, value)) = line.text.split_once('=') else {
        return Err(Mistake::NoVariable { line: line.text.to_owned() });
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(Mistake::NoName);
    }
    let origin = origin.at(origin.line.unwrap_or(0) as usize, Some(line.offset + 1));
    Ok((name, Var { value: literal::value(value.trim()), origin }))
}
