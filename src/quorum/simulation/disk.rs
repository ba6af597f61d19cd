use super::power::Power;
use mesoform_checks::Dice;
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a file holds: what will be there after a power cut, and what is there until then.
#[derive(Debug, Default)]
pub struct Platter {
    durable: Vec<u8>,
    view: Vec<u8>,
    pending: Vec<Write>,
    /// How often it was opened: only who opened it last has it.
    opened: u64,
}

#[derive(Debug)]
enum Write {
    Bytes(u64, Vec<u8>),
    Length(u64),
}

impl Write {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bytes(offset, data) => {
                let start = usize::try_from(*offset).unwrap();
                if bytes.len() < start + data.len() {
                    bytes.resize(start + data.len(), 0);
                }
                bytes[start..start + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(usize::try_from(*length).unwrap(), 0),
        }
    }
}

impl Platter {
    /// The power fails: of what was not flushed, some may have come through, in any order.
    pub fn lose(&mut self, dice: &mut Dice) {
        let kept = match dice.between(0, 4) {
            0 | 1 => 0,
            2 => 50,
            _ => 95,
        };
        for write in std::mem::take(&mut self.pending) {
            if matches!(write, Write::Length(_)) || dice.percent(kept) {
                write.apply(&mut self.durable);
            }
        }
        self.opened += 1;
    }
}

/// An open file.
#[derive(Debug)]
pub struct Disk {
    platter: Arc<Mutex<Platter>>,
    opened: u64,
    power: Power,
    /// It keeps what it says it has flushed.
    flushes: bool,
}

impl Disk {
    pub fn open(platter: &Arc<Mutex<Platter>>, power: Power, flushes: bool) -> Self {
        let mut inner = platter.lock().unwrap();
        inner.opened += 1;
        inner.view = inner.durable.clone();
        inner.pending.clear();
        Self { platter: platter.clone(), opened: inner.opened, power, flushes }
    }

    fn platter(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let platter = self.platter.lock().unwrap();
        if self.power.is_off() || platter.opened != self.opened {
            return Err(io::Error::other("the power is off"));
        }
        Ok(platter)
    }

    fn change(&self, write: Write) -> io::Result<()> {
        let mut platter = self.platter()?;
        write.apply(&mut platter.view);
        platter.pending.push(write);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter()?.view.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.platter()?;
        let start = usize::try_from(offset).unwrap();
        let bytes = platter.view.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Write::Length(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        drop(self.platter()?);
        if !self.power.flush() {
            return Err(io::Error::other("the power failed"));
        }
        let mut platter = self.platter()?;
        if !self.flushes {
            return Ok(());
        }
        for write in std::mem::take(&mut platter.pending) {
            write.apply(&mut platter.durable);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Write::Bytes(offset, data.to_vec()))
    }
}
