//! From a task as a framework describes it to what its executor runs.

use crate::AgentError;
use crate::core::{Launch, Task, TaskKey};
use crate::disk::Stored as _;
use crate::executor::{Account, Program, TaskFile};
use crate::launcher::{Start, amount};
use crate::store::Places;
use mesoform_mesos::{AgentId, CommandInfo};
use mesoform_settings::AgentSettings;
use std::collections::BTreeMap;

/// Where neither the task nor the agent names one.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What is the same for all tasks of an agent.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub path: Option<String>,
    /// Whether tasks can be given another user.
    pub root: bool,
    /// Whom they run as where nobody says.
    pub task_user: Option<String>,
    /// How large their `stdout` and `stderr` may become.
    pub log_bytes: u64,
}

impl Surroundings {
    /// # Errors
    /// There is no such user as tasks are to run as: better said before the first one fails.
    pub fn of(settings: &AgentSettings) -> Result<Self, AgentError> {
        let root = nix::unistd::geteuid().is_root();
        let task_user = settings.task_user.clone().filter(|_| root);
        if let Some(user) = &task_user {
            Account::find(user).map_err(|cause| AgentError::TaskUser { cause })?;
        }
        let log_bytes = settings.task_log_mib.saturating_mul(1024 * 1024);
        Ok(Self { path: std::env::var("PATH").ok(), root, task_user, log_bytes })
    }
}

/// The executor's file. The core has refused what has no command.
pub fn task_file(
    key: &TaskKey,
    task: &Task,
    agent: Option<&AgentId>,
    places: &Places,
    around: &Surroundings,
) -> TaskFile {
    let command = task.info().command.clone().unwrap_or_default();
    let grace = task.grace(None).as_millis();
    TaskFile {
        format: TaskFile::FORMAT,
        task: key.task.clone(),
        program: program(&command),
        environment: environment(key, &command, agent, places, around),
        sandbox: places.sandbox(key),
        socket: places.socket(key),
        user: user(&command, &task.launch, around),
        grace_ms: u64::try_from(grace).unwrap_or(u64::MAX),
        log_bytes: around.log_bytes,
    }
}

/// How it is to be started.
pub fn start(key: &TaskKey, task: &Task, places: &Places) -> Start {
    let resources = &task.info().resources;
    Start {
        short: key.short(),
        dir: places.task(key),
        cpus: amount(resources, "cpus"),
        mem: amount(resources, "mem"),
        grace: task.grace(None),
    }
}

fn program(command: &CommandInfo) -> Program {
    let value = command.value.clone().unwrap_or_default();
    if command.is_shell() {
        return Program::Shell(value);
    }
    let first = command.arguments.first().cloned().unwrap_or_default();
    let path = if value.is_empty() { first } else { value };
    Program::Argv { path, arguments: command.arguments.clone() }
}

fn environment(
    key: &TaskKey,
    command: &CommandInfo,
    agent: Option<&AgentId>,
    places: &Places,
    around: &Surroundings,
) -> BTreeMap<String, String> {
    let path = around.path.clone().unwrap_or_else(|| PATH.to_owned());
    let mut environment = BTreeMap::from([("PATH".to_owned(), path)]);
    let variables = command.environment.iter().flat_map(|e| &e.variables);
    let usable = variables.filter(|v| !v.name.is_empty() && !v.name.contains('='));
    environment.extend(usable.map(|v| (v.name.clone(), v.value.clone().unwrap_or_default())));
    let sandbox = places.sandbox(key).display().to_string();
    let agent = agent.map_or_else(String::new, |id| id.value.clone());
    let ours = [
        ("MESOS_SANDBOX", sandbox.clone()),
        ("MESOS_DIRECTORY", sandbox),
        ("MESOS_TASK_ID", key.task.clone()),
        ("MESOS_EXECUTOR_ID", key.task.clone()),
        ("MESOS_FRAMEWORK_ID", key.framework.clone()),
        ("MESOS_AGENT_ID", agent.clone()),
        ("MESOS_SLAVE_ID", agent),
    ];
    environment.extend(ours.map(|(name, value)| (name.to_owned(), value)));
    environment
}

