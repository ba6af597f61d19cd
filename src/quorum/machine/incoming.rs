use crate::space::{Headroom, NoRoom};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Write};

/// After so many bytes the disk is asked again.
const STEP: u64 = 1024 * 1024;
/// What a snapshot takes in the state, in sizes of what is sent: most of it stands in two tables.
const IN_STATE: u64 = 2;

/// What another voter sends of its state, in a file that vanishes when it is closed.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    headroom: Headroom,
    received: u64,
    checked: u64,
}

impl Incoming {
    /// Into an empty file without a name, as long as there is room.
    pub fn new(file: File, headroom: Headroom) -> Self {
        Self { file, headroom, received: 0, checked: 0 }
    }

    /// Takes in a chunk.
    ///
    /// # Errors
    /// There is no room, or the disk refuses it.
    pub fn receive(&mut self, chunk: &Bytes) -> io::Result<()> {
        let size = chunk.len() as u64;
        if self.received == 0 || self.received + size >= self.checked + STEP {
            self.headroom.check(size).map_err(full)?;
            self.checked = self.received;
        }
        self.file.write_all(chunk)?;
        self.received += size;
        Ok(())
    }

    /// Whether the state has room for it, now that all of it is here. A state that has not would fail in
    /// the midst of it, and the voter with it.
    ///
    /// # Errors
    /// It has not.
    pub fn check(&self) -> Result<(), NoRoom> {
        self.headroom.check_in_state(self.received.saturating_mul(IN_STATE))
    }

    pub fn into_file(self) -> File {
        self.file
    }
}

fn full(error: NoRoom) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, error)
}
