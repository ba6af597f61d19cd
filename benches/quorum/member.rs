use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// One process of those that are measured, ended with this value.
pub struct Member {
    pub address: String,
    data: PathBuf,
    command: Command,
    process: Child,
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Member {
    /// None: it is not installed.
    pub fn start(address: String, data: PathBuf, mut command: Command) -> Option<Self> {
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self { address, data, command, process })
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.process = self.command.spawn().unwrap();
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Bytes that the data takes on the disk.
    pub fn stored(&self) -> u64 {
        let out = Command::new("du").arg("-sB1").arg(&self.data).output().unwrap().stdout;
        let text = String::from_utf8(out).unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// CPU seconds that it has used.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let Ok(stat) = stat else { return 0.0 };
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = [11, 12].iter().map(|n| fields[*n].parse::<u64>().unwrap()).sum();
        // The kernel's USER_HZ.
        ticks as f64 / 100.0
    }
}
