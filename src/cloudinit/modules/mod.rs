//! The modules of a document, each in a file of its own and named as cloud-init names it.
//!
//! To add one: a file that reads its keys ([`Fields`] notes what is wrong with them) and implements
//! [`Module`], and a line in [`read`], at its place in cloud-init's order.

mod bootcmd;
mod devices;
mod distro;
mod growpart;
mod hostname;
mod hosts;
mod keys;
mod locale;
mod mounts;
mod ntp;
mod packages;
mod power_state;
mod runcmd;
mod script;
mod size;
mod ssh;
mod sudo;
mod swap;
mod templates;
mod timezone;
mod user;
mod users;
mod write_files;

use crate::fields::Fields;
use crate::host::Look;
use crate::{Action, Result};

pub use distro::{Distro, Family};

/// What one module of a document wants.
pub trait Module: Send + Sync {
    /// cloud-init's name for it, by which it is recorded as done.
    fn name(&self) -> &'static str;

    /// What is to be done on this host, in this order. Each is judged again when its turn comes.
    ///
    /// # Errors
    /// The host cannot be looked at, or cannot do what is asked for.
    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>>;

    /// The host does not outlive it.
    fn ends_all(&self) -> bool {
        false
    }
}

/// Keys of a document that mean nothing where there is one document and no cloud.
const ELSEWHERE: &str = "take it out, or have the rest applied by cloud-init itself";

/// The modules that a document asks for, in the order of Debian's `cloud.cfg`: the stages init, config
/// and final.
pub fn read(fields: &mut Fields<'_>) -> Vec<Box<dyn Module>> {
    let mut all: Vec<Box<dyn Module>> = Vec::new();
    let files = write_files::read(fields);
    let (script, commands) = runcmd::read(fields);
    let accounts = users::read(fields);
    all.extend(bootcmd::read(fields));
    all.extend(files.early);
    all.extend(growpart::read(fields));
    all.extend(mounts::read(fields));
    let names = hostname::Names::read(fields);
    all.extend(hostname::read(fields, &names));
    all.extend(hosts::read(fields, &names));
    all.extend(ssh::read(fields, &accounts).into_iter().fold(
        accounts.modules(),
        |mut both, ssh| {
            both.push(ssh);
            both
        },
    ));
    all.extend(locale::read(fields));
    all.extend(ntp::read(fields));
    all.extend(timezone::read(fields));
    all.extend(script);
    all.extend(packages::read(fields));
    all.extend(files.deferred);
    all.extend(commands);
    all.extend(power_state::read(fields));
    for key in UNSUPPORTED {
        fields.unsupported(key, ELSEWHERE);
    }
    all
}

/// Keys that cloud-init knows and we do not: named, so that nobody takes them for a typo.
const UNSUPPORTED: [&str; 60] = [
    "allow_public_ssh_keys",
    "ansible",
    "apk_repos",
    "apt",
    "apt_pipelining",
    "autoinstall",
    "byobu_by_default",
    "ca-certs",
    "ca_certs",
    "chef",
    "chpasswd",
    "cloud_config_modules",
    "cloud_final_modules",
    "cloud_init_modules",
    "disable_ec2_metadata",
    "disk_setup",
    "drivers",
    "fan",
    "final_message",
    "fs_setup",
    "grub_dpkg",
    "keyboard",
    "landscape",
    "launch-index",
    "lxd",
    "manage_resolv_conf",
    "mcollective",
    "merge_how",
    "merge_type",
    "no_ssh_fingerprints",
    "output",
    "password",
    "phone_home",
    "puppet",
    "random_seed",
    "reporting",
    "resize_rootfs",
    "resolv_conf",
    "rh_subscription",
    "rpi",
    "rsyslog",
    "salt_minion",
    "snap",
    "spacewalk",
    "ssh",
    "ssh_deletekeys",
    "ssh_fp_console_blacklist",
    "ssh_genkeytypes",
    "ssh_import_id",
    "ssh_key_console_blacklist",
    "ssh_keys",
    "ssh_publish_hostkeys",
    "ssh_pwauth",
    "ssh_quiet_keygen",
    "system_info",
    "ubuntu_advantage",
    "updates",
    "vendor_data",
    "wireguard",
    "yum_repos",
];
