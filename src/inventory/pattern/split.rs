use crate::address::is_address;
use crate::{InventoryError, InventoryErrors, Mistake, Origin};
use std::path::Path;

/// The parts of a pattern, with files (`@file`) read.
pub(super) fn parts(pattern: &str) -> Result<Vec<String>, InventoryErrors> {
    let mut parts = Vec::new();
    for part in split(pattern) {
        match part.strip_prefix('@') {
            Some(path) => parts.extend(lines_of(path)?),
            None => parts.push(part.to_owned()),
        }
    }
    Ok(parts)
}

/// Splits at commas; without one at colons, unless the whole is an address or a range of hosts.
fn split(pattern: &str) -> Vec<&str> {
    let parts = if pattern.contains(',') {
        pattern.split(',').collect()
    } else if pattern.starts_with('@') || is_address(pattern) {
        vec![pattern]
    } else {
        at_colons(pattern)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Colons and blanks separate, except within brackets; a bracket without its partner separates too.
fn at_colons(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while let Some(c) = pattern[at..].chars().next() {
        let closing = if c == '[' { pattern[at..].find(']') } else { None };
        let next = at + closing.map_or(c.len_utf8(), |close| close + 1);
        let separates =
            matches!(c, ':' | ']') || c.is_whitespace() || (c == '[' && closing.is_none());
        if separates {
            parts.push(&pattern[begin..at]);
            begin = next;
        }
        at = next;
    }
    parts.push(&pattern[begin..]);
    parts
}

/// One part a line; each is taken as it stands.
fn lines_of(path: &str) -> Result<Vec<String>, InventoryErrors> {
    let text = std::fs::read_to_string(path).map_err(|e| InventoryError {
        origin: Origin::file(&Path::new(path).into()),
        mistake: match e.kind() {
            std::io::ErrorKind::NotFound => Mistake::NoLimitFile,
            _ => Mistake::Read(e),
        },
    })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn splits_as_ansible() {
        assert_eq!(split("a, b[1],c[2:3] , d,"), ["a", "b[1]", "c[2:3]", "d"]);
        assert_eq!(split("a:b:!c"), ["a", "b", "!c"]);
        assert_eq!(split("web[1:3]"), ["web[1:3]"]);
        assert_eq!(split("web[1:]:&db"), ["web[1:]", "&db"]);
        assert_eq!(split("fd00::1"), ["fd00::1"]);
        assert_eq!(split("a:22"), ["a:22"]);
        assert_eq!(split("a[1"), ["a", "1"]);
        assert_eq!(split(""), Vec::<&str>::new());
    }
}
