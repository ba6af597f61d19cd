use std::net::SocketAddrV4;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::http::Answer;
use crate::prober::{Prober, fetch};

/// For what takes some seconds when the machine has nothing else to do.
const LIMIT: Duration = Duration::from_secs(240);

/// For one look at an instance; those of a host that has died never answer.
const LOOK: Duration = Duration::from_secs(3);

/// An app, as its owner sees it.
pub struct App<'a> {
    cluster: &'a Cluster<'a>,
    id: String,
}

/// An instance of an app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    pub id: String,
    /// The host's name.
    pub host: String,
    /// Where it serves.
    pub place: SocketAddrV4,
}

impl<'a> App<'a> {
    pub(crate) fn new(cluster: &'a Cluster<'a>, id: &str) -> Self {
        Self { cluster, id: id.to_owned() }
    }

    /// The definition of an app whose instances serve their own task ids on PORT0.
    pub fn web(id: &str, instances: usize) -> Value {
        json!({
            "id": id, "instances": instances, "cpus": 0.1, "mem": 32,
            "cmd": "mkdir -p www && echo $MESOS_TASK_ID > www/index.html && \
                    exec busybox httpd -f -p $PORT0 -h www",
        })
    }

    /// Asks for another number of instances.
    #[track_caller]
    pub fn scale(&self, instances: usize) -> Answer {
        let body = json!({ "instances": instances }).to_string();
        self.cluster.ask("PUT", &format!("/v2/apps{}", self.id), Some(&body))
    }

    /// Its instances that are said to run.
    #[track_caller]
    pub fn tasks(&self) -> Vec<Task> {
        let answer = self.cluster.ask("GET", &format!("/v2/apps{}/tasks", self.id), None);
        let Ok(answer) = serde_json::from_str::<Value>(&answer.body) else { return Vec::new() };
        let tasks = answer["tasks"].as_array().into_iter().flatten();
        let running = tasks.filter(|task| task["state"] == "TASK_RUNNING");
        let mut tasks: Vec<Task> = running.filter_map(|task| self.task(task)).collect();
        tasks.sort();
        tasks
    }

    fn task(&self, task: &Value) -> Option<Task> {
        let host = task["host"].as_str()?.to_owned();
        let port = u16::try_from(task["ports"][0].as_u64()?).ok()?;
        let place = SocketAddrV4::new(self.cluster.address_of(&host)?, port);
        Some(Task { id: task["id"].as_str()?.to_owned(), host, place })
    }

    /// Those of its instances that answer with their own ids.
    #[track_caller]
    pub fn answering(&self) -> Vec<Task> {
        let mut tasks = self.tasks();
        tasks.retain(|task| self.answers(task));
        tasks
    }

    /// Whether this instance answers now.
    pub fn answers(&self, task: &Task) -> bool {
        let (place, id) = (task.place, task.id.clone());
        self.cluster.rig().inside(move || fetch(place, LOOK).is_ok_and(|body| body.trim() == id))
    }

    /// Waits until exactly so many instances run, and all of them answer.
    #[track_caller]
    pub fn expect_answers(&self, instances: usize) -> Vec<Task> {
        self.expect(&format!("{instances} instances of {} answer", self.id), |app| {
            let answering = app.answering();
            (answering.len() == instances && app.tasks() == answering).then_some(answering)
        })
    }

    /// Waits until it is as it should be; says how it was when that never came.
    #[track_caller]
    pub fn expect<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let start = std::time::Instant::now();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if start.elapsed() > LIMIT {
                let path = format!("/v2/apps{}?embed=app.tasks", self.id);
                let app = self.cluster.ask("GET", &path, None);
                let status = self.cluster.status();
                panic!("after {} s still not: {what}\n{app:?}\n{status}", LIMIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks each of the instances again and again in the background.
    pub fn probe(&self, tasks: &[Task]) -> Prober {
        Prober::start(self.cluster.rig(), tasks)
    }
}
