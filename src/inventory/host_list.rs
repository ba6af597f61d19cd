use crate::draft::{Draft, UNGROUPED};
use crate::findings::Findings;
use crate::{Origin, address};

/// Reads `host,host2:22,`: all of them are ungrouped, and no ranges are expanded.
pub(crate) fn parse(list: &str, draft: &mut Draft, findings: &mut Findings) {
    let origin = Origin::option("-i");
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match address::host_and_port(entry, address::Ranges::Refused) {
            Ok((name, port)) => {
                if !draft.hosts.contains_key(name) {
                    draft.add_host(name, port, UNGROUPED, &origin, findings);
                }
            }
            Err(mistake) => findings.mistake(origin.clone(), mistake),
        }
    }
}
