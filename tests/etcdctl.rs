//! Debian's `etcdctl`, as somebody would use it who knows etcd.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::host::Host;
use crate::run::{Run, run};

/// Longer than `etcdctl` gives a call.
const LIMIT: Duration = Duration::from_secs(120);
/// By itself it gives a call 5 s and a connection 2 s: little on a busy machine.
const PATIENCE: [&str; 2] = ["--command-timeout=20s", "--dial-timeout=10s"];
const CLIENT_PORT: u16 = 2379;

/// An `etcdctl watch` that goes on; dropping it ends it.
pub struct Watch {
    child: Child,
    output: PathBuf,
}

impl Cluster<'_> {
    /// `etcdctl` at the operator's place, with the operator's certificate, on these voters.
    #[track_caller]
    pub fn etcdctl(&self, voters: &[&Host], words: &[&str]) -> Run {
        run(self.etcdctl_with(voters, "operator").args(words), LIMIT)
    }

    /// The same without any certificate.
    #[track_caller]
    pub fn etcdctl_as_a_stranger(&self, voters: &[&Host], words: &[&str]) -> Run {
        let mut command = self.rig().program("etcdctl");
        command.arg("--cacert").arg(self.state().join("ca.crt")).arg(endpoints(voters));
        run(command.args(PATIENCE).args(words), LIMIT)
    }

    /// `etcdctl watch KEY`, which goes on.
    #[track_caller]
    pub fn watch(&self, voters: &[&Host], key: &str) -> Watch {
        let output = self.rig().dir().join(format!("watch-{key}"));
        let file = File::create(&output).unwrap();
        let mut command = self.etcdctl_with(voters, "operator");
        command.args(["watch", key]).stdin(Stdio::null());
        let child = command.stderr(file.try_clone().unwrap()).stdout(file).spawn().unwrap();
        Watch { child, output }
    }

    fn etcdctl_with(&self, voters: &[&Host], name: &str) -> Command {
        let file = |name: String| self.state().join(name);
        let mut command = self.rig().program("etcdctl");
        command.arg("--cacert").arg(file("ca.crt".to_owned()));
        command.arg("--cert").arg(file(format!("{name}.crt")));
        command.arg("--key").arg(file(format!("{name}.key")));
        command.arg(endpoints(voters)).args(PATIENCE);
        command
    }
}

fn endpoints(voters: &[&Host]) -> String {
    let urls = voters.iter().map(|host| format!("https://{}:{CLIENT_PORT}", host.address()));
    format!("--endpoints={}", urls.collect::<Vec<_>>().join(","))
}

impl Watch {
    /// What it has printed so far.
    pub fn says(&self, words: &str) -> bool {
        fs::read_to_string(&self.output).unwrap().contains(words)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
