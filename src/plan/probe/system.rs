use super::records::Record;
use crate::{ClusterMark, Facts, Holder, LastRun, PlanError};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// The folders whose free space is asked for, in the order that `df` gets them.
const DISKS: [&str; 2] = ["/opt", "/var/lib"];

/// What is not about a path, a user or a unit of interest.
#[derive(Default)]
pub struct System {
    facts: Facts,
    os: BTreeMap<String, String>,
    disks: Vec<u64>,
}

impl System {
    pub fn read(&mut self, record: &Record<'_>) -> Result<(), PlanError> {
        let facts = &mut self.facts;
        match record.word {
            "uname" => self.uname(record)?,
            "time" => facts.epoch_ms = epoch_ms(record)?,
            "uid" => facts.uid = number(record)?,
            "sudo" if record.rest == "free" => facts.free_sudo = true,
            "sudo" => facts.has_sudo = true,
            "systemd" => facts.systemd = leading_number(record.rest),
            "os" => self.os.extend(assignment(record.rest)),
            "mem" => facts.mem_total_mib = number::<u64>(record)? / 1024,
            "cpus" => facts.cpus = number(record)?,
            "df" => self.disks.extend(available_mib(record.rest)),
            "tcp" => facts.listening.extend(local_port(record.rest)),
            "holder" => {
                if let Some((port, holder)) = holder(record.rest) {
                    facts.holders.entry(port).or_default().push(holder);
                }
            }
            "ip" => facts.addresses.extend(address(record.rest)),
            "unresolved" => drop(facts.unresolved.insert(record.rest.to_owned())),
            "cluster" => facts.cluster = Some(mark(record.rest)),
            "lock" => facts.lock = serde_json::from_str(record.rest).ok(),
            "last" => {
                facts.last_run = Some(LastRun { id: record.rest.to_owned(), outcome: None });
            }
            "outcome" => {
                if let Some(run) = &mut facts.last_run {
                    run.outcome = serde_json::from_str(record.rest).ok();
                }
            }
            other => return Err(record.wrong(format!("{other:?} is not known"))),
        }
        Ok(())
    }

    pub fn finish(mut self) -> Facts {
        self.facts.os_id = self.os.remove("ID").unwrap_or_default();
        self.facts.os_version = self.os.remove("VERSION_ID").unwrap_or_default();
        self.facts.disk_free_mib = DISKS.iter().map(PathBuf::from).zip(self.disks).collect();
        self.facts
    }

    fn uname(&mut self, record: &Record<'_>) -> Result<(), PlanError> {
        let words: Vec<&str> = record.rest.split(' ').collect();
        let [hostname, kernel, arch] = words[..] else {
            return Err(record.wrong("host name, kernel and architecture are expected"));
        };
        let own = |word: &str| word.to_owned();
        (self.facts.hostname, self.facts.kernel, self.facts.arch) =
            (own(hostname), own(kernel), own(arch));
        Ok(())
    }
}

fn number<T: std::str::FromStr>(record: &Record<'_>) -> Result<T, PlanError> {
    let rest = record.rest.trim();
    rest.parse().map_err(|_| record.wrong(format!("{}: {rest:?} is no number", record.word)))
}

/// `252` of `252.39-1~deb12u1`.
fn leading_number(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// `seconds nanoseconds`; the latter are missing where `date` does not know `%N`.
fn epoch_ms(record: &Record<'_>) -> Result<i64, PlanError> {
    let mut words = record.rest.split_whitespace();
    let seconds: Option<i64> = words.next().and_then(|word| word.parse().ok());
    let nanos = words.next().filter(|word| word.len() == 9);
    let nanos: i64 = nanos.and_then(|word| word.parse().ok()).unwrap_or(0);
    let ms = seconds.and_then(|s| s.checked_mul(1000)?.checked_add(nanos / 1_000_000));
    ms.ok_or_else(|| record.wrong("the time is no number"))
}

/// A line of os-release: `NAME="value"`.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let value = value.trim();
    let unquoted =
        ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value);
    Some((name.trim().to_owned(), unquoted.to_owned()))
}

/// The fourth column of `df -Pk`, counted from the percentage, since the first may have spaces.
fn available_mib(line: &str) -> Option<u64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.iter().position(|word| word.ends_with('%') && word.len() > 1)?;
    let kib: u64 = words.get(percent.checked_sub(1)?)?.parse().ok()?;
    Some(kib / 1024)
}

/// `0: 0100007F:1389 00000000:0000 0A …`: the port is hexadecimal.
fn local_port(line: &str) -> Option<u16> {
    let (_, port) = line.split_whitespace().nth(1)?.rsplit_once(':')?;
    u16::from_str_radix(port, 16).ok()
}

/// `5050 123 mesoform-master.service mesoform`; `-` where no unit has it.
fn holder(line: &str) -> Option<(u16, Holder)> {
    let mut words = line.splitn(4, ' ');
    let (port, pid, unit, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let unit = (unit != "-").then(|| unit.to_owned());
    let holder = Holder { name: name.to_owned(), pid: pid.parse().ok()?, unit };
    Some((port.parse().ok()?, holder))
}

/// `2: host0    inet 10.0.0.5/24 brd … scope global host0 …`
fn address(line: &str) -> Option<IpAddr> {
    let mut words = line.split_whitespace().skip_while(|word| !matches!(*word, "inet" | "inet6"));
    let (address, _) = words.nth(1)?.split_once('/')?;
    address.parse().ok()
}

fn mark(line: &str) -> ClusterMark {
    let (name, fingerprint) = line.split_once(' ').unwrap_or((line, ""));
    ClusterMark { name: name.to_owned(), fingerprint: fingerprint.trim().to_owned() }
}
