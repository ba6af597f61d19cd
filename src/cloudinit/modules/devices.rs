//! Names of devices, as cloud-init makes them whole.

use crate::host::Look;
use std::collections::BTreeMap;
use std::path::Path;

/// What a device is called on this host; none where there is no such device, or where only a cloud
/// knows it (`ephemeral0`).
pub fn real_name(
    look: &dyn Look,
    name: &str,
    aliases: &BTreeMap<String, String>,
) -> Option<String> {
    if is_network(name) {
        return Some(name.to_owned());
    }
    let (device, part) = match name.rsplit_once('.') {
        Some((device, part)) => (device, Some(part)),
        None => (name, None),
    };
    let device = aliases.get(device).map_or(device, String::as_str);
    if is_of_cloud(device) {
        return None;
    }
    let device = if is_short(device) { format!("/dev/{device}") } else { device.to_owned() };
    let partition = partition(look, &device, part.unwrap_or("1"));
    if part.is_some() && partition.is_none() {
        return None;
    }
    is_block(look, &device, partition.as_deref()).then(|| partition.unwrap_or(device))
}

/// `server:/export`
fn is_network(name: &str) -> bool {
    name.split_once(':').is_some_and(|(server, _)| !server.is_empty())
}

fn is_of_cloud(name: &str) -> bool {
    let numbered = ["ephemeral", "ebs"].iter().any(|begin| name.starts_with(begin));
    ["ami", "root", "swap"].contains(&name) || numbered
}

/// `sda1`, `xvdh`, `sr0`: what lies in `/dev`.
fn is_short(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = name.strip_prefix("sr") {
        return !number.is_empty() && digits(number);
    }
    let rest = name.strip_prefix('x').unwrap_or(name);
    let mut letters = rest.chars();
    let kind = letters.next().is_some_and(|c| "shv".contains(c)) && letters.next() == Some('d');
    kind && letters.next().is_some_and(|c| c.is_ascii_lowercase()) && digits(letters.as_str())
}

pub fn partition(look: &dyn Look, device: &str, number: &str) -> Option<String> {
    let names = ["", "p", "-part"].map(|between| format!("{device}{between}{number}"));
    names.into_iter().find(|name| look.exists(Path::new(name)))
}

fn is_block(look: &dyn Look, device: &str, partition: Option<&str>) -> bool {
    let last = |path: &str| {
        let real = look.real(Path::new(path)).unwrap_or_else(|| path.into());
        real.file_name().map(|name| name.to_owned()).unwrap_or_default()
    };
    let disk = Path::new("/sys/block").join(last(device));
    look.exists(&partition.map_or(disk.clone(), |part| disk.join(last(part))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_lie_in_dev() {
        let short = ["sda", "sda1", "xvdh", "vdb2", "hdc", "sr0"];
        assert!(short.iter().all(|name| is_short(name)));
        let others = ["sdaa", "dd", "/dev/sda", "nvme0n1", "sr", "sd"];
        assert!(!others.iter().any(|name| is_short(name)));
        assert!(is_network("server:/x") && !is_network("LABEL=x"));
    }
}
