//! The variables that an etcd in the quorum's place is described with.

use super::endpoints::{self, Endpoints};
use super::{EtcdSpec, EtcdTlsSpec, NamedFile};
use crate::spec::reader::Reader;
use mesoform_inventory::{Origin, Var};
use std::path::Path;

const ENDPOINTS: &str = "mesoform_quorum_endpoints";
const CA: &str = "mesoform_quorum_ca_file";
const CERT: &str = "mesoform_quorum_cert_file";
const KEY: &str = "mesoform_quorum_key_file";
const PREFIX: &str = "mesoform_quorum_prefix";
const INSECURE: &str = "mesoform_quorum_insecure";

/// What is about a quorum of the cluster's own.
const OWN: [&str; 4] = [
    "mesoform_quorum_client_port",
    "mesoform_quorum_peer_port",
    "mesoform_heartbeat_ms",
    "mesoform_election_timeout_ms",
];

/// What the rest of the inventory says that matters here.
pub(in crate::spec) struct Wanted<'a> {
    pub cluster: &'a str,
    /// Relative paths begin there.
    pub folder: &'a Path,
    /// The hosts of the group `quorum`.
    pub voters: Vec<&'a str>,
}

/// The etcd that the inventory wants in the quorum's place, where it wants one.
pub(in crate::spec) fn read(reader: &mut Reader, wanted: &Wanted) -> Option<EtcdSpec> {
    let Some(var) = reader.get(ENDPOINTS) else {
        for name in [CA, CERT, KEY, PREFIX, INSECURE] {
            let set = reader.get(name);
            let cause = format!("{name} is set, and {ENDPOINTS} is not");
            reader.at(set, cause, "it is about an etcd that stands in the quorum's place");
        }
        return None;
    };
    contradictions(reader, wanted, &var.origin);
    let endpoints = endpoints::read(var).unwrap_or_else(|wrong| {
        let cure = "write it like https://10.0.0.1:2379,https://10.0.0.2:2379";
        let wrong = wrong.into_iter().map(|words| format!("{ENDPOINTS} {words}"));
        wrong.for_each(|cause| reader.mistakes.add(&var.origin, cause, cure));
        Endpoints { addresses: Vec::new(), tls: true }
    });
    let prefix = prefix(reader, wanted.cluster);
    let tls = tls(reader, wanted.folder, endpoints.tls, &var.origin);
    Some(EtcdSpec { endpoints: endpoints.addresses, prefix, tls })
}

/// The quorum cannot be an etcd and the cluster's own.
fn contradictions(reader: &mut Reader, wanted: &Wanted, origin: &Origin) {
    if !wanted.voters.is_empty() {
        let voters = wanted.voters.join(", ");
        let cause = format!("{ENDPOINTS} is set, and the group [quorum] names voters: {voters}");
        reader.mistakes.add(origin, cause, "take one of the two out");
    }
    for name in OWN {
        let set = reader.get(name);
        let cause =
            format!("{name} is about a quorum of mesoform's, and {ENDPOINTS} names another");
        reader.at(set, cause, "take one of the two out");
    }
}

/// As `--etcd-prefix`: two clusters that share an etcd have different ones.
fn prefix(reader: &mut Reader, cluster: &str) -> String {
    let Some(var) = reader.get(PREFIX) else { return format!("/{cluster}") };
    let text = var.text().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let fits = text.len() > 1
        && text.len() <= 255
        && text.starts_with('/')
        && !text.ends_with('/')
        && !text.contains("//")
        && text.chars().all(plain);
    if !fits {
        let cause = format!("{PREFIX} is {}", var.value);
        reader.mistakes.add(&var.origin, cause, "set it to something like /mesoform/production");
    }
    text
}

fn tls(reader: &mut Reader, folder: &Path, is_tls: bool, origin: &Origin) -> Option<EtcdTlsSpec> {
    let insecure = insecure(reader);
    let [ca, cert, key] = [CA, CERT, KEY].map(|name| file(reader, name, folder));
    if !is_tls {
        for (name, file) in [(CA, &ca), (CERT, &cert), (KEY, &key)] {
            let Some(file) = file else { continue };
            let cause = format!("{name} is set, and the endpoints are http://");
            reader.mistakes.add(&file.origin, cause, "write https://, or take it out");
        }
        if !insecure {
            let cause = "without TLS everyone on the way to etcd, and on its machines, can read and \
                         change what the cluster does";
            let cure =
                format!("write https:// with {CA}, {CERT} and {KEY}; or consent: {INSECURE}=yes");
            reader.mistakes.add(origin, cause, cure);
        }
        return None;
    }
    if ca.is_none() {
        let cause = format!("{CA} is not set");
        reader.mistakes.add(origin, cause, "name the CA that has signed etcd's certificates");
    }
    let client = match (cert, key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => {
            if !insecure {
                let cause = "without a certificate of its own, etcd cannot tell this cluster from \
                             strangers";
                let cure = format!("set {CERT} and {KEY}; or consent: {INSECURE}=yes");
                reader.mistakes.add(origin, cause, cure);
            }
            None
        }
        (Some(cert), None) => {
            reader.mistakes.add(&cert.origin, format!("{CERT} is set without {KEY}"), "set both");
            None
        }
        (None, Some(key)) => {
            reader.mistakes.add(&key.origin, format!("{KEY} is set without {CERT}"), "set both");
            None
        }
    };
    // Where it misses, that was told.
    Some(EtcdTlsSpec { ca: ca?, client })
}

fn insecure(reader: &mut Reader) -> bool {
    let Some(var) = reader.get(INSECURE) else { return false };
    var.truth().unwrap_or_else(|| {
        let cause = format!("{INSECURE} is {}", var.value);
        reader.mistakes.add(&var.origin, cause, "set it to yes or no");
        true
    })
}

fn file(reader: &mut Reader, name: &str, folder: &Path) -> Option<NamedFile> {
    let var = reader.get(name)?;
    match var.text().filter(|text| !text.trim().is_empty()) {
        Some(text) => Some(NamedFile::new(text.trim(), folder, &var.origin)),
        None => {
            let cause = format!("{name} is {}", var.value);
            reader.mistakes.add(&var.origin, cause, "set it to the path of a PEM file");
            None
        }
    }
}

impl Reader<'_, '_> {
    /// A mistake at `var`, where that is set.
    fn at(&mut self, var: Option<&Var>, cause: String, cure: &str) {
        if let Some(var) = var {
            self.mistakes.add(&var.origin, cause, cure);
        }
    }
}
