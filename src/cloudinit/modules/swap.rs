use super::size;
use crate::fields::{Fields, wrong};
use crate::host::Look;
use crate::yaml::{Node, Value};
use crate::{Action, Command, Result};
use mesoform_plan::{Thing, What};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Gigabytes of zeroes on a slow disk.
const LIMIT: Duration = Duration::from_secs(3600);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A file to swap to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    pub file: PathBuf,
    /// None: as cloud-init finds it right for the memory.
    size: Option<u64>,
    most: Option<u64>,
}

impl Swap {
    /// None where no size is given, or 0.
    pub fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let node = fields.node("swap")?;
        let mut own = Fields::of(node, "swap", fields.notes)?;
        let file = own.text("filename").unwrap_or_else(|| "/swap.img".to_owned());
        if !file.starts_with('/') || file.contains(char::is_whitespace) {
            own.notes.add(own.line, "swap: filename is no absolute path", "write it from / on");
        }
        let auto = |node: &Node| node.value == Value::Text("auto".to_owned());
        let size = own.node("size");
        let most = own.node("maxsize").and_then(|node| number(node, "swap: maxsize", &own));
        let size = match size {
            Some(node) if auto(node) => None,
            Some(node) => Some(number(node, "swap: size", &own)?),
            None => Some(0),
        };
        own.finish();
        (size != Some(0)).then_some(Self { file: file.into(), size, most })
    }

    /// What makes the file, where it is not in use.
    pub fn actions(&self, look: &dyn Look, fstab: &str) -> Result<Vec<Action>> {
        let name = self.file.display().to_string();
        let first = |line: &str| line.split_whitespace().next() == Some(&name);
        let swaps = look.text(Path::new("/proc/swaps"))?.unwrap_or_default();
        let in_use = swaps.lines().any(first) || fstab.lines().any(first);
        if in_use && look.exists(&self.file) {
            return Ok(Vec::new());
        }
        let mib = self.bytes(look)? / MIB;
        if mib == 0 {
            return Ok(vec![Action::Note(
                "no swap file is made: there is no room for one".to_owned(),
            )]);
        }
        let command =
            Command::new(What::Create, Thing::File, &name).because(format!("{mib} MiB of swap"));
        let command = command.call("/bin/sh", &["-c", SCRIPT, "mesoform", &name, &mib.to_string()]);
        Ok(vec![Action::Run(command.within(LIMIT))])
    }

    fn bytes(&self, look: &dyn Look) -> Result<u64> {
        if let Some(size) = self.size {
            return Ok(size);
        }
        let text = look.text(Path::new("/proc/meminfo"))?.unwrap_or_default();
        let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let total = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        Ok(suggested(total.unwrap_or_default() * 1024, look.free(&self.file), self.most))
    }
}

/// cloud-init's suggestion for so much memory, room on the disk, and a limit of the document's.
fn suggested(memory: u64, free: Option<u64>, most: Option<u64>) -> u64 {
    let free = free.unwrap_or(u64::MAX);
    let most = match most {
        None => (free / 4).min(memory.saturating_mul(2)),
        Some(most) => most.min(free / 10 * 9),
    };
    let least = match memory {
        m if m < 4 * GIB => m,
        m if m < 16 * GIB => 4 * GIB,
        m => ((m as f64 / GIB as f64).sqrt().round() as u64) * GIB,
    };
    least.min(most)
}

fn number(node: &Node, place: &str, fields: &Fields<'_>) -> Option<u64> {
    let bytes = match &node.value {
        Value::Int(bytes, _) => u64::try_from(*bytes).ok(),
        Value::Text(text) => size::bytes(text),
        _ => None,
    };
    if bytes.is_none() {
        wrong(fields.notes, node, place, "a size: bytes, or 512M or 2G");
    }
    bytes
}

/// A file of which no block is missing, that only root reads.
const SCRIPT: &str = r#"set -e
umask 077
mkdir -p "$(dirname "$1")"
rm -f "$1"
trap 'rm -f "$1"' INT TERM
if [ "$(stat -f -c %T "$(dirname "$1")")" = btrfs ] || ! fallocate -l "$2"M "$1"; then
    dd if=/dev/zero of="$1" bs=1M count="$2" || { rm -f "$1"; exit 1; }
fi
chmod 0600 "$1"
mkswap "$1" || { rm -f "$1"; exit 1; }"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_as_cloud_init_suggests_it() {
        assert_eq!(suggested(2 * GIB, Some(100 * GIB), None), 2 * GIB);
        assert_eq!(suggested(8 * GIB, Some(100 * GIB), None), 4 * GIB);
        assert_eq!(suggested(64 * GIB, Some(100 * GIB), None), 8 * GIB);
        assert_eq!(suggested(64 * GIB, Some(8 * GIB), None), 2 * GIB);
        assert_eq!(suggested(8 * GIB, Some(100 * GIB), Some(10 * MIB)), 10 * MIB);
    }
}
