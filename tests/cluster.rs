use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::app::App;
use crate::host::Host;
use crate::http::{Answer, Request};
use crate::rig::Rig;
use crate::run::Run;

/// The scheduler's port: the Marathon API.
const SCHEDULER: u16 = 8080;

/// A cluster as its operator sees it: `cluster.up().expect_success()`.
pub struct Cluster<'a> {
    rig: &'a Rig,
    inventory: PathBuf,
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(rig: &'a Rig, inventory: PathBuf) -> Self {
        Self { rig, inventory }
    }

    pub fn inventory(&self) -> &Path {
        &self.inventory
    }

    /// What the operator keeps of the cluster: its CA, the admin credential, logs of runs. The cluster
    /// is named after the inventory's file.
    pub fn state(&self) -> PathBuf {
        let name = self.inventory.file_stem().unwrap_or_default();
        self.rig.dir().join(".mesoform").join(name)
    }

    /// `user:password` of the HTTP APIs.
    #[track_caller]
    pub fn credentials(&self) -> String {
        let text = fs::read_to_string(self.state().join("admin.yml")).unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().trim_matches(['"', '\'']).to_owned()
        };
        format!("{}:{}", value("user:"), value("password:"))
    }

    /// A request to a service on a host, with the credentials and the authority that it takes.
    #[track_caller]
    pub fn request(&self, method: &str, host: &Host, port: u16, path: &str) -> Request {
        let url = format!("https://{}:{port}{path}", host.address());
        Request::new(method, &url).ca(&self.state().join("ca.crt")).credentials(&self.credentials())
    }

    /// A request that was made ready before.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        self.rig.http(request)
    }

    /// A request to this host's scheduler.
    #[track_caller]
    pub fn ask_at(&self, host: &Host, method: &str, path: &str, body: Option<&str>) -> Answer {
        let request = self.request(method, host, SCHEDULER, path);
        self.rig.http(&body.into_iter().fold(request, Request::body))
    }

    /// A request to the scheduler of any host that has power: the first that does not say 503.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        let hosts = self.rig.hosts_with_power();
        let mut answers = hosts.iter().map(|host| self.ask_at(host, method, path, body));
        let first = answers.next().unwrap();
        if !matches!(first.status, 0 | 502 | 503) {
            return first;
        }
        answers.find(|answer| !matches!(answer.status, 0 | 502 | 503)).unwrap_or(first)
    }

    /// The app of this id.
    pub fn app(&self, id: &str) -> App<'_> {
        App::new(self, id)
    }

    /// Creates an app whose instances serve their own task ids.
    #[track_caller]
    pub fn create_web(&self, id: &str, instances: usize) -> App<'_> {
        let definition = App::web(id, instances).to_string();
        self.ask("POST", "/v2/apps", Some(&definition)).expect_status(201);
        self.app(id)
    }

    /// `status --output json`: what it knows of the whole cluster.
    #[track_caller]
    pub fn health(&self) -> Value {
        let status = self.does(&["status", "--output", "json"]);
        let lines = status.stdout.lines().filter_map(|line| serde_json::from_str(line).ok());
        let found = lines.into_iter().find(|line: &Value| line["event"] == "status");
        found.unwrap_or_else(|| panic!("no status\n{status}"))["health"].take()
    }

    pub(crate) fn rig(&self) -> &Rig {
        self.rig
    }

    /// Where the rig's host of this name, or of this address, is.
    pub(crate) fn address_of(&self, host: &str) -> Option<Ipv4Addr> {
        host.parse().ok().or_else(|| Some(self.rig.find(host)?.address()))
    }

    #[track_caller]
    pub fn up(&self) -> Run {
        self.does(&["up"])
    }

    /// `up --check`: says what `up` would do.
    #[track_caller]
    pub fn check(&self) -> Run {
        self.does(&["up", "--check"])
    }

    #[track_caller]
    pub fn status(&self) -> Run {
        self.does(&["status"])
    }

    /// It waits until all is as well as before, which takes as long as the machine is busy.
    #[track_caller]
    pub fn restart(&self, service: &str) -> Run {
        self.does(&["restart", service, "--timeout", "250"])
    }

    #[track_caller]
    pub fn down(&self) -> Run {
        self.does(&["down", "--yes"])
    }

    /// Any command on this cluster's inventory.
    #[track_caller]
    pub fn does(&self, words: &[&str]) -> Run {
        let inventory = self.inventory.display().to_string();
        self.rig.mesoform(&[words, &["-i", &inventory]].concat())
    }
}
