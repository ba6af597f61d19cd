//! What can be seen and expected.

use super::{World, id};
use crate::core::State;

impl World {
    pub fn state(&self) -> State {
        self.core.view(self.now).state
    }

    pub fn queued(&self, app: &str) -> usize {
        let queue = self.core.view(self.now).queue;
        queue.iter().find(|item| item.app.id == id(app)).map_or(0, |item| item.count)
    }

    /// How many tasks of `app` are really there.
    pub fn live(&self, app: &str) -> usize {
        self.tasks.values().filter(|t| t.app == app).count()
    }

    pub fn running(&self, app: &str) -> usize {
        self.state().of(&id(app)).filter(|i| i.is_running()).count()
    }

    pub fn hosts(&self, app: &str) -> Vec<String> {
        let state = self.state();
        let mut hosts: Vec<String> = state.of(&id(app)).map(|i| i.host.clone()).collect();
        hosts.sort();
        hosts
    }

    pub fn expect_launches(&mut self, count: usize) -> &mut Self {
        assert_eq!(self.launched, count, "launches");
        self
    }

    pub fn expect_running(&mut self, app: &str, count: usize) -> &mut Self {
        assert_eq!(self.running(app), count, "running instances of {app}");
        self
    }

    pub fn expect_deployed(&mut self) -> &mut Self {
        assert!(self.state().deployments.is_empty(), "{:?}", self.state().deployments);
        self
    }

    pub fn expect_deploying(&mut self) -> &mut Self {
        assert_eq!(self.state().deployments.len(), 1);
        self
    }
}
