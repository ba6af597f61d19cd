use super::hostname::Names;
use super::{Distro, Family, Module, templates};
use crate::fields::{Fields, wrong};
use crate::host::Look;
use crate::yaml::Value;
use crate::{Action, CloudInitError, FileAction, Result};
use minijinja::context;
use std::path::Path;

const FILE: &str = "/etc/hosts";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manage {
    /// The whole file is a template's.
    Whole,
    /// A line for the host's own name.
    Line,
}

struct UpdateEtcHosts {
    names: Names,
    manage: Manage,
}

pub fn read(fields: &mut Fields<'_>, names: &Names) -> Option<Box<dyn Module>> {
    let node = fields.node("manage_etc_hosts")?;
    let word = node.word().unwrap_or_default().to_lowercase();
    let manage = match (&node.value, word.as_str()) {
        (_, "true" | "1" | "on" | "yes" | "template") => Manage::Whole,
        (_, "localhost") => Manage::Line,
        (_, "false" | "0" | "off" | "no") => return None,
        (Value::Null, _) => return None,
        _ => {
            wrong(fields.notes, node, "manage_etc_hosts", "true, false or localhost");
            return None;
        }
    };
    Some(Box::new(UpdateEtcHosts { names: names.clone(), manage }))
}

impl Module for UpdateEtcHosts {
    fn name(&self) -> &'static str {
        "update_etc_hosts"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let distro = Distro::of(look)?;
        let own = look.text(Path::new("/proc/sys/kernel/hostname"))?.unwrap_or_default();
        let own = own.trim().to_owned();
        let short = self.names.short.clone().unwrap_or(own);
        let full = self.names.full.clone().unwrap_or_else(|| short.clone());
        let text = match self.manage {
            Manage::Whole => {
                let name = match distro.family {
                    Family::Debian => "hosts.debian",
                    Family::RedHat => "hosts.redhat",
                    Family::Alpine => "hosts.alpine",
                    Family::Other => return Err(unknown(&distro)),
                };
                templates::render(name, context! { hostname => short, fqdn => full })?
            }
            Manage::Line => {
                let ip = if distro.family == Family::RedHat { "127.0.0.1" } else { "127.0.1.1" };
                let text = look.text(Path::new(FILE))?;
                with_line(text.as_deref(), ip, &full, &short)
            }
        };
        Ok(vec![Action::File(FileAction::new(FILE, text))])
    }
}

fn unknown(distro: &Distro) -> CloudInitError {
    let cause = format!("no template is known for {:?}", distro.id);
    CloudInitError::host(
        "manage_etc_hosts",
        cause,
        "set it to localhost, or write /etc/hosts yourself",
    )
}

/// What cloud-init makes of the file: the new line comes last, and other lines of the address stay.
fn with_line(text: Option<&str>, ip: &str, full: &str, short: &str) -> String {
    let old = text.unwrap_or_default();
    let fields = |line: &str| -> Vec<String> {
        let head = line.split('#').next().unwrap_or_default();
        head.split_whitespace().map(str::to_owned).collect()
    };
    let of_ip = |line: &&str| fields(line).first().is_some_and(|first| first == ip);
    let mut own: Vec<Vec<String>> = old.lines().filter(of_ip).map(fields).collect();
    let is_told = own.iter().any(|line| {
        line.get(1).is_some_and(|name| name == full)
            && line.iter().skip(2).any(|name| name == short)
    });
    if is_told {
        return old.to_owned();
    }
    own.push(vec![ip.to_owned(), full.to_owned(), short.to_owned()]);
    let mut whole = String::new();
    if text.is_none() {
        whole.push_str("# Added by mesoform, as cloud-init does\n");
    }
    for line in old.lines().filter(|line| !of_ip(line)) {
        let words = fields(line);
        // cloud-init joins the words of each entry with a tabulator.
        let line = if words.is_empty() { line.to_owned() } else { entry(line, &words) };
        whole.push_str(&format!("{line}\n"));
    }
    for line in own {
        whole.push_str(&format!("{}\n", line.join("\t")));
    }
    // And ends the file with an empty line.
    whole.push('\n');
    whole
}

fn entry(line: &str, words: &[String]) -> String {
    let tail = line.find('#').map_or("", |at| &line[at..]);
    format!("{}{tail}", words.join("\t"))
}

#[cfg(test)]
mod tests {
    use super::with_line;

    #[test]
    fn the_own_name_gets_a_line() {
        let text = "127.0.0.1 localhost\n127.0.1.1 old\n\n# six\n::1 localhost # here\n";
        let wanted = "127.0.0.1\tlocalhost\n\n# six\n::1\tlocalhost# here\n127.0.1.1\told\n\
                      127.0.1.1\th.example.org\th\n\n";
        assert_eq!(with_line(Some(text), "127.0.1.1", "h.example.org", "h"), wanted);
        assert_eq!(with_line(Some(wanted), "127.0.1.1", "h.example.org", "h"), wanted);
    }
}
