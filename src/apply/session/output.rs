use crate::{ApplyError, Result};
use mesoform_plan::{Event, Reply};
use std::io::Write;

/// The replies.
pub struct Output {
    to: Box<dyn Write + Send>,
}

impl Output {
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to) }
    }

    /// One line, at once.
    pub fn say(&mut self, reply: &Reply) -> Result<()> {
        let mut line = serde_json::to_vec(reply)
            .map_err(|error| ApplyError::Protocol { cause: error.to_string() })?;
        line.push(b'\n');
        self.to.write_all(&line).and_then(|()| self.to.flush()).map_err(|_| ApplyError::Closed)
    }

    /// An event that is of no run.
    pub fn event(&mut self, event: Event) -> Result<()> {
        self.say(&Reply::Event { offset: 0, event })
    }
}
