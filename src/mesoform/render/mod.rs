//! How a run is told: live lines on a terminal, plain lines elsewhere, or JSON for machines.

mod json;
mod live;
mod plain;
mod record;
mod table;

pub use record::Recorded;
pub use table::Table;

use crate::cli::{ColorChoice, OutputFormat, OutputOptions};
use json::Json;
use live::Live;
use mesoform_cluster::Observer;
use plain::Plain;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;

/// The observer that `options` ask for.
pub fn observer(options: OutputOptions) -> Arc<dyn Observer> {
    match options.output {
        OutputFormat::Json => Arc::new(Json),
        OutputFormat::Text if std::io::stderr().is_terminal() && !is_dumb() => {
            Arc::new(Live::new(Style::of(options.color)))
        }
        OutputFormat::Text => Arc::new(Plain::new(Style::of(options.color))),
    }
}

/// A terminal that can neither move its cursor nor change its colours.
fn is_dumb() -> bool {
    std::env::var("TERM").is_ok_and(|term| term == "dumb")
}

/// What the environment says about colours: NO_COLOR wins, then CLICOLOR_FORCE, as in most tools.
fn automatic(variable: impl Fn(&str) -> String, is_terminal: bool) -> bool {
    let set = |name: &str| !matches!(variable(name).as_str(), "" | "0");
    if !variable("NO_COLOR").is_empty() {
        return false;
    }
    set("CLICOLOR_FORCE")
        || (is_terminal && variable("CLICOLOR") != "0" && variable("TERM") != "dumb")
}

/// Colours, or none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colored: bool,
}

impl Style {
    /// For standard error, where runs are told. `NO_COLOR` counts where colours are left to us.
    pub fn of(choice: ColorChoice) -> Self {
        Self::on(choice, &std::io::stderr())
    }

    /// For standard output, where results are told.
    pub fn of_stdout(choice: ColorChoice) -> Self {
        Self::on(choice, &std::io::stdout())
    }

    fn on(choice: ColorChoice, stream: &impl IsTerminal) -> Self {
        let colored = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                automatic(|name| std::env::var(name).unwrap_or_default(), stream.is_terminal())
            }
        };
        Self { colored }
    }

    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn changed(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A unified diff with its lines coloured.
    pub fn diff(self, diff: &str) -> String {
        diff.lines()
            .map(|line| match line.as_bytes().first() {
                Some(b'+') => self.good(line),
                Some(b'-') => self.paint("31", line),
                Some(b'@') => self.paint("36", line),
                _ => line.to_owned(),
            })
            .map(|line| format!("    {line}\n"))
            .collect()
    }
}

/// A time that something took, for people: `80 ms`, `3.5 s`.
pub fn seconds(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        _ => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}

/// `1 host`, `2 hosts`.
pub fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// Prints a command's result. Nobody reading any more (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written to.
pub fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// How many characters fit into a line of standard output; none where it is no terminal.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(width.0.into())
}

/// Words of a host for a terminal: without what would move its cursor, change its colours, or show
/// them in another order than they stand in. Tabs stay: they can be all that a diff is about.
pub fn harmless(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || reorders(*c))).collect()
}

/// Unicode's explicit directional formatting characters.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same in one line.
pub fn one_line(text: &str) -> String {
    harmless(&text.replace(['\n', '\t'], " "))
}

pub use json::print as json_line;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_the_environment_wants_them() {
        let colored = |variables: &[(&str, &str)], is_terminal| {
            let value = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
            automatic(|name| value(name).unwrap_or_default().to_owned(), is_terminal)
        };
        assert!(colored(&[], true) && !colored(&[], false));
        for (variables, on_terminal, in_pipe) in [
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")][..], false, false),
            (&[("NO_COLOR", "")], true, false),
            (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], true, true),
            (&[("CLICOLOR_FORCE", "0")], true, false),
            (&[("CLICOLOR", "0")], false, false),
            (&[("TERM", "dumb")], false, false),
        ] {
            let found = (colored(variables, true), colored(variables, false));
            assert_eq!(found, (on_terminal, in_pipe), "{variables:?}");
        }
    }

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2].map(|number| count(number, "host"));
        assert_eq!(told, ["0 hosts", "1 host", "2 hosts"]);
    }

    #[test]
    fn what_moves_or_reorders_is_left_out() {
        let words = "a\tb\r\x1b[2J\u{9b}2J\u{202e}c\nd";
        assert_eq!(harmless(words), "a\tb[2J2Jc\nd");
        assert_eq!(one_line(words), "a b[2J2Jc d");
    }
}
