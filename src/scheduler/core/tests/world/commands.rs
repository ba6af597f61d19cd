//! What users and leaders do.

use super::{World, id, update};
use crate::core::{Answer, Change, Command, Core, Input, KillScope, Refusal, State};
use serde_json::{Value, json};

impl World {
    pub fn connect(&mut self) -> &mut Self {
        self.suppressed = false;
        let framework_id = self.core.view(self.now).state.framework_id;
        let framework_id = framework_id.unwrap_or_else(|| "F1".to_owned());
        self.give(Input::Connected { framework_id, master: "h1:5050".to_owned() })
    }

    pub fn disconnect(&mut self) -> &mut Self {
        self.give(Input::Disconnected)
    }

    /// The leader dies; another one loads the records and connects.
    pub fn failover(&mut self) -> &mut Self {
        self.updates.clear();
        self.seed += 1;
        let records = self.records.iter().map(|(k, v)| (k.as_str(), v.as_bytes()));
        let state = State::load(records).unwrap();
        self.core = Core::new(state, self.seed, self.now);
        self.connect()
    }

    /// The leader commits what comes of `input` and dies before anything comes of it.
    pub fn dies_after_commit(&mut self, input: Input) -> &mut Self {
        let turn = self.core.handle(input, self.now);
        self.commit(&turn.ops);
        self.failover()
    }

    /// The leader dies before it could commit what comes of `input`.
    pub fn dies_before_commit(&mut self, input: Input) -> &mut Self {
        drop(self.core.handle(input, self.now));
        self.failover()
    }

    pub fn app(&mut self, id: &str, instances: u32) -> &mut Self {
        self.create(json!({ "id": id, "cmd": "run", "cpus": 1, "mem": 16, "instances": instances }))
    }

    pub fn create(&mut self, app: Value) -> &mut Self {
        let change =
            Box::new(Change { app: id(app["id"].as_str().unwrap()), update: update(&app) });
        self.command(Command::Create { change, force: false }).unwrap();
        self
    }

    pub fn put(&mut self, app: &str, fields: Value, force: bool) -> Result<Answer, Refusal> {
        let changes = vec![Change { app: id(app), update: update(&fields) }];
        self.command(Command::Update { changes, partial: true, may_create: true, force })
    }

    pub fn scale(&mut self, app: &str, instances: u32) -> &mut Self {
        self.put(app, json!({ "instances": instances }), true).unwrap();
        self
    }

    pub fn delete(&mut self, app: &str) -> &mut Self {
        self.command(Command::Delete { app: id(app), force: true }).unwrap();
        self
    }

    pub fn kill(&mut self, app: &str, scale: bool) -> Result<Answer, Refusal> {
        let scope = KillScope::App { app: id(app), host: None };
        self.command(Command::Kill { scope, scale, force: false })
    }

    pub fn command(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.commands += 1;
        let id = self.commands;
        self.give(Input::Command { id, command });
        let answer = self.replies.remove(&id).expect("every command is answered");
        if let Ok(Answer::Created { deployment, .. } | Answer::Deploying { deployment, .. }) =
            &answer
        {
            self.deployment.clone_from(deployment);
        }
        answer
    }
}
