use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use russh::keys::PublicKey;

use super::check::{KnownHosts, Verdict};
use super::pattern::hashed;

/// Hosts connect in parallel; each of their lines must end up whole.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Appends a host's key to a known_hosts file, which is made (0600, its folder 0700) where it is not
/// there. The line goes out in one append, so that a concurrent `ssh` cannot tear it.
pub(crate) fn append(file: &Path, name: &str, key: &PublicKey, hash: bool) -> io::Result<()> {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    if is_there(file, name, key) {
        return Ok(());
    }
    let mut open =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(file)?;
    let start = if ends_with_newline(&mut open)? { "" } else { "\n" };
    let line = format!("{start}{} {}\n", written(name, hash), bare(key)?);
    open.write_all(line.as_bytes())?;
    open.sync_all()
}

/// Hosts behind one jump host all meet its new key at the same time.
fn is_there(file: &Path, name: &str, key: &PublicKey) -> bool {
    let known = KnownHosts::read(&[file.to_path_buf()], name);
    matches!(known.check(key.key_data()), Verdict::Known)
}

fn written(name: &str, hash: bool) -> String {
    if hash { hashed(name, &rand::random::<[u8; 20]>()) } else { name.to_owned() }
}

/// The key's kind and base64, without a comment.
fn bare(key: &PublicKey) -> io::Result<String> {
    PublicKey::new(key.key_data().clone(), "").to_openssh().map_err(io::Error::other)
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last[0] == b'\n')
}
