//! Voters whose disks are nearly full: as long as there is one, nothing can be written to the quorum.

use super::{Ailment, Health, Views};
use crate::Service;
use std::collections::BTreeSet;

const REFUSED: &str = "so all voters refuse writes (etcd's NOSPACE): nothing that masters, schedulers and \
                       clients keep in the quorum can change";

impl Health {
    pub(super) fn full_disks(&mut self, views: &Views) {
        let full: BTreeSet<u64> =
            views.quorum.iter().flat_map(|(_, view)| &view.full).copied().collect();
        for id in full {
            self.full_disk(id, views);
        }
    }

    fn full_disk(&mut self, id: u64, views: &Views) {
        let own = views.quorum.iter().find(|(_, view)| view.member_id == id);
        let mut rosters = views.quorum.iter().flat_map(|(_, view)| &view.roster);
        let (host, folder) = match own {
            Some((host, view)) => (Some((*host).to_owned()), view.data_dir.as_ref()),
            None => (rosters.find(|member| member.id == id).map(|m| m.name.clone()), None),
        };
        let whose = match &host {
            Some(_) => "the disk with its voter's data".to_owned(),
            None => format!("the disk with the data of the voter {id:x}"),
        };
        let place =
            folder.map_or_else(|| "there".to_owned(), |path| format!("in {}", path.display()));
        let cure = format!(
            "make room {place}, or delete keys and compact (`etcdctl del`, `etcdctl compact`): writes \
             then go on by themselves"
        );
        let what = format!("{whose} is nearly full, {REFUSED}");
        let ailment = Ailment::new(None, what, &cure).of(Service::Quorum);
        self.ailments.push(Ailment { host, lasting: true, ..ailment });
    }
}
