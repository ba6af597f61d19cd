//! What the host has, as Mesos counts it.

use crate::AgentError;
use mesoform_mesos::{AgentInfo, Attribute, Extra, Resource};
use mesoform_settings::{AgentSettings, ResourceSettings};
use nix::sys::statvfs::statvfs;
use std::path::Path;

const MIB: u64 = 1024 * 1024;
/// MiB that are left to the system: of memory, and of the disk.
const MEM_RESERVE: u64 = 1024;
const DISK_RESERVE: u64 = 5 * 1024;
const PORTS: (u16, u16) = (31_000, 32_000);

/// This boot of the host: another after each reboot.
pub fn boot_id() -> Result<String, AgentError> {
    let path = "/proc/sys/kernel/random/boot_id";
    let id = std::fs::read_to_string(path);
    let id = id.map_err(|e| AgentError::Host { what: "the boot id", cause: e.to_string() })?;
    Ok(id.trim().to_owned())
}

/// What the agent tells the masters about itself. `port` is its API's.
pub fn info(settings: &AgentSettings, work_dir: &Path, port: u16) -> Result<AgentInfo, AgentError> {
    Ok(AgentInfo {
        hostname: settings.hostname.clone(),
        port: Some(port),
        resources: resources(&settings.resources, work_dir)?,
        attributes: attributes(settings),
        id: None,
        address: Some(settings.address.clone()),
        extra: Extra::new(),
    })
}

fn resources(wanted: &ResourceSettings, work_dir: &Path) -> Result<Vec<Resource>, AgentError> {
    let ports = wanted.ports.clone().unwrap_or_else(|| vec![PORTS]);
    let cpus = match wanted.cpus {
        Some(cpus) => cpus,
        None => cores()?,
    };
    let mem = match wanted.mem {
        Some(mem) => mem,
        None => offered(memory_mib()?, MEM_RESERVE),
    };
    let disk = match wanted.disk {
        Some(disk) => disk,
        None => offered(disk_mib(work_dir)?, DISK_RESERVE),
    };
    Ok(vec![
        Resource::scalar("cpus", cpus),
        Resource::scalar("mem", mem),
        Resource::scalar("disk", disk),
        Resource::ranges("ports", ports.into_iter().map(|(a, b)| (a.into(), b.into()))),
    ])
}

/// All but the reserve, or half where that is more than half.
fn offered(total: u64, reserve: u64) -> f64 {
    let offered = if total < 2 * reserve { total / 2 } else { total - reserve };
    offered as f64
}

/// As systemd counts: those that are online, whatever this process itself is bound to.
fn cores() -> Result<f64, AgentError> {
    let online = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN);
    let online = online.ok().flatten().filter(|n| *n > 0);
    online.map(|n| n as f64).ok_or_else(|| AgentError::Host {
        what: "the number of cores",
        cause: "the system does not say; set `resources.cpus`".into(),
    })
}

fn memory_mib() -> Result<u64, AgentError> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    parse_memory(&text).ok_or_else(|| AgentError::Host {
        what: "the memory",
        cause: "/proc/meminfo has no MemTotal; set `resources.mem`".into(),
    })
}

fn parse_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

fn disk_mib(dir: &Path) -> Result<u64, AgentError> {
    let stat = statvfs(dir)
        .map_err(|e| AgentError::Host { what: "the size of the disk", cause: e.to_string() })?;
    Ok((stat.blocks() as u64).saturating_mul(stat.fragment_size() as u64) / MIB)
}

/// How full the file system is, from 0 to 1.
pub fn disk_usage(dir: &Path) -> Option<f64> {
    let stat = statvfs(dir).ok()?;
    let total = stat.blocks() as f64;
    (total > 0.0).then(|| 1.0 - stat.blocks_available() as f64 / total)
}

fn attributes(settings: &AgentSettings) -> Vec<Attribute> {
    let mut all: Vec<Attribute> =
        settings.attributes.iter().map(|a| Attribute::text(&a.name, &a.value)).collect();
    for (name, value) in [("arch", std::env::consts::ARCH), ("os", std::env::consts::OS)] {
        if !all.iter().any(|a| a.name == name) {
            all.push(Attribute::text(name, value));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_keeps_its_part() {
        assert_eq!(offered(1000, MEM_RESERVE), 500.0);
        assert_eq!(offered(2048, MEM_RESERVE), 1024.0);
        assert_eq!(offered(8192, MEM_RESERVE), 7168.0);
        assert_eq!(offered(10_000, DISK_RESERVE), 5000.0);
    }

    #[test]
    fn meminfo_is_read() {
        assert_eq!(parse_memory("MemTotal:       24689548 kB\nMemFree: 1 kB\n"), Some(24110));
        assert_eq!(parse_memory("nothing"), None);
    }

    #[test]
    fn the_settings_come_before_what_is_found() {
        let wanted = ResourceSettings {
            cpus: Some(0.5),
            ports: Some(vec![(1, 2), (5, 6)]),
            ..Default::default()
        };
        let found = resources(&wanted, Path::new("/")).unwrap();
        assert_eq!(found[0], Resource::scalar("cpus", 0.5));
        assert_eq!(found[3], Resource::ranges("ports", [(1, 2), (5, 6)]));
        assert!(found[1].scalar.unwrap().value > 0.0);
    }
}
