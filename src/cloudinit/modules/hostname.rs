use super::{Distro, Family, Module};
use crate::fields::Fields;
use crate::host::Look;
use crate::{Action, FileAction, Result};
use std::path::Path;

const FILE: &str = "/etc/hostname";

/// The host's name as a document gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub short: Option<String>,
    pub full: Option<String>,
}

impl Names {
    /// A `hostname` with a dot is a full name too; of a full name alone the part before the dot is the
    /// short one.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        let hostname = name(fields, "hostname");
        match name(fields, "fqdn") {
            Some(full) => {
                let first = || full.split('.').next().unwrap_or_default().to_owned();
                Self { short: Some(hostname.unwrap_or_else(first)), full: Some(full) }
            }
            None => match hostname.as_deref().and_then(|name| name.split_once('.')) {
                Some((short, _)) if !short.is_empty() => {
                    Self { short: Some(short.to_owned()), full: hostname }
                }
                _ => Self { short: hostname, full: None },
            },
        }
    }
}

/// cloud-init takes any text; the kernel and `hosts` do not.
fn name(fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
    let line = fields.node(key)?.line;
    let name = fields.text(key)?.trim().to_owned();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) || name.starts_with(['-', '.'])
    {
        let cause = format!("{key} {name:?} is no name of a host");
        fields.notes.add(line, cause, "use 1 to 64 letters, digits, - and .");
        return None;
    }
    Some(name)
}

struct SetHostname {
    names: Names,
    prefer_full: Option<bool>,
}

pub fn read(fields: &mut Fields<'_>, names: &Names) -> Option<Box<dyn Module>> {
    let prefer_full = fields.flag("prefer_fqdn_over_hostname");
    let preserve = fields.flag("preserve_hostname").unwrap_or(false);
    fields.unsupported("create_hostname_file", "the file is always written");
    if preserve || *names == Names::default() {
        return None;
    }
    Some(Box::new(SetHostname { names: names.clone(), prefer_full }))
}

impl Module for SetHostname {
    fn name(&self) -> &'static str {
        "set_hostname"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let by_default = Distro::of(look)?.family == Family::RedHat;
        let Names { short, full } = &self.names;
        let chosen = match (short, full) {
            (_, Some(full)) if self.prefer_full.unwrap_or(by_default) => full,
            (Some(short), _) => short,
            (None, Some(full)) => full,
            (None, None) => return Ok(Vec::new()),
        };
        let text = look.text(Path::new(FILE))?.unwrap_or_default();
        let file = FileAction::new(FILE, with_name(&text, chosen));
        Ok(vec![Action::File(file), Action::Hostname(chosen.clone())])
    }
}

/// Comments stay.
fn with_name(text: &str, name: &str) -> String {
    let mut whole = String::new();
    let mut named = false;
    for line in text.lines() {
        let head = line.split('#').next().unwrap_or_default();
        if head.trim().is_empty() {
            whole.push_str(line);
        } else if !named {
            named = true;
            whole.push_str(name);
            whole.push_str(&line[head.trim_end().len()..]);
        } else {
            continue;
        }
        whole.push('\n');
    }
    if !named {
        whole.push_str(&format!("{name}\n"));
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::with_name;

    #[test]
    fn comments_stay() {
        assert_eq!(with_name("", "h"), "h\n");
        assert_eq!(with_name("# ours\nold\n", "h"), "# ours\nh\n");
        assert_eq!(with_name("old", "h"), "h\n");
    }
}
