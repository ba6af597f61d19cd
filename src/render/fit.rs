//! Documents have a limit. Texts stay texts, which people can read and compare, as long as they fit;
//! then those are packed by which most is won, one after the other.

use crate::error::Parts;
use crate::{Boot, Packer, RenderError};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The files that are packed, by their numbers in [`Boot::files`].
pub(crate) type Packing = BTreeMap<usize, Rc<str>>;

/// How many of the largest parts are told.
const TOLD: usize = 3;

/// What `write` makes of `boot`, with as little packed as the limit (bytes) asks for. `cost` says how
/// many bytes a text takes that is not packed.
///
/// # Errors
/// It does not fit, whatever is packed.
pub(crate) fn fit(
    boot: &Boot,
    packer: &Packer,
    limit: Option<usize>,
    cost: impl Fn(&str) -> usize,
    write: impl Fn(&Packing) -> Result<String, RenderError>,
) -> Result<String, RenderError> {
    let mut packing = Packing::new();
    let mut text = write(&packing)?;
    let Some(limit) = limit else { return Ok(text) };
    if text.len() <= limit {
        return Ok(text);
    }
    let mut gains = gains(boot, packer, &cost)?.into_iter().peekable();
    while text.len() > limit && gains.peek().is_some() {
        // The gains are nearly exact: writing once more tells.
        let mut size = text.len();
        for gain in gains.by_ref() {
            size = size.saturating_sub(gain.bytes);
            packing.insert(gain.file, gain.packed);
            if size <= limit {
                break;
            }
        }
        text = write(&packing)?;
    }
    if text.len() > limit {
        let (host, size, largest) = (boot.host.clone(), text.len(), largest(boot, &packing, cost));
        return Err(RenderError::TooLarge { host, size, limit, largest });
    }
    Ok(text)
}

struct Gain {
    file: usize,
    packed: Rc<str>,
    bytes: usize,
}

/// What packing each file would win, the most first. Of two equal ones the first: the same plan makes
/// the same document.
fn gains(
    boot: &Boot,
    packer: &Packer,
    cost: impl Fn(&str) -> usize,
) -> Result<Vec<Gain>, RenderError> {
    let mut gains = Vec::new();
    for (file, content) in boot.files.iter().map(|file| &file.content).enumerate() {
        let packed = packer.pack(content)?;
        let bytes = cost(content).saturating_sub(packed.len());
        if bytes > 0 {
            gains.push(Gain { file, packed, bytes });
        }
    }
    gains.sort_by_key(|gain| (Reverse(gain.bytes), gain.file));
    Ok(gains)
}

/// All files that packing makes smaller, whatever the limit.
#[cfg(test)]
pub(crate) fn all(boot: &Boot) -> Result<Packing, RenderError> {
    Ok(gains(boot, &Packer::default(), str::len)?
        .into_iter()
        .map(|gain| (gain.file, gain.packed))
        .collect())
}

fn largest(boot: &Boot, packing: &Packing, cost: impl Fn(&str) -> usize) -> Parts {
    let size = |(number, content): (usize, &str)| match packing.get(&number) {
        Some(packed) => packed.len(),
        None => cost(content),
    };
    let files = boot.files.iter().enumerate();
    let mut parts: Vec<(String, usize)> = files
        .map(|(number, file)| {
            (file.path.display().to_string(), size((number, file.content.as_str())))
        })
        .collect();
    parts.sort_by_key(|(_, bytes)| Reverse(*bytes));
    parts.truncate(TOLD);
    Parts(parts)
}
