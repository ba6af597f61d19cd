use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::mount::{MsFlags, mount};

use super::{Host, Inner, Powered, files};
use crate::cgroup;
use crate::network::{BRIDGE, Network};
use crate::wait::eventually;

/// A host takes 3 to 5 s when the machine has nothing else to do, and several may boot at once.
const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// What a new host shares with its rig.
pub(crate) struct Site<'a> {
    pub base: &'a Path,
    pub dir: &'a Path,
    pub network: &'a Network,
    pub key: &'a Path,
    pub known_hosts: &'a Path,
}

impl Host {
    /// A new host with a fresh disk; it has no power yet.
    pub(crate) fn create(site: &Site<'_>, name: &str, number: u8) -> Self {
        let dir = site.dir.join("hosts").join(name);
        for part in ["upper", "work", "root"] {
            fs::create_dir_all(dir.join(part)).unwrap();
        }
        let host = Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                address: [10, 77, 0, 10 + number].into(),
                machine: format!("{}-{name}", site.network.name),
                dir,
                key: site.key.to_path_buf(),
                known_hosts: site.known_hosts.to_path_buf(),
                network: site.network.clone(),
                running: Mutex::new(None),
            }),
        };
        host.mount(site.base);
        files::write(&host);
        host
    }

    fn mount(&self, base: &Path) {
        let part = |name: &str| self.dir().join(name).display().to_string();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            base.display(),
            part("upper"),
            part("work")
        );
        let (root, kind) = (self.root(), Some("overlay"));
        mount(kind, &root, kind, MsFlags::empty(), Some(options.as_str())).unwrap();
    }

    /// Gives the host power and waits until its sshd answers.
    #[track_caller]
    pub fn boot(&self) -> Duration {
        self.power_on();
        eventually(&format!("{} answers\n{}", self.name(), self.console()), BOOT_LIMIT, || {
            assert!(self.has_power(), "{} ended at boot:\n{}", self.name(), self.console());
            self.inner.network.greets(self.address())
        })
    }

    /// Gives the host power and does not wait.
    pub fn power_on(&self) {
        assert!(!self.has_power(), "{} has power already", self.name());
        let groups = cgroup::create(&self.inner.machine);
        let script = format!("{}exec \"$@\"", cgroup::join(&groups));
        let console = File::create(self.dir().join("console")).unwrap();
        let mut command = self.inner.network.command("sh");
        command.args([
            "-c",
            &script,
            "sh",
            "systemd-nspawn",
            "--register=no",
            "--keep-unit",
            "-q",
            "-b",
        ]);
        command.args([
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            "--console=pipe",
        ]);
        command.arg(format!("--network-bridge={BRIDGE}")).arg("-D").arg(self.root());
        command.args(["-M", &self.inner.machine, "--hostname", self.name()]);
        command.stdin(Stdio::null()).stderr(console.try_clone().unwrap()).stdout(console);
        let nspawn = command.spawn().unwrap();
        *self.running() = Some(Powered { nspawn, init: None });
    }
}
