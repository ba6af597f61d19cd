use std::time::Duration;

use crate::host::Host;
use crate::run::Run;

/// A service of a host, as its systemd sees it.
pub struct Unit<'a> {
    host: &'a Host,
    name: String,
}

impl Host {
    /// `host.service("quorum")` is the unit `mesoform-quorum`.
    pub fn service(&self, name: &str) -> Unit<'_> {
        Unit { host: self, name: format!("mesoform-{name}") }
    }
}

impl Unit<'_> {
    /// `active`, `activating`, `inactive`, `failed`…
    #[track_caller]
    pub fn state(&self) -> String {
        self.property("ActiveState")
    }

    /// What it says of itself.
    #[track_caller]
    pub fn says(&self) -> String {
        self.property("StatusText")
    }

    #[track_caller]
    pub fn restarts(&self) -> u32 {
        self.property("NRestarts").parse().unwrap()
    }

    #[track_caller]
    pub fn pid(&self) -> i32 {
        self.property("MainPID").parse().unwrap()
    }

    /// When it became ready the last time, on the clock that all hosts of the rig share.
    #[track_caller]
    pub fn ready_at(&self) -> Option<Duration> {
        self.time("ActiveEnterTimestampMonotonic")
    }

    /// When it was no longer active the last time.
    #[track_caller]
    pub fn ended_at(&self) -> Option<Duration> {
        self.time("ActiveExitTimestampMonotonic")
    }

    /// When it was started the last time.
    #[track_caller]
    pub fn started_at(&self) -> Option<Duration> {
        self.time("InactiveExitTimestampMonotonic")
    }

    /// As the kernel does when memory runs out; systemd starts it again.
    #[track_caller]
    pub fn kill(&self) {
        self.does("kill -s KILL");
    }

    /// Stands still: its connections stay, nothing answers.
    #[track_caller]
    pub fn pause(&self) {
        self.does("kill -s STOP");
    }

    #[track_caller]
    pub fn resume(&self) {
        self.does("kill -s CONT");
    }

    /// Systemd does not start it again.
    #[track_caller]
    pub fn stop(&self) {
        self.does("stop");
    }

    /// A verb of systemctl that may not fit the state that the service is in.
    #[track_caller]
    pub fn try_to(&self, words: &str) -> Run {
        self.host.run(&format!("systemctl {words} {}", self.name))
    }

    #[track_caller]
    fn does(&self, words: &str) {
        self.try_to(words).expect_success();
    }

    #[track_caller]
    fn property(&self, property: &str) -> String {
        let command = format!("systemctl show -P {property} {}", self.name);
        self.host.run(&command).expect_success().text().to_owned()
    }

    #[track_caller]
    fn time(&self, property: &str) -> Option<Duration> {
        let micros: u64 = self.property(property).parse().ok()?;
        (micros > 0).then(|| Duration::from_micros(micros))
    }
}
