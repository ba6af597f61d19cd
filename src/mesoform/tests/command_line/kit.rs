//! `mesoform` as a user calls it, in a folder of its own.

use std::path::Path;
use std::process::{Command, Stdio};

/// What a call came to.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A folder with an inventory.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn with(inventory: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hosts.ini"), inventory).unwrap();
        Self(folder)
    }

    /// Calls `mesoform` with the words of `line`.
    pub fn call(&self, line: &str) -> Ended {
        Ended::of(&mut command(self.0.path(), line))
    }

    /// A folder with what passes for binaries too: ELF headers that ask for no interpreter.
    pub fn with_binaries(inventory: &str) -> Self {
        let folder = Self::with(inventory);
        for (arch, machine) in [("x86_64", 62_u8), ("aarch64", 183)] {
            let mut elf = vec![0_u8; 64];
            elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
            (elf[16], elf[18], elf[20], elf[52], elf[54], elf[58]) = (2, machine, 1, 64, 56, 64);
            let name = format!("mesoform-{}-{arch}-unknown-linux-musl", env!("CARGO_PKG_VERSION"));
            folder.write(&name, &elf);
        }
        folder
    }

    /// A call that finds the binaries for hosts in the folder.
    pub fn command(&self, line: &str) -> Command {
        let mut command = command(self.path(), line);
        command.env("MESOFORM_DIST", self.path());
        command
    }

    pub fn with_dist(&self, line: &str) -> Ended {
        Ended::of(&mut self.command(line))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Calls it with nobody reading what it prints; its exit code.
    pub fn call_unread(&self, line: &str) -> i32 {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(self.0.path(), line);
        command.stdout(writer).stderr(Stdio::null()).status().unwrap().code().unwrap()
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// What lies in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Ended {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Each line of standard output, which must be an object with an event.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let object = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["event"].is_string(), "{line}");
            value
        };
        self.stdout.lines().map(object).collect()
    }
}

/// Calls `mesoform` where there is no inventory.
pub fn mesoform(line: &str) -> Ended {
    Folder::with("").call(line)
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mesoform"));
    // These tests need no binary for hosts, and must not build one.
    command.env("MESOFORM_DIST", "/nowhere");
    command.args(line.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    for variable in ["MESOFORM_INVENTORY", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}
