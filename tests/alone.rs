//! The cluster of one machine, started by an ordinary user at the operator's place of a rig, where
//! its fixed ports are nobody else's.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::rig::Rig;
use crate::run::{Run, Running, run};
use crate::wait::eventually;

const LIMIT: Duration = Duration::from_secs(240);

/// A user of the machine without any rights, who has a folder and a mesoform.
pub struct User<'a> {
    rig: &'a Rig,
    /// No one else's: so all processes of this user are the story's.
    uid: u32,
    home: PathBuf,
}

/// A `mesoform up` of a [`User`], in the foreground of a terminal.
pub struct Alone {
    pub process: Running,
    output: PathBuf,
}

impl<'a> User<'a> {
    pub fn new(rig: &'a Rig) -> Self {
        let uid = 200_000 + rand::random_range(0..1_000_000);
        // Not below the rig's folder, which others may not enter.
        let home = std::env::temp_dir().join(format!("mesoform-user-{uid}"));
        fs::create_dir(&home).unwrap();
        let user = Self { rig, uid, home };
        let binary = std::env::var_os("MESOFORM_BIN").expect("tests/run sets MESOFORM_BIN");
        fs::copy(binary, user.home.join("mesoform")).unwrap();
        chown(&user.home, Some(uid), Some(uid)).unwrap();
        user
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What the user types at a shell.
    #[track_caller]
    pub fn runs(&self, line: &str) -> Run {
        run(&mut self.shell(line), LIMIT)
    }

    /// `mesoform up` with these words; its output goes into a file.
    #[track_caller]
    pub fn starts_alone(&self, words: &str) -> Alone {
        let output = self.home.join(format!("output-{}", rand::random::<u32>()));
        let line = format!("exec ./mesoform up {words} >{} 2>&1", output.display());
        let process = Running::start(&mut self.shell(&line));
        Alone { process, output }
    }

    /// The command lines of all that runs as this user.
    pub fn processes(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let its = entries.filter_map(|entry| {
            let status = fs::read_to_string(entry.path().join("status")).ok()?;
            let line = status.lines().find(|line| line.starts_with("Uid:"))?;
            let uid: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
            // One that has ended and waits to be collected has no command line.
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            (uid == self.uid && !command.is_empty()).then_some(command)
        });
        its.collect()
    }

    #[track_caller]
    pub fn expect_no_processes(&self) {
        eventually("no process is left", LIMIT, || self.processes().is_empty());
    }

    fn shell(&self, line: &str) -> Command {
        let id = self.uid.to_string();
        let mut command = self.rig.program("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "env", "-i"]);
        command.arg(format!("HOME={}", self.home.display())).arg("no_proxy=*");
        command.args(["PATH=/usr/local/bin:/usr/bin:/bin", "sh", "-c", line]);
        command.current_dir(&self.home);
        command
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- processes of the user\n{:#?}", self.processes());
            let logs = "tail -n 20 output-* */var/log/*.log";
            eprintln!("{}", run(&mut self.shell(logs), LIMIT).stdout);
        }
        // Its own processes, by its own right: -1 means all that the user may signal.
        run(&mut self.shell("kill -KILL -1"), LIMIT);
        let _ = fs::remove_dir_all(&self.home);
    }
}

impl Alone {
    /// Waits until it says that the cluster is up.
    #[track_caller]
    pub fn expect_up(&mut self) {
        eventually("the cluster is up", LIMIT, || {
            assert!(self.process.is_running(), "it ended:\n{}", self.says());
            self.says().contains("The cluster is up")
        });
    }

    /// All that it has said so far.
    pub fn says(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }
}
