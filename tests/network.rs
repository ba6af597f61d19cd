//! The rig's own network: a namespace with a bridge, which the hosts hang on and the operator sits at.

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use crate::run::{Run, run};

const LIMIT: Duration = Duration::from_secs(120);
/// Where the operator is; the hosts follow from .11 on.
pub(crate) const OPERATOR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
pub(crate) const BRIDGE: &str = "br0";

/// A network namespace, named like its rig.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub name: String,
}

impl Network {
    pub fn create(name: &str) -> Self {
        let network = Self { name: name.to_owned() };
        ip(&["netns", "add", name]).expect_success();
        for line in [
            "link set lo up".to_owned(),
            format!("link add {BRIDGE} type bridge forward_delay 0"),
            format!("address add {OPERATOR}/24 dev {BRIDGE}"),
            format!("link set {BRIDGE} up"),
        ] {
            network.ip(&line).expect_success();
        }
        network
    }

    pub fn remove(name: &str) {
        if file(name).exists() {
            ip(&["netns", "delete", name]);
        }
    }

    /// A program inside the namespace. `nsenter`, since `ip netns exec` would hide the control groups.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", file(&self.name).display())).arg("--").arg(program);
        command
    }

    pub fn ip(&self, line: &str) -> Run {
        ip(&["-n", &self.name].into_iter().chain(line.split(' ')).collect::<Vec<_>>())
    }

    /// Whether an sshd greets at the address.
    pub fn greets(&self, address: Ipv4Addr) -> bool {
        self.inside(move || {
            let place = SocketAddr::from((address, 22));
            let Ok(mut stream) = TcpStream::connect_timeout(&place, Duration::from_secs(1)) else {
                return false;
            };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let mut greeting = [0; 4];
            stream.read_exact(&mut greeting).is_ok() && &greeting == b"SSH-"
        })
    }

    /// Runs a closure in a thread that has entered the namespace.
    pub fn inside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.spawn_inside(work).join().unwrap()
    }

    /// Such a thread that goes on.
    pub fn spawn_inside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let namespace = File::open(file(&self.name)).unwrap();
        std::thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        })
    }
}

fn file(name: &str) -> PathBuf {
    Path::new("/run/netns").join(name)
}

fn ip(words: &[&str]) -> Run {
    run(Command::new("ip").args(words), LIMIT)
}
