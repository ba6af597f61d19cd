//! Where documents go: one as it is, several told apart, or each to a file of its own.

use super::format::{Format, Rendered};
use crate::cli::RenderArgs;
use crate::render::say;
use anyhow::{Context as _, bail};
use mesoform_identity::write_secret;
use mesoform_render::{Entry, Tree};
use std::fs;
use std::path::{Path, PathBuf};

pub struct Sink {
    folder: Option<PathBuf>,
    format: Format,
    several: bool,
    taken: usize,
    /// There are tokens in them.
    secret: bool,
}

impl Sink {
    pub fn of(args: &RenderArgs, format: Format, hosts: usize, secret: bool) -> Self {
        Self { folder: args.dir.clone(), format, several: hosts > 1, taken: 0, secret }
    }

    /// # Errors
    /// It cannot be written.
    pub fn take(&mut self, host: &str, rendered: Rendered) -> anyhow::Result<()> {
        match &self.folder {
            Some(folder) => self.keep(folder, host, rendered)?,
            None => self.print(host, rendered)?,
        }
        self.taken += 1;
        Ok(())
    }

    /// # Errors
    /// It cannot be written.
    pub fn end(&self) -> anyhow::Result<()> {
        if self.folder.is_none() && self.several && self.is_json() {
            say("\n}\n")?;
        }
        Ok(())
    }

    fn is_json(&self) -> bool {
        matches!(self.format.ending(), Some("ign" | "json"))
    }

    fn print(&self, host: &str, rendered: Rendered) -> std::io::Result<()> {
        match rendered {
            Rendered::Tree(tree) => say(&listed(host, &tree)),
            Rendered::Text(text) if !self.several => say(&text),
            // One object with a key for each host.
            Rendered::Text(text) if self.is_json() => {
                let before = if self.taken == 0 { "{\n" } else { ",\n" };
                let text = text.trim_end().replace('\n', "\n  ");
                say(&format!("{before}  {}: {text}", serde_json::Value::from(host)))
            }
            Rendered::Text(text) => say(&format!("--- # {host}\n{text}")),
        }
    }

    fn keep(&self, folder: &Path, host: &str, rendered: Rendered) -> anyhow::Result<()> {
        if host.contains('/') || host.starts_with('.') {
            bail!("{host:?} is no name for a file; render it with --host");
        }
        let cannot = |path: &Path| format!("{} cannot be written", path.display());
        fs::create_dir_all(folder).with_context(|| cannot(folder))?;
        match (rendered, self.format.ending()) {
            (Rendered::Text(text), ending) => {
                let path = folder.join(format!("{host}.{}", ending.unwrap_or_default()));
                match self.secret {
                    true => Ok(write_secret(&path, text.as_bytes())?),
                    false => fs::write(&path, text).with_context(|| cannot(&path)),
                }
            }
            (Rendered::Tree(tree), _) => super::folder::keep(folder, host, &tree),
        }
    }
}

/// A tree in one text: each file below its name.
fn listed(host: &str, tree: &Tree) -> String {
    let mut text = String::new();
    for (path, entry) in &tree.0 {
        let path = path.display();
        text.push_str(&match entry {
            Entry::Link { target } => format!("### {host}: {path} -> {}\n", target.display()),
            Entry::File { ownership, content } => {
                let name = |name: &'_ str| if name.is_empty() { "root" } else { name }.to_owned();
                let (user, group) = (name(&ownership.user), name(&ownership.group));
                let end = if content.ends_with('\n') { "" } else { "\n" };
                format!(
                    "### {host}: {path} ({:04o} {user}:{group})\n{content}{end}",
                    ownership.mode
                )
            }
        });
    }
    text
}
