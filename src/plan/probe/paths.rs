use super::content::Encoding;
use super::records::Record;
use crate::{Kind, PathState, PlanError};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

/// Names are told once, by the script itself; after that paths go by their numbers, since no tool
/// prints every name unambiguously.
#[derive(Default)]
pub struct Paths {
    names: Vec<PathBuf>,
    states: BTreeMap<usize, PathState>,
    /// Whose `stat` and `sha` lines come next.
    there: VecDeque<usize>,
    hashed: VecDeque<usize>,
    line: usize,
}

type Found = (BTreeMap<PathBuf, PathState>, BTreeMap<PathBuf, String>);

impl Paths {
    pub fn read(&mut self, record: &Record<'_>, encoding: Encoding) -> Result<(), PlanError> {
        self.line = record.line;
        match record.word {
            "path" => self.names.push(name(record)?),
            "there" => self.there = record.numbers()?.into(),
            "hashed" => self.hashed = record.numbers()?.into(),
            "stat" => self.stat(record)?,
            "sha" => self.sha(record)?,
            "link" => self.one(record)?.target = Some(encoding.target(record)?.into()),
            _ => self.one(record)?.text = encoding.text(record)?,
        }
        Ok(())
    }

    /// The paths, and the public certificates among them.
    pub fn finish(self) -> Result<Found, PlanError> {
        if !self.there.is_empty() || !self.hashed.is_empty() {
            let cause = "a file vanished while it was looked at; run it again".to_owned();
            return Err(PlanError::Probe { line: self.line, cause });
        }
        let mut paths = BTreeMap::new();
        let mut certificates = BTreeMap::new();
        for (id, state) in self.states {
            let Some(path) = self.names.get(id) else { continue };
            let pem = state.text.clone().filter(|text| is_certificate(text));
            certificates.extend(pem.map(|pem| (path.clone(), pem)));
            paths.insert(path.clone(), state);
        }
        Ok((paths, certificates))
    }

    fn stat(&mut self, record: &Record<'_>) -> Result<(), PlanError> {
        let id = self.there.pop_front().ok_or_else(|| record.wrong("a path too many"))?;
        let words: Vec<&str> = record.rest.split_whitespace().collect();
        let [mode, uid, gid, user, group] = words[..] else {
            return Err(record.wrong("mode, numbers and names of the owner are expected"));
        };
        let bits = u32::from_str_radix(mode, 16).map_err(|e| record.wrong(e.to_string()))?;
        let name = |name: &str, number: &str| {
            if name == "UNKNOWN" { number.to_owned() } else { name.to_owned() }
        };
        let state = PathState {
            kind: Kind::from_mode(bits),
            user: name(user, uid),
            group: name(group, gid),
            mode: bits & 0o7777,
            sha256: None,
            target: None,
            text: None,
        };
        self.states.insert(id, state);
        Ok(())
    }

    fn sha(&mut self, record: &Record<'_>) -> Result<(), PlanError> {
        let id = self.hashed.pop_front().ok_or_else(|| record.wrong("a hash too many"))?;
        let digits = record.rest.trim_start_matches('\\').get(..64);
        let is_hash = |d: &&str| d.bytes().all(|c| c.is_ascii_hexdigit());
        let hash = digits.filter(is_hash).ok_or_else(|| record.wrong("a hash is expected"))?;
        let state = self.states.get_mut(&id).ok_or_else(|| record.wrong("no such path"))?;
        state.sha256 = Some(hash.to_owned());
        Ok(())
    }

    fn one(&mut self, record: &Record<'_>) -> Result<&mut PathState, PlanError> {
        let id = record.numbers()?.first().copied();
        let state = id.and_then(|id| self.states.get_mut(&id));
        state.ok_or_else(|| record.wrong("no such path"))
    }
}

impl Kind {
    /// From the file type bits of `st_mode`.
    pub fn from_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o100_000 => Self::File,
            0o040_000 => Self::Directory,
            0o120_000 => Self::Link,
            _ => Self::Other,
        }
    }
}

fn name(record: &Record<'_>) -> Result<PathBuf, PlanError> {
    let bytes = hex::decode(record.rest).map_err(|e| record.wrong(e.to_string()))?;
    let name = String::from_utf8(bytes).map_err(|e| record.wrong(e.to_string()))?;
    Ok(name.into())
}

fn is_certificate(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN CERTIFICATE-----")
}
