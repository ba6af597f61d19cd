//! What OpenSSH would do for a host: the output of `ssh -G`, which is its own word on Host and Match
//! blocks, includes, tokens and defaults.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::{Result, TransportError};

/// `ssh -G` reads files and may look up a name (Match, CanonicalizeHostname).
const LIMIT: Duration = Duration::from_secs(15);

/// The settings that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SshConfig {
    pub host_name: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity_files: Vec<PathBuf>,
    pub identities_only: bool,
    pub identity_agent: Option<String>,
    pub known_hosts: Vec<PathBuf>,
    pub host_key_alias: Option<String>,
    pub strict: Option<String>,
    pub hash_known_hosts: bool,
    pub proxy_jump: Option<String>,
    pub proxy_command: Option<String>,
    pub connect_timeout: Option<Duration>,
}

impl SshConfig {
    /// None where OpenSSH is not installed.
    pub async fn query(host: &str, arguments: &[String]) -> Result<Option<Self>> {
        let mut command = Command::new("ssh");
        command.arg("-G").args(arguments).arg("--").arg(host);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let failed = |cause: String| TransportError::SshConfig {
            host: host.to_owned(),
            command: format!("ssh -G {host}"),
            cause,
        };
        let output = match tokio::time::timeout(LIMIT, command.output()).await {
            Err(_) => return Err(failed(format!("no answer within {} s", LIMIT.as_secs()))),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let home = std::env::home_dir().unwrap_or_default();
        Ok(Some(Self::parse(&String::from_utf8_lossy(&output.stdout), &home)))
    }

    /// Reads `keyword value` lines.
    pub fn parse(text: &str, home: &Path) -> Self {
        let mut config = Self::default();
        for line in text.lines() {
            if let Some((keyword, value)) = line.trim().split_once(' ') {
                config.take(keyword, value.trim(), home);
            }
        }
        config
    }

    fn take(&mut self, keyword: &str, value: &str, home: &Path) {
        let given = (value != "none").then(|| value.to_owned());
        match keyword {
            "hostname" => self.host_name = given,
            "user" => self.user = given,
            "port" => self.port = value.parse().ok(),
            "identityfile" => self.identity_files.extend(given.map(|file| expand(&file, home))),
            "identitiesonly" => self.identities_only = value == "yes",
            "identityagent" => self.identity_agent = Some(value.to_owned()),
            "userknownhostsfile" | "globalknownhostsfile" => {
                self.add_known_hosts(keyword, value, home)
            }
            "hostkeyalias" => self.host_key_alias = given,
            "stricthostkeychecking" => self.strict = Some(value.to_owned()),
            "hashknownhosts" => self.hash_known_hosts = value == "yes",
            "proxyjump" => self.proxy_jump = given,
            "proxycommand" => self.proxy_command = given,
            "connecttimeout" => self.connect_timeout = value.parse().ok().map(Duration::from_secs),
            _ => {}
        }
    }

    /// The user's files come before the machine's, whichever line is printed first.
    fn add_known_hosts(&mut self, keyword: &str, value: &str, home: &Path) {
        let files = value.split_whitespace().filter(|file| *file != "none");
        let files: Vec<PathBuf> = files.map(|file| expand(file, home)).collect();
        if keyword.starts_with("user") {
            self.known_hosts.splice(0..0, files);
        } else {
            self.known_hosts.extend(files);
        }
    }
}

/// `~/` is the one thing that `ssh -G` leaves as it stands.
pub(crate) fn expand(file: &str, home: &Path) -> PathBuf {
    match file.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => PathBuf::from(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_ssh_g_is_read() {
        let text = "host web\nuser ann\nhostname 10.0.0.7\nport 2222\nidentitiesonly yes\nhashknownhosts yes\n\
                    stricthostkeychecking accept-new\nidentityfile ~/.ssh/one\nidentityfile /two\n\
                    globalknownhostsfile /etc/ssh/ssh_known_hosts /g2\nuserknownhostsfile /u1 ~/.ssh/u2\n\
                    proxyjump bob@jump:2200,second\nproxycommand none\nconnecttimeout 7\n";
        let config = SshConfig::parse(text, Path::new("/home/ann"));
        assert_eq!(config.host_name.as_deref(), Some("10.0.0.7"));
        assert_eq!((config.user.as_deref(), config.port), (Some("ann"), Some(2222)));
        assert_eq!(config.identity_files, [PathBuf::from("/home/ann/.ssh/one"), "/two".into()]);
        let files = ["/u1", "/home/ann/.ssh/u2", "/etc/ssh/ssh_known_hosts", "/g2"];
        assert_eq!(config.known_hosts, files.map(PathBuf::from));
        assert_eq!(config.proxy_jump.as_deref(), Some("bob@jump:2200,second"));
        assert_eq!(config.proxy_command, None);
        assert!(config.identities_only && config.hash_known_hosts);
        assert_eq!(config.connect_timeout, Some(Duration::from_secs(7)));
    }
}