/// The task's own user, else its framework's, else the agent's default. Who is asked for by name must
/// be there; the others count only where we can change users.
fn user(command: &CommandInfo, launch: &Launch, around: &Surroundings) -> Option<String> {
    let own = command.user.clone().filter(|user| !user.is_empty());
    if own.is_some() || !around.root {
        return own;
    }
    let framework = Some(launch.framework.user.clone()).filter(|user| !user.is_empty());
    framework.or_else(|| around.task_user.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_mesos::{Environment, FrameworkId, FrameworkInfo, Resource, TaskInfo};

    fn file(command: CommandInfo, around: &Surroundings) -> TaskFile {
        file_for("bob", command, around)
    }

    fn file_for(user: &str, command: CommandInfo, around: &Surroundings) -> TaskFile {
        let mut framework = FrameworkInfo::new("marathon", user);
        framework.id = Some(FrameworkId::new("f"));
        let resources = vec![Resource::scalar("cpus", 0.1), Resource::scalar("mem", 32.0)];
        let info = TaskInfo::command("t.1", AgentId::new("a"), command, resources);
        let key = TaskKey::of(&framework, &info);
        let task = Task::new(Launch::new(framework, info, "boot".into(), 0.0));
        let places = Places { work_dir: "/w".into(), run_dir: "/r".into() };
        assert_eq!(start(&key, &task, &places).mem, 32.0);
        task_file(&key, &task, Some(&AgentId::new("a")), &places, around)
    }

    const ALONE: Surroundings =
        Surroundings { path: None, root: false, task_user: None, log_bytes: 1 };

    #[test]
    fn a_task_sees_its_own_variables_and_those_of_mesos() {
        let mut command = CommandInfo::shell("true");
        command.environment = Some(Environment::from_iter([
            ("PORT0", "31000"),
            ("MESOS_SANDBOX", "/elsewhere"),
            ("", "x"),
            ("A=B", "x"),
        ]));
        let file = file(command, &ALONE);
        let names: Vec<&str> = file.environment.keys().map(String::as_str).collect();
        assert_eq!(
            names.join(" "),
            "MESOS_AGENT_ID MESOS_DIRECTORY MESOS_EXECUTOR_ID MESOS_FRAMEWORK_ID MESOS_SANDBOX \
             MESOS_SLAVE_ID MESOS_TASK_ID PATH PORT0"
        );
        assert!(file.environment["MESOS_SANDBOX"].starts_with("/w/tasks/"));
        assert_eq!(file.environment["PATH"], PATH);
        assert!(!format!("{file:?}").contains("31000"), "secrets are not shown");
    }

    #[test]
    fn a_program_is_called_as_mesos_calls_it() {
        let mut command = CommandInfo { shell: Some(false), ..Default::default() };
        command.value = Some("/bin/echo".into());
        command.arguments = vec!["echo".into(), "hi".into()];
        let Program::Argv { path, arguments } = program(&command) else { panic!() };
        assert_eq!((path.as_str(), arguments.len()), ("/bin/echo", 2));
        command.value = None;
        let Program::Argv { path, .. } = program(&command) else { panic!() };
        assert_eq!(path, "echo");
    }

    #[test]
    fn the_frameworks_user_counts_where_we_are_root() {
        let root = Surroundings { root: true, ..ALONE };
        assert_eq!(file(CommandInfo::shell("true"), &ALONE).user, None);
        assert_eq!(file(CommandInfo::shell("true"), &root).user.as_deref(), Some("bob"));
        let own = CommandInfo { user: Some("eve".into()), ..CommandInfo::shell("true") };
        assert_eq!(file(own, &ALONE).user.as_deref(), Some("eve"), "and then fails clearly");
    }

    #[test]
    fn the_agents_default_counts_last() {
        let task_user = Some("mesoform-task".to_owned());
        let root = Surroundings { root: true, task_user: task_user.clone(), ..ALONE };
        let none = || CommandInfo::shell("true");
        let user = |framework, command| file_for(framework, command, &root).user.unwrap();
        assert_eq!(user("", none()), "mesoform-task");
        assert_eq!(user("bob", none()), "bob");
        let empty = CommandInfo { user: Some(String::new()), ..none() };
        assert_eq!(user("", empty), "mesoform-task");
        let own = CommandInfo { user: Some("root".into()), ..none() };
        assert_eq!(user("", own), "root");
        let alone = Surroundings { task_user, ..ALONE };
        assert_eq!(file_for("", none(), &alone).user, None, "whoever started the agent");
    }
}
