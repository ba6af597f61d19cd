use crate::runs::RunFolder;
use crate::{ApplyError, Result};
use mesoform_plan::{Event, Outcome};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

/// Longer lines are none of ours.
const MAX_LINE: usize = 1024 * 1024;

/// What a job writes while it works, one event per line.
pub struct Journal {
    file: File,
    run_id: String,
}

impl Journal {
    pub fn append(run: &RunFolder) -> Result<Self> {
        let path = run.journal();
        let file = OpenOptions::new().append(true).open(&path);
        Ok(Self { file: file.map_err(ApplyError::io("open", path))?, run_id: run.id.clone() })
    }

    /// A journal that cannot be written, for instance on a full disk, stops nothing: the outcome is
    /// written apart from it.
    pub fn write(&mut self, event: &Event) {
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            drop(self.file.write_all(&line));
        }
    }

    pub fn ended(&mut self, outcome: &Outcome) {
        let run_id = self.run_id.clone();
        self.write(&Event::Ended { run_id, outcome: outcome.clone() });
        drop(self.file.sync_all());
    }
}

/// Reads a journal while it is written; the open file outlives a removed folder.
pub struct Reader {
    file: BufReader<File>,
    /// A line that is not whole yet.
    part: Vec<u8>,
    /// How many events were read.
    pub offset: u64,
}

impl Reader {
    pub fn open(run: &RunFolder) -> Result<Self> {
        let path = run.journal();
        let file = File::open(&path).map_err(ApplyError::io("open", path))?;
        Ok(Self { file: BufReader::new(file), part: Vec::new(), offset: 0 })
    }

    /// The next event; `None`: there is none yet.
    pub fn next(&mut self) -> Result<Option<Event>> {
        loop {
            let limit = u64::try_from(MAX_LINE - self.part.len()).unwrap_or(0);
            let read = self.file.by_ref().take(limit).read_until(b'\n', &mut self.part);
            read.map_err(ApplyError::io("read", "journal.jsonl"))?;
            if self.part.last() != Some(&b'\n') {
                if self.part.len() >= MAX_LINE {
                    self.part.clear();
                }
                return Ok(None);
            }
            let line = std::mem::take(&mut self.part);
            self.offset += 1;
            // A line that a crash cut and a later one went on is skipped.
            if let Ok(event) = serde_json::from_slice(&line) {
                return Ok(Some(event));
            }
        }
    }
}

/// How many changes a journal says were made.
pub fn done(path: &Path) -> usize {
    let Ok(file) = File::open(path) else { return 0 };
    let is_done = |line: &String| matches!(serde_json::from_str(line), Ok(Event::Did { .. }));
    BufReader::new(file).lines().map_while(|line| line.ok()).filter(is_done).count()
}
