//! The cables between hosts: cut and mended with packet filters in the hosts' own namespaces, so that
//! nothing tells either side.

use std::process::Command;
use std::time::Duration;

use super::Host;
use crate::network::Network;
use crate::run::{Run, run};

impl Host {
    /// From now on no packet passes between this host and the address, in either direction.
    pub(crate) fn drop_packets(&self, other: std::net::Ipv4Addr) {
        for rule in rules(&other.to_string()) {
            self.iptables(&["-I"], &rule).expect_success();
        }
    }

    /// Mends a cut. A host that was switched off since has forgotten the cut already.
    pub(crate) fn pass_packets(&self, other: std::net::Ipv4Addr) {
        for rule in rules(&other.to_string()) {
            while self.iptables(&["-C"], &rule).success() {
                self.iptables(&["-D"], &rule).expect_success();
            }
        }
    }

    fn iptables(&self, verb: &[&str], rule: &[String]) -> Run {
        let init = self.init().expect("the host has no power").to_string();
        let mut command = Command::new("nsenter");
        command.args(["-t", &init, "-n", "--", "iptables", "-w", "60"]).args(verb).args(rule);
        run(&mut command, Duration::from_secs(120))
    }
}

fn rules(other: &str) -> [Vec<String>; 2] {
    [["INPUT", "-s"], ["OUTPUT", "-d"]]
        .map(|[chain, side]| [chain, side, other, "-j", "DROP"].map(str::to_owned).to_vec())
}

/// Takes the cable away: nothing that the host's kernel may still send reaches anybody.
pub(super) fn unplug(network: &Network, machine: &str) {
    let line = cable(network, machine).unwrap_or_default();
    let name = line.split([' ', '@']).find(|word| word.starts_with("vb-"));
    if let Some(name) = name {
        network.ip(&format!("link delete {}", name.trim_end_matches(':'))).expect_success();
    }
}

/// The rig's end of a host's cable, by the name nspawn wished for: a long one is kept beside a
/// shortened one.
pub(super) fn cable(network: &Network, machine: &str) -> Option<String> {
    let links = network.ip("-o link show master br0").stdout;
    let line = links.lines().find(|line| line.contains(&format!("vb-{machine}")));
    line.map(str::to_owned)
}
