use crate::error::{QuorumError, Result};
use crate::levels::{FIRST, Levels};
use crate::storage::Owner;
use crate::workshop;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

pub const VOTER: &str = "voter.json";
pub const LOG: &str = "log.redb";
pub const STATE: &str = "state.redb";
const LOCK: &str = "lock";

/// Who this data directory belongs to. The Raft id is drawn when the directory is made and lives
/// and dies with it: a voter that lost its data must not vote under the id that promised something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// The level that it takes to read what is here.
    format: u32,
    cluster: String,
    node_id: u64,
    /// The cluster that this voter has been part of or heard of; 0: none.
    #[serde(default)]
    cluster_id: u64,
    /// The databases were made: where one is missing from now on, it was lost.
    #[serde(default)]
    databases: bool,
    /// SHA-256 of the rest: a flipped bit could be another id. The first records had none.
    #[serde(default)]
    checksum: Option<String>,
    /// The version of mesoform that has written this, which so knows the format. Not in the first format:
    /// who goes back to an older version before the level rises must find the record as that one knows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
}

impl Record {
    /// Whether the databases were made, and something may have been promised.
    fn were_made(&self) -> bool {
        self.databases || self.cluster_id != 0
    }

    fn digest(&self) -> String {
        let Self { format, cluster, node_id, cluster_id, databases, version, .. } = self;
        let mut facts = format!("{format} {node_id} {cluster_id} {databases} {cluster}");
        if *format > FIRST {
            facts = format!("{facts} {version}");
        }
        Sha256::digest(facts).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A voter's data directory, locked for this process.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    record: Record,
    _lock: Flock<File>,
}

impl DataDir {
    /// Opens the directory, or makes it.
    ///
    /// # Errors
    /// It is in use, belongs to another cluster or to something else, is in a newer format, or
    /// cannot be written.
    pub fn open(path: &Path, cluster: &str) -> Result<Self> {
        Self::open_as(path, cluster, Levels::default())
    }

    /// As [`Self::open`], as a version that knows these levels.
    ///
    /// # Errors
    /// As there.
    pub fn open_as(path: &Path, cluster: &str, known: Levels) -> Result<Self> {
        let fail =
            |e: io::Error| QuorumError::DataDir { path: path.to_owned(), cause: e.to_string() };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        let lock = lock(path)?;
        workshop::finish(path)?;
        let record = match fs::read(path.join(VOTER)) {
            Ok(json) => read(path, &json, cluster, known)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_foreign(path)?;
                let record = Record {
                    format: known.oldest(),
                    cluster: cluster.to_owned(),
                    node_id: fresh_id(),
                    cluster_id: 0,
                    databases: false,
                    checksum: None,
                    version: String::new(),
                };
                write(path, record).map_err(fail)?
            }
            Err(error) => return Err(fail(error)),
        };
        remove_half_made(path, &record).map_err(fail)?;
        refuse_incomplete(path, &record)?;
        Ok(Self { path: path.to_owned(), record, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the Raft log is.
    pub fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Where the state is.
    pub fn state(&self) -> PathBuf {
        self.path.join(STATE)
    }

    /// What the databases in here note of their owner.
    pub fn owner(&self) -> Owner {
        Owner { cluster: self.record.cluster.clone(), node_id: self.record.node_id }
    }

    pub fn node_id(&self) -> u64 {
        self.record.node_id
    }

    pub fn cluster_id(&self) -> u64 {
        self.record.cluster_id
    }

    /// Remembers, durably, that a cluster exists: this voter never founds another one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remember_cluster(&mut self, cluster_id: u64) -> Result<()> {
        if self.record.cluster_id == cluster_id {
            return Ok(());
        }
        self.note(Record { cluster_id, ..self.record.clone() })
    }

    /// The level that it takes to read what is here.
    #[cfg(test)]
    pub fn format(&self) -> u32 {
        self.record.format
    }

    /// Remembers, durably, that it takes this level to read what is here from now on.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remember_format(&mut self, format: u32) -> Result<()> {
        if self.record.format >= format {
            return Ok(());
        }
        self.note(Record { format, ..self.record.clone() })
    }

    /// Remembers, durably, that the databases are there: without them this directory is refused.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remember_databases(&mut self) -> Result<()> {
        if self.record.databases {
            return Ok(());
        }
        self.note(Record { databases: true, ..self.record.clone() })
    }

