//! Clusters from inventories, and their documents.

use mesoform_cluster::{BinaryRef, Blueprint, ClusterSpec, HostSpec, resolve};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{Plan, SecretText, sha256_hex};
use mesoform_render::{Boot, Dialect, Join, Packer, Supply, document};
use mesoform_template::Templates;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const ALL: [Dialect; 3] = [Dialect::CloudConfig, Dialect::Coreos, Dialect::Ignition];
/// What any place where machines are takes.
pub const SMALL: usize = 16 * 1024;

/// As long as a real one, and nobody's.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIQAAAAAAAAAAAAAAAAAAAAAAAKBggqhkjOPQQDAjAZMRcw
FQYDVQQDDA5tZXNvZm9ybSBob3N0czAeFw0yNjAxMDEwMDAwMDBaFw0zNjAxMDEw
MDAwMDBaMBkxFzAVBgNVBAMMDm1lc29mb3JtIGhvc3RzMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN
OPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01NFMEMwDgYDVR0PAQH/BAQDAgEG
MB0GA1UdDgQWBBQzAAAAAAAAAAAAAAAAAAAAAAAAADASBgNVHRMBAf8ECDAGAQH/
AgEBMAoGCCqGSM49BAMCA0gAMEUCIQCnothingnothingnothingnothingnothingno
thingAIgbutlettersbutlettersbutlettersbutlettersbutlettersb0=
-----END CERTIFICATE-----
";

pub const ONE: &str = "[masters]\nm1 ansible_host=10.0.0.1\n[agents]\nm1\n";
/// Two architectures, one host that is only an agent, names with a domain.
pub const THREE: &str = "\
[masters]
m1.example.org ansible_host=10.0.0.1
m2.example.org ansible_host=10.0.0.2
m3.example.org ansible_host=10.0.0.3 mesoform_arch=arm64
[agents]
m1.example.org
m[2:3].example.org
a1 ansible_host=192.0.2.9 mesoform_arch=aarch64 mesoform_attributes=rack:a;zone:b
[all:vars]
mesoform_artifact_url=https://downloads.example.org/{version}/{arch}
";
pub const FIVE: &str = "\
[masters]
m1 ansible_host=10.0.0.1
m2 ansible_host=10.0.0.2
m3 ansible_host=10.0.0.3
m4 ansible_host=10.0.0.4
m5 ansible_host=10.0.0.5
[agents]
m[1:5]
[all:vars]
mesoform_artifact_url=http://10.0.0.100:8000/
";

/// What an operator adds: a file of his own user, a unit that the quorum needs, and modules of cloud-init.
pub const EXTRAS: &str = "\
[masters]
m1 ansible_host=10.0.0.1
[all:vars]
mesoform_artifact_url=http://10.0.0.100:8000/
mesoform_extra_files=[{'path': '/etc/app.conf', 'content': 'a: 1\\n', 'owner': 'app', 'mode': '0600'}]
mesoform_extra_units={'disk.service': '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/sh -c :\\n[Install]\\nWantedBy=multi-user.target\\n'}
mesoform_unit_needs={'quorum': ['disk.service']}
mesoform_extra_cloud_config={'users': ['default', {'name': 'app', 'system': True}], 'packages': ['jq'], 'ntp': {'enabled': True}}
";

pub struct Cluster {
    pub spec: ClusterSpec,
    templates: Templates,
    packer: Packer,
    join: Option<Join>,
}

impl Cluster {
    /// One whose hosts join by themselves: with a token as long as a real one that packs as badly.
    pub fn joining(inventory: &str) -> Self {
        let token = sha256_hex("token");
        let token = (0..8).map(|n| sha256_hex(format!("{token}{n}"))).collect::<String>();
        let join = Join {
            token: SecretText::new(format!("mesoform-join-1.{token}")),
            places: vec!["https://10.0.0.100:8000".into()],
        };
        Self { join: Some(join), ..Self::of(inventory) }
    }

    pub fn of(inventory: &str) -> Self {
        let extra = ExtraVars::parse::<&str>(&[]).unwrap();
        let inventory = Inventory::parse(inventory, Path::new("demo.ini"), &extra).unwrap();
        let spec = resolve(&inventory).unwrap();
        Self {
            spec,
            templates: Templates::embedded().unwrap(),
            packer: Packer::default(),
            join: None,
        }
    }

    pub fn plan(&self, host: &HostSpec) -> Plan {
        let blueprint = Blueprint {
            spec: &self.spec,
            templates: &self.templates,
            ca_pem: CA,
            ca_fingerprint: &"f1".repeat(32),
            credentials: Some("admin:00:11\n"),
            etcd: None,
        };
        blueprint.host(host, &binary(host)).unwrap()
    }

    fn with<T>(&self, host: &HostSpec, make: impl FnOnce(&Boot, &Supply) -> T) -> T {
        let url = self.spec.options.artifact_url.as_ref();
        let url = url.map(|url| url.at(&host.arch, &binary(host).sha256));
        let supply = Supply {
            templates: &self.templates,
            packer: &self.packer,
            artifact_url: url.as_deref(),
            join: self.join.as_ref(),
            address: host.address.parse().ok(),
            extra_cloud_config: host.extra_cloud_config.as_ref(),
        };
        make(&Boot::of(&self.plan(host), &supply).unwrap(), &supply)
    }

    pub fn boot(&self, host: &HostSpec) -> Boot {
        self.with(host, |boot, _| boot.clone())
    }

    /// The document of the host `name`.
    pub fn document(&self, dialect: Dialect, name: &str, limit: Option<usize>) -> String {
        let host = self.spec.host(name).unwrap();
        self.with(host, |boot, supply| document(dialect, boot, supply, limit).unwrap())
    }

    /// All documents in one dialect, as they are by default and without a limit.
    pub fn documents(&self, dialect: Dialect) -> Vec<String> {
        let names = self.spec.hosts.iter().map(|host| host.name.as_str());
        let both = |name| [Some(SMALL), None].map(|limit| self.document(dialect, name, limit));
        names.flat_map(both).collect()
    }
}

/// A binary for each architecture.
fn binary(host: &HostSpec) -> BinaryRef {
    let sha256 = if host.arch == "aarch64" { "aa" } else { "86" };
    BinaryRef { sha256: sha256.repeat(32), size: 1 }
}

/// What is not there does not run, which is told, and in CI is a failure.
pub fn not_run(what: &str) {
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "{what} cannot be had");
    eprintln!("NOT RUN: {what} cannot be had here");
}

/// The folder with cloud-init and Ignition.
pub fn programs() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/boot.sh");
    let output = Command::new(&script).output().unwrap();
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        not_run("Debian's cloud-init and Ignition, the oracles for documents,");
        return None;
    }
    Some(PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join("bin"))
}

/// A published description that tests hold the project against.
pub fn published(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let folder = std::env::var_os("MESOFORM_SPECS").map_or_else(beside, PathBuf::from);
    let file = folder.join(name);
    if !file.is_file() {
        not_run(&format!("{} (MESOFORM_SPECS names the folder)", file.display()));
        return None;
    }
    Some(file)
}
