use crate::Result;
use crate::tree::Tree;
use mesoform_plan::{Versions, VersionsAt};
use std::path::Path;

/// The versions of the binary, and who uses them.
pub fn observe(tree: &Tree, at: &VersionsAt) -> Result<Versions> {
    let mut seen = Versions::default();
    for name in tree.names(&at.dir)?.into_iter().filter(|name| Versions::is_name(name)) {
        if let Some(brought) = tree.modified(&at.dir.join(&name))? {
            seen.there.insert(name, brought);
        }
    }
    for name in tree.names(&at.links)? {
        let link = at.links.join(name);
        // Not a link, or gone by now.
        if let Ok(Some(target)) = tree.target(&link) {
            seen.links.insert(link, target);
        }
    }
    let processes = tree.names(Path::new("/proc"))?;
    let numbers = processes.iter().filter(|name| name.bytes().all(|b| b.is_ascii_digit()));
    for number in numbers {
        let Ok(Some(program)) = tree.target(&Path::new("/proc").join(number).join("exe")) else {
            continue;
        };
        let below = program.strip_prefix(&at.dir).ok().and_then(|path| path.iter().next());
        seen.running.extend(below.and_then(|name| name.to_str()).map(str::to_owned));
    }
    Ok(seen)
}
