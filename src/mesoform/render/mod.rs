//! How a run is told: live lines on a terminal, plain lines elsewhere, or JSON for machines.

mod json;
mod live;
mod plain;
mod table;

pub use table::Table;

use crate::cli::{ColorChoice, OutputFormat, OutputOptions};
use json::Json;
use live::Live;
use mesoform_cluster::Observer;
use plain::Plain;
use std::io::IsTerminal;
use std::sync::Arc;

/// The observer that `options` ask for.
pub fn observer(options: OutputOptions) -> Arc<dyn Observer> {
    match options.output {
        OutputFormat::Json => Arc::new(Json),
        OutputFormat::Text if std::io::stderr().is_terminal() => {
            Arc::new(Live::new(Style::of(options.color)))
        }
        OutputFormat::Text => Arc::new(Plain::new(Style::of(options.color))),
    }
}

/// Colours, or none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colored: bool,
}

impl Style {
    /// `NO_COLOR` counts where colours are left to us.
    pub fn of(choice: ColorChoice) -> Self {
        let colored = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                    && std::io::stderr().is_terminal()
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

/// Seconds with one decimal, for people.
pub fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

pub use json::print as json_line;
