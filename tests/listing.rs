//! What lies on a disk, written down so that two moments can be compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::Host;

/// Paths, and what is known of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    entries: BTreeMap<String, String>,
}

/// What a running Debian changes without us: its journal, the records of log-ins, what its timers
/// did last, the private folders of services that start and stop, and what `useradd` and `userdel`
/// keep of the accounts' files as they were before.
const DEBIANS_OWN: &[&str] = &[
    "/var/log/journal/",
    "/var/log/lastlog",
    "/var/log/wtmp",
    "/var/log/btmp",
    "/var/lib/systemd/",
    "/var/tmp/systemd-private-",
    "/tmp/systemd-private-",
    "/etc/.pwd.lock",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
];

impl Host {
    /// Everything on the host's disk, with inodes and times: two such listings are the same where
    /// nothing was touched. What Debian changes by itself is left out.
    #[track_caller]
    pub fn untouched(&self) -> Listing {
        self.list(
            r"find / -xdev ! -type d -printf '%p\t%y %m %u:%g inode %i %s bytes %T+ %C+ %l\n'
            find / -xdev -type d -printf '%p\t%y %m %u:%g inode %i\n'",
        )
    }

    /// Everything on the host's disk, with modes, owners and contents: two such listings are the
    /// same where everything that was added is gone again.
    #[track_caller]
    pub fn contents(&self) -> Listing {
        self.list(
            r"find / -xdev -printf '%p\t%y %m %u:%g %l\n'
            find /etc /home /opt /root /srv /usr/local /var -xdev -type f -print0 |
                xargs -0 sha256sum | sed 's/^\([0-9a-f]*\)  \(.*\)$/\2 (content)\t\1/'",
        )
    }

    #[track_caller]
    fn list(&self, script: &str) -> Listing {
        let listing = Listing::parse(&self.run(script).expect_success().stdout);
        assert!(listing.entries.len() > 1000, "a short list: {listing:?}");
        listing.without(DEBIANS_OWN)
    }
}

impl Listing {
    /// Lines with a path, a tabulator, and anything.
    pub fn parse(text: &str) -> Self {
        let entries = text.lines().filter_map(|line| line.split_once('\t'));
        let entries = entries.map(|(path, what)| (path.to_owned(), what.to_owned()));
        Self { entries: entries.collect() }
    }

    /// Without what begins with one of these.
    pub fn without(mut self, beginnings: &[&str]) -> Self {
        let left_out = |path: &str| beginnings.iter().any(|beginning| path.starts_with(beginning));
        self.entries.retain(|path, _| !left_out(path));
        self
    }

    /// What is there later and was not before, is gone, or is another; a line each.
    pub fn difference(&self, later: &Self) -> Vec<String> {
        let paths: BTreeSet<&String> = self.entries.keys().chain(later.entries.keys()).collect();
        let differs = |path: &&String| match (self.entries.get(*path), later.entries.get(*path)) {
            (Some(one), Some(other)) if one == other => None,
            (Some(one), Some(other)) => Some(format!("{path}: {one} -> {other}")),
            (None, Some(other)) => Some(format!("{path}: new: {other}")),
            (one, None) => Some(format!("{path}: gone: {}", one.map_or("", String::as_str))),
        };
        paths.iter().filter_map(differs).collect()
    }

    #[track_caller]
    pub fn expect_same(&self, later: &Self) {
        let difference = self.difference(later);
        assert!(difference.is_empty(), "these differ:\n{}", difference.join("\n"));
    }
}
