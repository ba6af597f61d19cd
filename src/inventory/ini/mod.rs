//! The INI form of an inventory.
//!
//! Each line is stripped; lines that begin with `#` or `;` are comments. Parsing begins in
//! `[ungrouped]`. A section that cannot be understood is skipped to its end, so that one slip makes
//! one mistake.

mod header;
mod host_line;
mod pending;
pub(crate) mod range;
mod shell;
#[cfg(test)]
mod tests;
mod var_line;

use crate::draft::{Draft, GroupId, UNGROUPED};
use crate::findings::Findings;
use crate::{Mistake, Origin};
use header::{Header, Kind};
use pending::Pending;
use std::borrow::Cow;

/// The file as text. Comment lines need not be UTF-8, the others must: else their line comes back.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::with_capacity(bytes.len());
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) if line.starts_with(b"#") || line.starts_with(b";") => {}
            Err(_) => return Err(index + 1),
        }
        text.push('\n');
    }
    Ok(Cow::Owned(text))
}

/// Reads `text` into `draft`; `origin` is the file.
pub(crate) fn parse(text: &str, origin: &Origin, draft: &mut Draft, findings: &mut Findings) {
    let section = Section::Hosts(UNGROUPED);
    let mut parser = Parser { draft, findings, section, pending: Pending::default() };
    for (index, line) in text.lines().enumerate() {
        let begin = line.len() - line.trim_start().len();
        let line = Line { text: line.trim(), offset: line[..begin].chars().count() };
        if !line.text.is_empty() && !line.text.starts_with(['#', ';']) {
            parser.line(&line, &origin.at(index + 1, None));
        }
    }
    let Parser { draft, findings, pending, .. } = parser;
    pending.conclude(draft, findings);
}

/// A line without the white space around it.
struct Line<'a> {
    text: &'a str,
    /// How many characters were stripped before it.
    offset: usize,
}

#[derive(Clone, Copy)]
enum Section {
    Hosts(GroupId),
    Children(GroupId),
    Vars(GroupId),
    /// Its header is a mistake.
    Skipped,
}

struct Parser<'a> {
    draft: &'a mut Draft,
    findings: &'a mut Findings,
    section: Section,
    pending: Pending,
}

impl Parser<'_> {
    fn line(&mut self, line: &Line, origin: &Origin) {
        match header::parse(line.text) {
            Some(Ok(header)) => self.open(&header, origin),
            Some(Err(mistake)) => {
                self.findings.mistake(origin.clone(), mistake);
                self.section = Section::Skipped;
            }
            None => match self.section {
                Section::Hosts(group) => {
                    host_line::parse(line, origin, group, self.draft, self.findings);
                }
                Section::Children(group) => self.child(group, line, origin),
                Section::Vars(group) => self.variable(group, line, origin),
                Section::Skipped => {}
            },
        }
    }

    fn open(&mut self, header: &Header, origin: &Origin) {
        let new = !self.draft.groups.contains_key(header.group);
        if new && header.kind == Kind::Vars {
            self.pending.expect_declaration(header.group, origin);
        }
        let id = self.draft.add_group(header.group, Some(origin));
        if header.kind != Kind::Vars {
            self.pending.declared(header.group, id, self.draft);
        }
        self.section = match header.kind {
            Kind::Hosts => Section::Hosts(id),
            Kind::Children => Section::Children(id),
            Kind::Vars => Section::Vars(id),
        };
    }

    fn child(&mut self, parent: GroupId, line: &Line, origin: &Origin) {
        let Some(name) = header::child_name(line.text) else {
            let mistake = Mistake::ChildName { line: line.text.to_owned() };
            return self.findings.mistake(origin.clone(), mistake);
        };
        match self.draft.groups.get_index_of(name) {
            Some(child) => self.draft.add_child(parent, child, Some(origin.clone())),
            None => self.pending.expect_child(name, parent, origin),
        }
    }

    fn variable(&mut self, group: GroupId, line: &Line, origin: &Origin) {
        match var_line::parse(line, origin) {
            Ok((name, var)) => self.draft.set_group_var(group, name, var, self.findings),
            Err(mistake) => self.findings.mistake(origin.clone(), mistake),
        }
    }
}
