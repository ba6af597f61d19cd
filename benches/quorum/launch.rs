//! How a member is started, in a folder of its own; its data is in `data`.

use mesoform_settings::{PkiPaths, QuorumSettings, Voter};
use std::path::Path;
use std::process::Command;

pub type Launch = fn(&Voter, &[Voter], &Path, PkiPaths) -> Command;

/// A voter of the static binary.
pub fn ours(voter: &Voter, voters: &[Voter], home: &Path, pki: PkiPaths) -> Command {
    let settings = QuorumSettings {
        format: 1,
        cluster: "bench".to_owned(),
        slot: voter.slot,
        voters: voters.to_vec(),
        listen_client: voter.client.parse().unwrap(),
        listen_peer: voter.peer.parse().unwrap(),
        data_dir: home.join("data"),
        pki,
        heartbeat_ms: 100,
        election_timeout_ms: 1000,
    };
    let file = home.join("quorum.yml");
    // JSON is YAML.
    std::fs::write(&file, serde_json::to_vec(&settings).unwrap()).unwrap();
    let binary = std::env::var("MESOFORM_BIN").expect("MESOFORM_BIN names the static binary");
    let mut command = Command::new(binary);
    command.args(["quorum", "--config"]).arg(file);
    command
}

/// Debian's etcd, with its own times, and the same encryption everywhere.
pub fn etcd(voter: &Voter, voters: &[Voter], home: &Path, pki: PkiPaths) -> Command {
    let url = |address: &str| format!("https://{address}");
    let all: Vec<String> =
        voters.iter().map(|voter| format!("{}={}", voter.name, url(&voter.peer))).collect();
    let mut command = Command::new("etcd");
    command.args(["--name", &voter.name, "--initial-cluster", &all.join(",")]);
    command.arg("--data-dir").arg(home.join("data"));
    for side in ["client", "peer"] {
        let address = url(if side == "client" { &voter.client } else { &voter.peer });
        let advertise = if side == "client" {
            "--advertise-client-urls"
        } else {
            "--initial-advertise-peer-urls"
        };
        command.args([&format!("--listen-{side}-urls"), &address]).args([advertise, &address]);
    }
    for prefix in ["", "peer-"] {
        command.arg(format!("--{prefix}client-cert-auth"));
        command.arg(format!("--{prefix}cert-file")).arg(&pki.cert);
        command.arg(format!("--{prefix}key-file")).arg(&pki.key);
        command.arg(format!("--{prefix}trusted-ca-file")).arg(&pki.ca);
    }
    command
}
