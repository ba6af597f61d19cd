use super::Effect;
use crate::model::{AppDefinition, AppId, Deployment, Instance, InstanceId, Moment};
use crate::records;

/// One change of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put { key: String, value: String },
    Delete { key: String },
    DeletePrefix { prefix: String },
}

impl Op {
    /// The key, or the prefix.
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
            Self::DeletePrefix { prefix } => prefix,
        }
    }

    /// Bytes that it takes in a transaction.
    pub fn size(&self) -> usize {
        let value = if let Self::Put { value, .. } = self { value.len() } else { 0 };
        self.key().len() + value
    }
}

/// What comes of one input: first the records, then, once they are committed, the effects.
#[derive(Debug, Default, PartialEq)]
pub struct Turn {
    pub ops: Vec<Op>,
    pub effects: Vec<Effect>,
}

impl Turn {
    /// Adds an effect.
    pub fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn instance(&mut self, instance: &Instance) {
        self.put(records::instance_key(&instance.id), instance);
    }

    pub(super) fn no_instance(&mut self, id: &InstanceId) {
        self.delete(records::instance_key(id));
    }

    /// The app as it is now, and in its history.
    pub(super) fn app(&mut self, app: &AppDefinition) {
        self.put(records::app_key(&app.id), app);
        self.put(records::version_key(&app.id, app.version), app);
    }

    pub(super) fn no_app(&mut self, app: &AppId) {
        self.delete(records::app_key(app));
        self.ops.push(Op::DeletePrefix { prefix: records::versions_prefix(app) });
    }

    pub(super) fn no_version(&mut self, app: &AppId, version: Moment) {
        self.delete(records::version_key(app, version));
    }

    pub(super) fn deployment(&mut self, deployment: &Deployment) {
        self.put(records::deployment_key(&deployment.id), deployment);
    }

    pub(super) fn no_deployment(&mut self, id: &str) {
        self.delete(records::deployment_key(id));
    }

    pub(super) fn framework(&mut self, id: &str) {
        self.put(records::FRAMEWORK.to_owned(), &id);
    }

    pub(super) fn no_framework(&mut self) {
        self.delete(records::FRAMEWORK.to_owned());
    }

    fn put<T: serde::Serialize>(&mut self, key: String, record: &T) {
        self.ops.push(Op::Put { key, value: records::encode(record) });
    }

    fn delete(&mut self, key: String) {
        self.ops.push(Op::Delete { key });
    }
}
