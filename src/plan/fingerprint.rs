use crate::{Kind, Observed, sha256_hex};
use std::path::{Path, PathBuf};

/// What `inputs` contain, as one hash: what a unit was or would be started with.
///
/// Over content and link targets only, since a changed mode needs no restart. `None` where it
/// cannot be known: a file that was not hashed, or a certificate that is about to be made.
pub fn fingerprint(inputs: &[PathBuf], observed: &Observed) -> Option<String> {
    let mut text = String::from("inputs 1\n");
    for path in inputs {
        let state = state(path, observed)?;
        text.push_str(&format!("{state} {}\n", path.display()));
    }
    Some(sha256_hex(text))
}

fn state(path: &Path, observed: &Observed) -> Option<String> {
    let Some(found) = observed.paths.get(path) else { return Some("absent".to_owned()) };
    match found.kind {
        Kind::File => found.sha256.clone(),
        Kind::Link => found.target.as_ref().map(|to| format!("link {:?}", to)),
        Kind::Directory => Some("directory".to_owned()),
        Kind::Other => Some("other".to_owned()),
    }
}
