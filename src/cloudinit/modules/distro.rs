use crate::Result;
use crate::host::Look;
use std::path::Path;

/// Which distribution a host runs, as far as things lie in different places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distro {
    /// `ID` of os-release.
    pub id: String,
    pub family: Family,
    pub systemd: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Debian,
    RedHat,
    Alpine,
    Other,
}

impl Distro {
    /// # Errors
    /// The host cannot be looked at.
    pub fn of(look: &dyn Look) -> Result<Self> {
        let mut text = look.text(Path::new("/etc/os-release"))?;
        if text.is_none() {
            text = look.text(Path::new("/usr/lib/os-release"))?;
        }
        let text = text.unwrap_or_default();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\'']).to_lowercase()
        };
        let (id, like) = (value("ID"), value("ID_LIKE"));
        let systemd = look.exists(Path::new("/run/systemd/system"));
        Ok(Self { family: family(&id, &like), id, systemd })
    }
}

fn family(id: &str, like: &str) -> Family {
    let words = || std::iter::once(id).chain(like.split_whitespace());
    let is = |names: &[&str]| words().any(|word| names.contains(&word));
    match () {
        () if is(&["debian", "ubuntu"]) => Family::Debian,
        () if is(&["rhel", "fedora", "centos", "rocky", "almalinux"]) => Family::RedHat,
        () if is(&["alpine"]) => Family::Alpine,
        () => Family::Other,
    }
}
