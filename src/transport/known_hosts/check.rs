use std::path::{Path, PathBuf};

use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, HashAlg, PublicKey};

use super::entry::{Entry, Marker};
use crate::place::Place;

/// The lines of known_hosts files that are about one name.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

/// What known_hosts says about a key.
#[derive(Debug, Clone)]
pub enum Verdict {
    Known,
    /// No line has a host key for this name.
    Unknown,
    /// Lines have other keys for this name; this is the first of them.
    Changed(Box<Entry>),
    Revoked(Place),
}

impl KnownHosts {
    /// Reads the lines about `name` from the files; a file that is not there or cannot be read says
    /// nothing, as with OpenSSH.
    pub fn read(files: &[PathBuf], name: &str) -> Self {
        let mut all = Self::default();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => all.add(&String::from_utf8_lossy(&bytes), file, name),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "known_hosts cannot be read")
                }
            }
        }
        all
    }

    /// Adds the lines about `name` from a file's text.
    pub fn add(&mut self, text: &str, file: &Path, name: &str) {
        let parsed = text.lines().enumerate().filter_map(|(index, line)| {
            Entry::parse(line, Place { file: file.to_path_buf(), line: index + 1 })
        });
        self.entries.extend(parsed.filter(|entry| entry.is_about(name)));
    }

    /// A key of any kind that differs is a change, not a new key: a host whose known kind vanished is
    /// as suspicious as one whose key differs (`check_hostkeys_by_key_or_type`).
    pub fn check(&self, key: &KeyData) -> Verdict {
        if let Some(entry) = self.marked(Marker::Revoked).find(|entry| same(entry, key)) {
            return Verdict::Revoked(entry.at.clone());
        }
        let mut hosts = self.marked(Marker::Host).peekable();
        let Some(first) = hosts.peek().copied() else { return Verdict::Unknown };
        if hosts.any(|entry| same(entry, key)) {
            return Verdict::Known;
        }
        Verdict::Changed(Box::new(first.clone()))
    }

    /// Where a key (or the key that signed a certificate) is revoked.
    pub fn revoked(&self, key: &KeyData) -> Option<Place> {
        self.marked(Marker::Revoked).find(|entry| same(entry, key)).map(|entry| entry.at.clone())
    }

    /// The keys that may sign this host's certificate.
    pub fn authorities(&self) -> impl Iterator<Item = &PublicKey> {
        self.marked(Marker::Authority).map(|entry| &entry.key)
    }

    /// The kinds of the known host keys, in the order of the lines: these are asked for first, so
    /// that a host with several keys shows the one that is known (`order_hostkeyalgs`).
    pub fn kinds(&self) -> Vec<Algorithm> {
        self.marked(Marker::Host).map(|entry| entry.key.algorithm()).collect()
    }

    fn marked(&self, marker: Marker) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.marker == marker)
    }
}

fn same(entry: &Entry, key: &KeyData) -> bool {
    entry.key.key_data() == key
}

/// `SHA256:…`, as `ssh-keygen -l` prints it.
pub(crate) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
