use super::Api;
use super::sandbox::{self, Denied};
use crate::store::Places;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use mesoform_http::error_reply;
use nix::unistd::{Gid, Group, Uid, User};
use serde::{Deserialize, Serialize};
use std::fs::{DirEntry, Metadata};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

/// More entries than these are not shown.
const MOST: usize = 10_000;

#[derive(Debug, Deserialize)]
pub struct Asked {
    path: String,
}

/// One line of `/files/browse`, as Mesos has it.
#[derive(Debug, Serialize)]
struct Entry {
    gid: String,
    mode: String,
    mtime: f64,
    nlink: u64,
    path: String,
    size: u64,
    uid: String,
}

/// `/files/browse`: what is in a folder of a sandbox.
pub async fn handle(State(api): State<Arc<Api>>, Query(asked): Query<Asked>) -> Response {
    let places = api.places.clone();
    match tokio::task::spawn_blocking(move || list(&places, &asked.path)).await {
        Ok(Ok(entries)) => axum::Json(entries).into_response(),
        Ok(Err(denied)) => denied.response(),
        Err(error) => error_reply(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn list(places: &Places, path: &str) -> Result<Vec<Entry>, Denied> {
    let inside = sandbox::open(places, path)?;
    // By the open folder: the path may mean another one by now.
    let folder = format!("/proc/self/fd/{}", inside.file.as_raw_fd());
    let entries = std::fs::read_dir(folder)?.flatten().take(MOST);
    let mut entries: Vec<Entry> =
        entries.filter_map(|entry| Entry::of(&entry, Path::new(path))).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

impl Entry {
    fn of(entry: &DirEntry, folder: &Path) -> Option<Self> {
        let facts = entry.metadata().ok()?;
        Some(Self {
            gid: group(facts.gid()),
            mode: mode(&facts),
            mtime: facts.mtime() as f64,
            nlink: facts.nlink(),
            path: folder.join(entry.file_name()).display().to_string(),
            size: facts.size(),
            uid: user(facts.uid()),
        })
    }
}

fn user(uid: u32) -> String {
    let known = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    known.map_or_else(|| uid.to_string(), |user| user.name)
}

fn group(gid: u32) -> String {
    let known = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    known.map_or_else(|| gid.to_string(), |group| group.name)
}

/// `-rw-r--r--`, as `ls -l` has it.
fn mode(facts: &Metadata) -> String {
    let kind = facts.file_type();
    let first = if kind.is_dir() {
        'd'
    } else if kind.is_symlink() {
        'l'
    } else {
        '-'
    };
    let bits = facts.mode();
    let letter =
        |shift: u32| if bits >> shift & 1 == 1 { ['x', 'w', 'r'][shift as usize % 3] } else { '-' };
    std::iter::once(first).chain((0..9).rev().map(letter)).collect()
}
