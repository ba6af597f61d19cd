use crate::{Interest, Look};
use std::path::Path;

/// The functions that do the looking; what to look at is appended.
const FUNCTIONS: &str = include_str!("probe.sh");

/// A script for `sh` that prints what [`super::parse_probe`] reads, and changes nothing.
///
/// It may be fed to `sh` on standard input: nothing in it reads from there, and a script that
/// arrives cut short does nothing. The answer starts with a line of its own, so that whatever a
/// shell's start-up files print before it does not matter. Run it as root, or keys and
/// credentials cannot be compared.
pub fn probe_script(interest: &Interest) -> String {
    let mut script = String::from(FUNCTIONS);
    let paths: Vec<(&Path, &Look)> = interest.paths.iter().map(|(p, l)| (p.as_path(), l)).collect();
    script.push_str(&closely(&paths));
    script.push_str(&wanted(&paths));
    let paths: Vec<&str> = paths.iter().filter_map(|(path, _)| path.to_str()).collect();
    script.push_str("probe() {\necho '@mesoform-probe 1'\necho \"@enc $encoding\"\n");
    script.push_str("system\nresources\nholders\nours\n");
    script.push_str(&call("users", interest.users.iter()));
    script.push_str(&call("units", interest.units.iter()));
    script.push_str(&call("names", interest.names.iter()));
    let at = interest.versions.iter();
    let at = at.filter_map(|at| Some([at.dir.to_str()?, at.links.to_str()?]));
    script.push_str(&call("versions", at.flatten()));
    for path in &paths {
        script.push_str(&format!("echo '@path {}'\n", hex::encode(path)));
    }
    script.push_str(&call("files", &paths));
    script.push_str("echo '@end'\n}\nprobe </dev/null 2>/dev/null\nexit 0\n");
    script
}

/// Which paths are hashed.
fn closely(paths: &[(&Path, &Look)]) -> String {
    let hashed = paths.iter().enumerate().filter(|(_, (_, look))| **look != Look::Stat);
    let cases: String = hashed.map(|(id, _)| format!("{id}) return 0 ;;\n")).collect();
    format!("closely() {{\ncase $1 in\n{cases}*) return 1 ;;\nesac\n}}\n")
}

/// Which hash needs no look at the content; `*` where there is none such.
fn wanted(paths: &[(&Path, &Look)]) -> String {
    let hash = |look: &Look| match look {
        Look::Stat | Look::Hash => None,
        Look::Text { wanted } if !wanted.is_empty() => Some(quote(wanted)),
        Look::Text { .. } | Look::Certificate => Some(quote("*")),
    };
    let cases: String = paths
        .iter()
        .enumerate()
        .filter_map(|(id, (_, look))| hash(look).map(|h| format!("{id}) wanted={h} ;;\n")))
        .collect();
    format!("wanted() {{\ncase $1 in\n{cases}*) wanted= ;;\nesac\n}}\n")
}

fn call<T: AsRef<str>>(function: &str, words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| quote(word.as_ref())).collect();
    if words.is_empty() { String::new() } else { format!("{function} {}\n", words.join(" ")) }
}

/// A word that every shell takes as it is.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
