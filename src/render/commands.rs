//! What files alone cannot say: folders with their owners, links, and that units start with the machine.

use crate::{Boot, Directory, Link};
use mesoform_plan::Ownership;

/// The commands, word by word, in their order. None waits for a service to be ready: services wait for
/// each other by themselves, and longer than a boot may take.
pub(crate) fn commands(boot: &Boot) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = boot.directories.iter().map(directory).collect();
    all.extend(boot.links.iter().map(link));
    let units: Vec<&str> = boot.enabled().collect();
    if units.is_empty() {
        return all;
    }
    all.push(words(["systemctl", "daemon-reload"]));
    all.push(words(["systemctl", "enable"].into_iter().chain(units.iter().copied())));
    // What would start now without its certificates, or its binary, comes with `up`.
    let start: Vec<&str> = match boot.missing.is_nothing() {
        true => units,
        false => boot.fetch.iter().map(String::as_str).collect(),
    };
    if !start.is_empty() {
        all.push(words(["systemctl", "start", "--no-block"].into_iter().chain(start)));
    }
    all
}

fn directory(directory: &Directory) -> Vec<String> {
    let Ownership { user, group, mode } = &directory.ownership;
    let mut command = words(["install", "-d", "-m", &format!("{mode:04o}")]);
    for (option, name) in [("-o", user), ("-g", group)] {
        if !name.is_empty() {
            command.extend(words([option, name]));
        }
    }
    command.push(directory.path.display().to_string());
    command
}

fn link(link: &Link) -> Vec<String> {
    let (path, target) = (link.path.display().to_string(), link.target.display().to_string());
    words(["ln", "-sfn", &target, &path])
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}
