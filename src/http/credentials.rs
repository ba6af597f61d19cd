use crate::HttpError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use mesoform_identity::Reread;
use sha2::{Digest, Sha256};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use subtle::ConstantTimeEq;

/// A line for the credentials file: `user:salt:sha256(salt + password)`, both in hex.
///
/// Plain SHA-256 does because passwords are ours: 32 or more random characters that no dictionary
/// holds. `user` must not contain `:` or line ends.
pub fn credential_line(user: &str, password: &str, salt: &[u8]) -> String {
    format!("{user}:{}:{}", hex::encode(salt), hex::encode(digest(salt, password.as_bytes())))
}

/// The users of an API, from a file that is read again when it changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Credentials {
    path: PathBuf,
    entries: Arc<Reread<Vec<Entry>>>,
}

#[derive(Debug)]
struct Entry {
    user: String,
    salt: Vec<u8>,
    hash: [u8; 32],
}

impl Credentials {
    /// Reads the file. Empty lines and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// It cannot be read, everyone can read it, or a line has another form.
    pub fn load(path: &Path) -> Result<Self, HttpError> {
        let entries = Reread::new(vec![path.to_owned()], || read(path))?;
        Ok(Self { path: path.to_owned(), entries: Arc::new(entries) })
    }

    /// The user whom an `Authorization` header proves to be there.
    pub(crate) fn user_of(&self, header: &HeaderValue) -> Option<String> {
        let (user, password) = basic(header)?;
        let entries = self.current(Instant::now());
        let mut found = None;
        for entry in entries.iter() {
            let right = entry.hash.ct_eq(&digest(&entry.salt, &password));
            if bool::from(right) && entry.user.as_bytes() == user {
                found = Some(entry.user.clone());
            }
        }
        found
    }

    fn current(&self, now: Instant) -> Arc<Vec<Entry>> {
        let tell = |error| tracing::warn!(%error, "the old credentials stay in use");
        self.entries.current(now, || read(&self.path), tell)
    }
}

fn digest(salt: &[u8], password: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(password).finalize().into()
}

/// User and password of `Basic <base64(user:password)>`.
fn basic(header: &HeaderValue) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

fn read(path: &Path) -> Result<Vec<Entry>, HttpError> {
    let fail = |source| HttpError::CredentialsRead { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(fail)?.mode() & 0o7777;
    if mode & 0o007 != 0 {
        return Err(HttpError::CredentialsOpen { path: path.to_owned(), mode });
    }
    let text = std::fs::read_to_string(path).map_err(fail)?;
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| {
            entry(text).map_err(|cause| HttpError::CredentialsLine {
                path: path.to_owned(),
                line,
                cause,
            })
        })
        .collect()
}

fn entry(line: &str) -> Result<Entry, &'static str> {
    let mut parts = line.split(':');
    let (Some(user), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("there are not three parts");
    };
    if user.is_empty() {
        return Err("the user has no name");
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).map_err(|_| "the hash is not 64 hex digits")?;
    let salt = hex::decode(salt).map_err(|_| "the salt is not hex")?;
    Ok(Entry { user: user.to_owned(), salt, hash: bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_identity::LOOK_EVERY;
    use std::os::unix::fs::PermissionsExt;

    fn header(user: &str, password: &str) -> HeaderValue {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        HeaderValue::from_str(&format!("Basic {pair}")).unwrap()
    }

    fn write(path: &Path, lines: &[String]) {
        std::fs::write(path, lines.join("\n")).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o640)).unwrap();
    }

    #[test]
    fn only_the_right_pair_passes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        let lines =
            ["# users".into(), credential_line("a", "p:q", b"1"), credential_line("b", "x", b"2")];
        write(&path, &lines);
        let credentials = Credentials::load(&path).unwrap();
        assert_eq!(credentials.user_of(&header("a", "p:q")).as_deref(), Some("a"));
        assert_eq!(credentials.user_of(&header("b", "x")).as_deref(), Some("b"));
        for (user, password) in [("a", "x"), ("b", "p:q"), ("a", ""), ("", "x"), ("c", "x")] {
            assert_eq!(credentials.user_of(&header(user, password)), None);
        }
        for odd in ["", "Basic", "Basic %%%", "Bearer YTpwOnE=", "Basic YQ=="] {
            assert_eq!(credentials.user_of(&HeaderValue::from_str(odd).unwrap()), None);
        }
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        write(&path, &[credential_line("a", "old", b"1")]);
        let credentials = Credentials::load(&path).unwrap();
        let now = Instant::now();
        write(&path, &[credential_line("longer", "new", b"1")]);
        assert_eq!(credentials.current(now)[0].user, "a");
        assert_eq!(credentials.current(now + LOOK_EVERY)[0].user, "longer");
        write(&path, &["nonsense".into()]);
        assert_eq!(credentials.current(now + LOOK_EVERY * 2)[0].user, "longer");
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        for bad in ["a", "a:b:c:d", ":00:00", "a:00:00", "a:zz:00"] {
            write(&path, &[String::new(), bad.into()]);
            let error = Credentials::load(&path).unwrap_err().to_string();
            assert!(error.contains("credentials:2: "), "{error}");
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(Credentials::load(&path), Err(HttpError::CredentialsOpen { .. })));
    }
}