    fn note(&mut self, record: Record) -> Result<()> {
        let noted = write(&self.path, record);
        self.record = noted
            .map_err(|e| QuorumError::DataDir { path: self.path.clone(), cause: e.to_string() })?;
        Ok(())
    }
}

/// Takes the data directory for this process.
///
/// # Errors
/// Another one has it.
pub fn lock(path: &Path) -> Result<Flock<File>> {
    lock_as(path, LOCK)
}

/// The same by the lock of this name in it.
///
/// # Errors
/// Another one has it.
pub fn lock_as(path: &Path, name: &str) -> Result<Flock<File>> {
    let lock = path.join(name);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock)
        .and_then(|file| give_to_owner(path, file))
        .map_err(|e| QuorumError::DataDir { path: lock, cause: e.to_string() })?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| QuorumError::Locked { path: path.to_owned() })
}

/// Root, who recovers a voter, leaves no lock behind that the voter itself could not take.
fn give_to_owner(folder: &Path, file: File) -> io::Result<File> {
    if geteuid().is_root() {
        let owner = fs::metadata(folder)?;
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

/// Whether the voter whose data these are has never been in a quorum, nor heard of one.
pub fn is_blank(path: &Path) -> bool {
    let json = fs::read(path.join(VOTER)).unwrap_or_default();
    serde_json::from_slice(&json).is_ok_and(|record: Record| {
        let is_whole = record.checksum.as_ref().is_none_or(|sum| *sum == record.digest());
        is_whole && record.cluster_id == 0
    })
}

fn read(path: &Path, json: &[u8], cluster: &str, known: Levels) -> Result<Record> {
    let path = path.to_owned();
    #[derive(Deserialize)]
    struct Format {
        format: u32,
        #[serde(default)]
        version: String,
    }
    let damaged = |e: serde_json::Error| QuorumError::DataDir {
        path: path.clone(),
        cause: format!("{VOTER} is damaged: {e}"),
    };
    let Format { format, version } = serde_json::from_slice(json).map_err(damaged)?;
    if !known.contain(format) {
        return Err(QuorumError::of_format(&path, format, &version, known));
    }
    let record: Record = serde_json::from_slice(json).map_err(damaged)?;
    if record.checksum.as_ref().is_some_and(|checksum| *checksum != record.digest()) {
        let cause = format!("{VOTER} is damaged: its checksum is another");
        return Err(QuorumError::DataDir { path, cause });
    }
    if record.cluster != cluster {
        let wanted = cluster.to_owned();
        return Err(QuorumError::OtherCluster { path, found: record.cluster, wanted });
    }
    Ok(record)
}

/// The process may have ended while it made a database: what it begins with is written last. Nothing was
/// promised before both were made, and that was remembered.
fn remove_half_made(path: &Path, record: &Record) -> io::Result<()> {
    for file in [LOG, STATE].map(|name| path.join(name)) {
        if !record.were_made() && begins_with_nothing(&file)? {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

fn begins_with_nothing(file: &Path) -> io::Result<bool> {
    let mut beginning = [1; 8];
    match File::open(file).and_then(|mut file| file.read_exact(&mut beginning)) {
        Ok(()) => Ok(beginning == [0; 8]),
        // It is not there, or so short that it is made again anyway.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// A voter that has forgotten what it promised must not promise anything else under the same id.
fn refuse_incomplete(path: &Path, record: &Record) -> Result<()> {
    let made = record.were_made();
    match [LOG, STATE].into_iter().map(|name| path.join(name)).find(|file| !file.exists()) {
        Some(path) if made => Err(QuorumError::MissingFile { path }),
        _ => Ok(()),
    }
}

/// A directory that we did not make must be empty, but for what a new file system brings.
fn refuse_foreign(path: &Path) -> Result<()> {
    let fail = |e: io::Error| QuorumError::DataDir { path: path.to_owned(), cause: e.to_string() };
    for entry in fs::read_dir(path).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        if name == LOG || name == STATE {
            return Err(QuorumError::MissingFile { path: path.join(VOTER) });
        }
        let ours =
            name == LOCK || name == "lost+found" || name.as_encoded_bytes().starts_with(b".");
        if !ours {
            return Err(QuorumError::ForeignDir { path: path.to_owned() });
        }
    }
    Ok(())
}

fn fresh_id() -> u64 {
    // 0 means "none" on the wire.
    rand::random::<u64>().max(1)
}

fn write(path: &Path, mut record: Record) -> io::Result<Record> {
    if record.format > FIRST {
        record.version = env!("CARGO_PKG_VERSION").to_owned();
    }
    record.checksum = Some(record.digest());
    let temporary = path.join(format!(".{VOTER}.tmp"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec_pretty(&record)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path.join(VOTER))?;
    File::open(path)?.sync_all()?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root recovers voters that are not root's.
    #[test]
    fn a_lock_is_its_folders_owners() {
        let dir = tempfile::tempdir().unwrap();
        if geteuid().is_root() {
            fchown(File::open(dir.path()).unwrap(), Some(12_345), Some(12_346)).unwrap();
        }
        lock(dir.path()).unwrap();
        let [folder, file] = [dir.path().to_owned(), dir.path().join(LOCK)].map(|path| {
            let there = fs::metadata(path).unwrap();
            (there.uid(), there.gid())
        });
        assert_eq!(folder, file);
    }

    #[test]
    fn an_id_is_kept_with_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("quorum");
        let first = DataDir::open(&path, "c").unwrap().node_id();
        assert_eq!(DataDir::open(&path, "c").unwrap().node_id(), first);
        fs::remove_dir_all(&path).unwrap();
        assert_ne!(DataDir::open(&path, "c").unwrap().node_id(), first);
    }

    #[test]
    fn a_record_of_the_first_format_is_as_it_was_before_there_were_others() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = DataDir::open(dir.path(), "c").unwrap();
        record.remember_databases().unwrap();
        let text = |dir: &Path| fs::read_to_string(dir.join(VOTER)).unwrap();
        assert!(!text(dir.path()).contains("version"), "{}", text(dir.path()));
        let facts = format!("1 {} 0 true c", record.node_id());
        let digest: String = Sha256::digest(facts).iter().map(|b| format!("{b:02x}")).collect();
        assert!(text(dir.path()).contains(&digest), "{}", text(dir.path()));
        record.remember_format(2).unwrap();
        let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
        assert!(text(dir.path()).contains(&version), "{}", text(dir.path()));
    }

    /// It was never there, so whoever is killed while he makes it starts again.
    #[test]
    fn a_database_that_was_not_made_to_the_end_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(STATE);
        drop(DataDir::open(dir.path(), "c").unwrap());
        for (content, stays) in [(&[0; 4096][..], false), (b"not a database", true), (b"", true)] {
            fs::write(&file, content).unwrap();
            drop(DataDir::open(dir.path(), "c").unwrap());
            assert_eq!(file.exists(), stays, "{content:?}");
        }
        DataDir::open(dir.path(), "c").unwrap().remember_databases().unwrap();
        for name in [LOG, STATE] {
            fs::write(dir.path().join(name), [0; 4096]).unwrap();
        }
        drop(DataDir::open(dir.path(), "c").unwrap());
        assert!(file.exists(), "what was lost is not made anew");
    }

    #[test]
    fn a_cluster_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        DataDir::open(dir.path(), "c").unwrap().remember_cluster(7).unwrap();
        for name in [LOG, STATE] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(DataDir::open(dir.path(), "c").unwrap().cluster_id(), 7);
    }

    #[test]
    fn two_processes_cannot_share_it() {
        let dir = tempfile::tempdir().unwrap();
        let _first = DataDir::open(dir.path(), "c").unwrap();
        let error = DataDir::open(dir.path(), "c").unwrap_err();
        assert!(matches!(error, QuorumError::Locked { .. }), "{error}");
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("member.wal"), "x").unwrap();
        let error = DataDir::open(dir.path(), "c").unwrap_err();
        assert!(matches!(error, QuorumError::ForeignDir { .. }), "{error}");
    }

    #[test]
    fn another_cluster_and_a_newer_format_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataDir::open(dir.path(), "c").unwrap());
        let error = DataDir::open(dir.path(), "d").unwrap_err();
        assert!(matches!(error, QuorumError::OtherCluster { .. }), "{error}");
        fs::write(dir.path().join(VOTER), r#"{"format": 99, "all": "new"}"#).unwrap();
        let error = DataDir::open(dir.path(), "c").unwrap_err();
        assert!(matches!(error, QuorumError::NewerFormat { found: 99, .. }), "{error}");
    }
}
