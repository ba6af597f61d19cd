use crate::core::Op;
use crate::engine::Store;
use mesoform_coordination::WriteError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How the quorum is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    #[default]
    Fine,
    NoMajority,
    AnswerLost,
    Deposed,
}

/// The quorum, in memory. It insists on what the real one insists on.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    records: BTreeMap<String, String>,
    writes: usize,
    weather: Weather,
}

impl Memory {
    pub fn weather(&self, weather: Weather) {
        self.0.lock().unwrap().weather = weather;
    }

    pub fn records(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap().records.clone()
    }

    pub fn writes(&self) -> usize {
        self.0.lock().unwrap().writes
    }
}

impl Store for Memory {
    async fn write(&self, ops: Vec<Op>) -> Result<(), WriteError> {
        let mut inner = self.0.lock().unwrap();
        match inner.weather {
            Weather::Fine => {}
            Weather::NoMajority => {
                return Err(WriteError::Unavailable { cause: "no leader".to_owned() });
            }
            Weather::AnswerLost => {
                return Err(WriteError::Unknown { cause: "no answer within 5 s".to_owned() });
            }
            Weather::Deposed => return Err(WriteError::Deposed),
        }
        assert!(ops.len() <= 128, "{} operations in one transaction", ops.len());
        let mut keys: Vec<&str> = ops.iter().map(Op::key).collect();
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a key is changed twice");
        inner.writes += 1;
        for op in ops {
            match op {
                Op::Put { key, value } => drop(inner.records.insert(key, value)),
                Op::Delete { key } => drop(inner.records.remove(&key)),
                Op::DeletePrefix { prefix } => {
                    inner.records.retain(|key, _| !key.starts_with(&prefix));
                }
            }
        }
        Ok(())
    }

    fn is_current(&self) -> bool {
        self.0.lock().unwrap().weather != Weather::Deposed
    }
}
