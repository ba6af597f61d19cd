use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base;
use crate::cluster::Cluster;
use crate::host::Host;
use crate::host::boot::Site;
use crate::http::{Answer, Request};
use crate::network::{Network, OPERATOR};
use crate::process::Process;
use crate::run::{Run, Running, run};
use crate::sweep;

/// For a command of mesoform, where the story names no other limit: far more than any should take, since
/// the machine may be slow.
const MESOFORM_LIMIT: Duration = Duration::from_secs(300);

/// A network with hosts, and an operator who sits in it. Dropping it takes everything down.
pub struct Rig {
    dir: PathBuf,
    base: PathBuf,
    network: Network,
    numbers: AtomicU8,
    hosts: Mutex<Vec<Host>>,
    begin: Instant,
}

impl Rig {
    /// None where the rig cannot be had: the story says so and ends. With CI=true that is a failure.
    pub fn new(story: &str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the rig needs root");
            eprintln!("SKIPPED {story}: the rig needs root");
            return None;
        }
        sweep::sweep();
        let base = base::image();
        let me = Process::me();
        let name = format!("meso-{}-{:04x}", me.pid, rand::random::<u16>());
        let dir = base::store().join("run").join(&name);
        fs::create_dir_all(&dir).unwrap();
        me.write(&dir.join("owner"));
        fs::write(dir.join("story"), story).unwrap();
        let network = Network::create(&name);
        let (numbers, hosts) = (AtomicU8::new(0), Mutex::new(Vec::new()));
        let rig = Self { dir, base, network, numbers, hosts, begin: Instant::now() };
        rig.make_key();
        Some(rig)
    }

    /// How the story goes on, for those who follow it: with the seconds since it began.
    pub fn tell(&self, words: &str) {
        println!("{:6.1} s  {words}", self.begin.elapsed().as_secs_f32());
    }

    /// The operator's folder: inventories stand here, and mesoform is started here.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The operator's private key, which every host lets in.
    pub fn key(&self) -> PathBuf {
        self.dir.join(".ssh/id_ed25519")
    }

    /// The operator's known_hosts, which has every host's key.
    pub fn known_hosts(&self) -> PathBuf {
        self.dir.join(".ssh/known_hosts")
    }

    /// The operator's address.
    pub fn address(&self) -> std::net::Ipv4Addr {
        OPERATOR
    }

    /// A new host, booted.
    #[track_caller]
    pub fn host(&self, name: &str) -> Host {
        let host = self.bare_host(name);
        host.boot();
        host
    }

    /// New hosts, booted side by side.
    #[track_caller]
    pub fn hosts<const N: usize>(&self, names: [&str; N]) -> [Host; N] {
        let hosts = names.map(|name| self.bare_host(name));
        std::thread::scope(|scope| {
            for host in &hosts {
                scope.spawn(|| host.boot());
            }
        });
        hosts
    }

    /// A new host without power, for a story that wants to put something on its disk first.
    pub fn bare_host(&self, name: &str) -> Host {
        self.host_on(&self.base, name)
    }

    /// A new host without power, which has cloud-init: what [`Host::seed`] gives it is carried out at its
    /// first boot.
    pub fn cloud_host(&self, name: &str) -> Host {
        self.host_on(&base::cloud_image(), name)
    }

    fn host_on(&self, base: &Path, name: &str) -> Host {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let (key, known_hosts) = (self.key(), self.known_hosts());
        let site = Site {
            base,
            dir: &self.dir,
            network: &self.network,
            key: &key,
            known_hosts: &known_hosts,
        };
        let host = Host::create(&site, name, number);
        self.all().push(host.clone());
        host
    }

    /// No packet passes between the two hosts any more.
    pub fn cut(&self, one: &Host, other: &Host) {
        one.drop_packets(other.address());
        other.drop_packets(one.address());
    }

    /// Mends what [`Rig::cut`] cut.
    pub fn heal(&self, one: &Host, other: &Host) {
        for (host, other) in [(one, other), (other, one)] {
            if host.has_power() {
                host.pass_packets(other.address());
            }
        }
    }

    /// No packet passes between the host and anybody, the operator included.
    pub fn cut_off(&self, host: &Host) {
        host.drop_packets(OPERATOR);
        self.others(host).iter().for_each(|other| host.drop_packets(other.address()));
    }

    /// Mends what [`Rig::cut_off`] cut.
    pub fn reconnect(&self, host: &Host) {
        host.pass_packets(OPERATOR);
        self.others(host).iter().for_each(|other| host.pass_packets(other.address()));
    }

    /// Writes an inventory: the given INI text, with the addresses of the rig's hosts before it, and
    /// after it how the operator gets in, as far as the text itself says nothing about that.
    pub fn inventory(&self, text: &str) -> PathBuf {
        self.inventory_named("cluster.ini", text)
    }

    pub fn inventory_named(&self, file: &str, text: &str) -> PathBuf {
        let hosts = self.all();
        let line = |host: &Host| format!("{} ansible_host={}\n", host.name(), host.address());
        let mut whole: String = hosts.iter().map(line).collect();
        whole += &format!("\n{}\n\n[all:vars]\n", text.trim());
        let ssh = format!(
            "'-F none -o UserKnownHostsFile={} -o GlobalKnownHostsFile=none'",
            self.known_hosts().display()
        );
        for (name, value) in [
            ("ansible_user", "root".to_owned()),
            ("ansible_ssh_private_key_file", self.key().display().to_string()),
            ("ansible_ssh_common_args", ssh),
        ] {
            if !text.contains(&format!("{name}=")) {
                whole += &format!("{name}={value}\n");
            }
        }
        let path = self.dir.join(file);
        fs::write(&path, whole).unwrap();
        path
    }

    /// A cluster as its operator sees it: an inventory and the commands on it.
    pub fn cluster(&self, inventory: &str) -> Cluster<'_> {
        Cluster::new(self, self.inventory(inventory))
    }

    /// Runs mesoform to its end, as the operator.
    #[track_caller]
    pub fn mesoform(&self, arguments: &[&str]) -> Run {
        self.mesoform_within(MESOFORM_LIMIT, arguments)
    }

    #[track_caller]
    pub fn mesoform_within(&self, limit: Duration, arguments: &[&str]) -> Run {
        run(&mut self.command(arguments), limit)
    }

    /// Starts mesoform and lets it go on.
    #[track_caller]
    pub fn start_mesoform(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// An HTTP request from the operator's place.
    #[track_caller]
    pub fn http(&self, request: &Request) -> Answer {
        request.send(self.network.command("curl"))
    }

    /// Any other program at the operator's place (etcdctl, curl, nc).
    pub fn program(&self, program: &str) -> Command {
        let mut command = self.network.command(program);
        self.at_home(&mut command);
        command
    }

    /// Runs such a program to its end.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: &[&str]) -> Run {
        run(self.program(program).args(arguments), MESOFORM_LIMIT)
    }

    /// Runs a closure in a thread that sits at the operator's place.
    pub fn inside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.network.inside(work)
    }

    pub(crate) fn spawn_inside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        self.network.spawn_inside(work)
    }

    /// The host of this name, with or without its domain.
    pub(crate) fn find(&self, name: &str) -> Option<Host> {
        let named = |host: &&Host| host.name().split('.').next() == name.split('.').next();
        self.all().iter().find(named).cloned()
    }

    pub(crate) fn hosts_with_power(&self) -> Vec<Host> {
        self.all().iter().filter(|host| host.has_power()).cloned().collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let binary = std::env::var_os("MESOFORM_BIN")
            .expect("MESOFORM_BIN names the mesoform to test; tests/run sets it");
        let mut command = self.network.command(binary);
        command.args(arguments);
        self.at_home(&mut command);
        command
    }

    /// The operator's own home, so that nothing of the machine's user takes part.
    fn at_home(&self, command: &mut Command) {
        command.current_dir(&self.dir).env("HOME", &self.dir).env("NO_COLOR", "1");
        for variable in ["SSH_AUTH_SOCK", "ANSIBLE_HOST_KEY_CHECKING", "CI"] {
            command.env_remove(variable);
        }
    }

    fn make_key(&self) {
        fs::create_dir_all(self.dir.join(".ssh")).unwrap();
        let mut generate = Command::new("ssh-keygen");
        generate.args(["-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f"]).arg(self.key());
        run(&mut generate, Duration::from_secs(60)).expect_success();
    }

    fn others(&self, host: &Host) -> Vec<Host> {
        self.all().iter().filter(|other| other.name() != host.name()).cloned().collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for host in self.hosts_with_power() {
                host.show_misery();
            }
        }
        for host in self.all().drain(..) {
            host.kill_quietly();
        }
        sweep::take_down(&self.dir);
    }
}
