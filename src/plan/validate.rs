use crate::{Ownership, PlanError, Step};
use std::path::{Component, Path};

/// Refuses steps that no host should be asked to do.
pub fn steps(steps: &[Step]) -> Result<(), PlanError> {
    for (number, step) in steps.iter().enumerate() {
        Check { number, steps }.step(step)?;
    }
    Ok(())
}

struct Check<'a> {
    number: usize,
    steps: &'a [Step],
}

impl Check<'_> {
    fn step(&self, step: &Step) -> Result<(), PlanError> {
        match step {
            Step::User { name, home } => self.user(name).and_then(|()| self.home(home)),
            Step::UserAbsent { name } => self.user(name),
            Step::Directory { path, ownership } | Step::File { path, ownership, .. } => {
                self.path(path).and_then(|()| self.ownership(ownership))
            }
            Step::Link { path, target } => self.path(path).and_then(|()| self.text(target)),
            Step::Binary { path, sha256, .. } => self.path(path).and_then(|()| self.digest(sha256)),
            Step::Certificate { dir, role, owner, .. } => self.certificate(dir, role, owner),
            Step::Credential { path, ownership, sha256, .. } => {
                self.path(path)?;
                self.ownership(ownership)?;
                self.digest(sha256)
            }
            Step::Unit { name, inputs, .. } => {
                self.unit(name)?;
                inputs.iter().try_for_each(|path| self.path(path))
            }
            Step::UnitAbsent { name } => self.unit(name),
            Step::Absent { path, .. } => self.path(path).and_then(|()| self.deep(path)),
            Step::Versions { dir, links, .. } => {
                self.path(dir)?;
                self.deep(dir)?;
                self.path(links)
            }
        }
    }

    fn certificate(&self, dir: &Path, role: &str, owner: &str) -> Result<(), PlanError> {
        self.path(dir)?;
        if !owner.is_empty() {
            self.user(owner)?;
        }
        let plain = role.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if role.is_empty() || !plain {
            return Err(self.name("role", role, "lower-case letters and '-'"));
        }
        let ca = dir.join("ca.crt");
        let is_ca = |step: &Step| matches!(step, Step::File { path, .. } if *path == ca);
        if !self.steps.iter().any(is_ca) {
            return Err(PlanError::NoCa { step: self.number, dir: dir.to_owned() });
        }
        Ok(())
    }

    fn path(&self, path: &Path) -> Result<(), PlanError> {
        let wrong = |cause| Err(PlanError::Path { step: self.number, path: path.into(), cause });
        if !path.is_absolute() {
            return wrong("is not absolute");
        }
        if path.components().any(|part| part == Component::ParentDir) {
            return wrong("contains '..'");
        }
        if path.parent().is_none() {
            return wrong("is the root of the file system");
        }
        self.text(path)
    }

    fn home(&self, home: &Path) -> Result<(), PlanError> {
        if home == Path::new("/") { Ok(()) } else { self.path(home) }
    }

    fn text(&self, path: &Path) -> Result<(), PlanError> {
        let wrong = |cause| Err(PlanError::Path { step: self.number, path: path.into(), cause });
        match path.to_str() {
            None => wrong("is not UTF-8"),
            Some("") => wrong("is empty"),
            Some(text) if text.chars().any(char::is_control) => {
                wrong("contains a control character")
            }
            Some(_) => Ok(()),
        }
    }

    /// `/etc` or `/opt` are nobody's to remove.
    fn deep(&self, path: &Path) -> Result<(), PlanError> {
        if path.components().count() < 3 {
            let cause = "is a top folder, which no plan removes";
            return Err(PlanError::Path { step: self.number, path: path.into(), cause });
        }
        Ok(())
    }

    fn ownership(&self, ownership: &Ownership) -> Result<(), PlanError> {
        for name in [&ownership.user, &ownership.group] {
            if !name.is_empty() {
                self.user(name)?;
            }
        }
        if ownership.mode > 0o7777 {
            return Err(PlanError::Mode { step: self.number, mode: ownership.mode });
        }
        Ok(())
    }

    fn digest(&self, value: &str) -> Result<(), PlanError> {
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        if value.len() != 64 || !value.chars().all(hex) {
            return Err(PlanError::Digest { step: self.number, value: value.to_owned() });
        }
        Ok(())
    }

    fn user(&self, name: &str) -> Result<(), PlanError> {
        let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-@".contains(c));
        if !first || !rest || name.len() > 64 {
            return Err(self.name("user", name, "letters, digits and '_.-@'"));
        }
        Ok(())
    }

    fn unit(&self, name: &str) -> Result<(), PlanError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || ":_.@-".contains(c);
        let kind = [".service", ".socket", ".timer", ".target", ".path", ".mount", ".slice"];
        let stem = kind.iter().find_map(|ending| name.strip_suffix(ending));
        if stem.is_none_or(|s| s.is_empty() || s.starts_with(['-', '.']))
            || !name.chars().all(allowed)
        {
            return Err(self.name(
                "unit",
                name,
                "letters, digits and ':_.@-', and a unit's ending",
            ));
        }
        Ok(())
    }

    fn name(&self, what: &'static str, name: &str, allowed: &'static str) -> PlanError {
        PlanError::Name { step: self.number, what, name: name.to_owned(), allowed }
    }
}
