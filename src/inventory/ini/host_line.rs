use super::{Line, range, shell};
use crate::address::{self, Ranges};
use crate::draft::{Draft, GroupId};
use crate::findings::Findings;
use crate::notice::Remark;
use crate::{Mistake, Origin, Var, literal};
use std::sync::Arc;

/// Reads `web[1:3]:22 key=value…` into `group`.
pub(super) fn parse(
    line: &Line,
    origin: &Origin,
    group: GroupId,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let words = match shell::split(line.text) {
        Ok(words) => words,
        Err(mistake) => return findings.mistake(origin.clone(), mistake),
    };
    let Some((first, rest)) = words.split_first() else { return };
    let at = |word: &shell::Word| {
        origin.at(origin.line.unwrap_or(0) as usize, Some(line.offset + word.column))
    };
    let names = hosts(first, &at(first), findings);
    let vars: Vec<_> = rest.iter().filter_map(|word| variable(word, at(word), findings)).collect();
    let Some((names, port)) = names else { return };
    for name in names {
        let id = draft.add_host(&name, port, group, &at(first), findings);
        for (name, var) in &vars {
            draft.set_host_var(id, name, var, findings);
        }
    }
}

/// The hosts that the first word names, and their port.
fn hosts(
    word: &shell::Word,
    origin: &Origin,
    findings: &mut Findings,
) -> Option<(Vec<String>, Option<u16>)> {
    if word.text == "---" {
        findings.mistake(origin.clone(), Mistake::YamlMarker);
        return None;
    }
    let expanded = address::host_and_port(&word.text, Ranges::Allowed).and_then(|(host, port)| {
        let pattern = || host.to_owned();
        let hosts =
            range::expand(host).map_err(|cause| Mistake::Range { pattern: pattern(), cause })?;
        Ok((hosts, port))
    });
    match expanded {
        Ok((hosts, port)) => {
            if hosts.is_empty() {
                let pattern = word.text.clone();
                findings.remark(origin.clone(), Remark::EmptyRange { pattern });
            }
            Some((hosts, port))
        }
        Err(mistake) => {
            findings.mistake(origin.clone(), mistake);
            None
        }
    }
}

fn variable(
    word: &shell::Word,
    origin: Origin,
    findings: &mut Findings,
) -> Option<(Arc<str>, Arc<Var>)> {
    let mistake = match word.text.split_once('=') {
        Some(("", _)) => Mistake::NoName,
        Some((name, value)) => {
            let value = literal::value(value);
            return Some((name.into(), Arc::new(Var { value, origin })));
        }
        None => Mistake::NoAssignment { word: word.text.clone() },
    };
    findings.mistake(origin, mistake);
    None
}
