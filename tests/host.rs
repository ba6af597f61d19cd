//! A host of the rig: a Debian of its own, booted by systemd-nspawn.

pub(crate) mod boot;
mod files;
mod link;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cgroup;
use crate::network::Network;
use crate::process;
use crate::run::{Run, run};
use crate::wait::eventually;

/// For a command that looks at a host or prepares it.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// A host. Clones are the same host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    address: Ipv4Addr,
    /// The name by which the machine knows it: unique over all rigs.
    machine: String,
    /// What it owns at the operator's: its root, its console, who runs it.
    dir: PathBuf,
    key: PathBuf,
    known_hosts: PathBuf,
    network: Network,
    running: Mutex<Option<Powered>>,
}

/// A host that has power.
struct Powered {
    nspawn: Child,
    /// Its own process 1, as this machine numbers it.
    init: Option<i32>,
}

impl Host {
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub fn address(&self) -> Ipv4Addr {
        self.inner.address
    }

    /// Its root, seen from outside: files can be read and written while it runs.
    pub fn root(&self) -> PathBuf {
        self.inner.dir.join("root")
    }

    /// Lays a document where cloud-init looks for what its provider would have told it.
    pub fn seed(&self, user_data: &str) {
        let folder = self.root().join("var/lib/cloud/seed/nocloud");
        std::fs::create_dir_all(&folder).unwrap();
        let name = self.name();
        let meta = format!("instance-id: {name}-1\nlocal-hostname: {name}\n");
        std::fs::write(folder.join("meta-data"), meta).unwrap();
        std::fs::write(folder.join("user-data"), user_data).unwrap();
    }

    /// A shell command on the host, as root; not over the network, so it works on a host that is cut
    /// off. `limit` 120 s.
    #[track_caller]
    pub fn run(&self, command: &str) -> Run {
        let init = self.init().expect("the host has no power").to_string();
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["-t", &init, "-m", "-u", "-i", "-n", "-p", "-C", "--root", "--wd=/", "--"]);
        nsenter.args(["env", "-i", "HOME=/root", "TERM=dumb", "LC_ALL=C.UTF-8"]);
        nsenter.arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        run(nsenter.args(["sh", "-c", command]), COMMAND_LIMIT)
    }

    /// A command over SSH, as this user, with the operator's OpenSSH and strict host-key checking.
    #[track_caller]
    pub fn ssh(&self, user: &str, command: &str) -> Run {
        let known = format!("UserKnownHostsFile={}", self.inner.known_hosts.display());
        let mut ssh = self.inner.network.command("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", &known]);
        ssh.args(["-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-i"]);
        ssh.arg(&self.inner.key).args(["-l", user, &self.inner.address.to_string(), command]);
        run(&mut ssh, COMMAND_LIMIT)
    }

    /// A power cut: everything on it ends at once, nothing is told. Its disk stays as it is.
    pub fn kill(&self) {
        let Some(mut powered) = self.running().take() else { return };
        // Else the kernel would say good-bye on the connections of the killed processes.
        link::unplug(&self.inner.network, &self.inner.machine);
        cgroup::kill(&self.inner.machine);
        let _ = powered.nspawn.wait();
        self.wait_until_unplugged();
    }

    /// The same at tear-down, where nothing may fail and nobody waits for the cable.
    pub(crate) fn kill_quietly(&self) {
        cgroup::kill(&self.inner.machine);
        if let Some(mut powered) = self.running().take() {
            let _ = powered.nspawn.kill();
            let _ = powered.nspawn.wait();
        }
    }

    /// Stands still, as a machine does whose hypervisor holds it: connections stay, nothing answers.
    pub fn pause(&self) {
        assert!(cgroup::freeze(&self.inner.machine, true), "this machine has no cgroup freezer");
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        assert!(cgroup::freeze(&self.inner.machine, false), "this machine has no cgroup freezer");
    }

    pub fn has_power(&self) -> bool {
        self.running().as_mut().is_some_and(|powered| matches!(powered.nspawn.try_wait(), Ok(None)))
    }

    /// The last lines of its console, for a host that does not come up.
    pub fn console(&self) -> String {
        let text = std::fs::read(self.inner.dir.join("console")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// What a person needs who wonders why a story failed.
    pub(crate) fn show_misery(&self) {
        eprintln!("--- {} (console)\n{}", self.name(), self.console());
        if self.init().is_some() {
            self.resume_quietly();
            let units = "systemctl --no-pager --plain --no-legend list-units -a 'mesoform-*'; \
                for unit in quorum master scheduler agent; do \
                journalctl --no-pager -o short-precise -n 25 -u mesoform-$unit; done";
            eprintln!("{}", self.run(units).stdout);
        }
    }

    fn resume_quietly(&self) {
        cgroup::freeze(&self.inner.machine, false);
    }

    fn init(&self) -> Option<i32> {
        let mut running = self.running();
        let powered = running.as_mut()?;
        if powered.init.is_none() {
            let inside = cgroup::processes(&self.inner.machine);
            powered.init = inside.into_iter().find(|pid| process::is_init(*pid));
        }
        powered.init
    }

    fn running(&self) -> MutexGuard<'_, Option<Powered>> {
        self.inner.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kernel takes a moment to take the network cable of a killed host away.
    fn wait_until_unplugged(&self) {
        let network = &self.inner.network;
        eventually("the killed host's cable is gone", COMMAND_LIMIT, || {
            link::cable(network, &self.inner.machine).is_none()
        });
    }

    fn dir(&self) -> &Path {
        &self.inner.dir
    }
}
