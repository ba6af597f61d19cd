use russh::keys::PublicKey;

use super::pattern::Names;
use crate::place::Place;

/// What a line says about its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// It is a host's key.
    Host,
    /// `@cert-authority`: it signs hosts' certificates.
    Authority,
    /// `@revoked`: it must not be accepted.
    Revoked,
}

/// A line of a known_hosts file.
#[derive(Debug, Clone)]
pub struct Entry {
    pub marker: Marker,
    pub key: PublicKey,
    pub at: Place,
    names: Names,
}

impl Entry {
    /// None for blank lines, comments, and whatever OpenSSH would skip as invalid.
    pub(super) fn parse(line: &str, at: Place) -> Option<Self> {
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (marker, line) = match line.strip_prefix('@') {
            None => (Marker::Host, line),
            Some(marked) => {
                let (word, rest) = marked.split_once([' ', '\t'])?;
                let marker = match word {
                    "cert-authority" => Marker::Authority,
                    "revoked" => Marker::Revoked,
                    _ => return None,
                };
                (marker, rest.trim_start_matches([' ', '\t']))
            }
        };
        let mut fields = line.split([' ', '\t']).filter(|field| !field.is_empty());
        let (names, kind, key) = (fields.next()?, fields.next()?, fields.next()?);
        let key = PublicKey::from_openssh(&format!("{kind} {key}")).ok()?;
        Some(Self { marker, key, at, names: Names::parse(names)? })
    }

    /// Whether the line is about this name, as [`crate::Target::lookup_name`] gives it.
    pub fn is_about(&self, name: &str) -> bool {
        self.names.match_name(name)
    }
}
