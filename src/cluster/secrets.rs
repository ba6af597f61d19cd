use crate::{Admin, Auth, ClusterSpec, EtcdFiles};
use mesoform_identity::{CREDENTIALS, ETCD_KEY, Role, Secret, may_have};
use std::collections::BTreeMap;

/// The contents of secret files, by the names in plans.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<&'static str, Secret>);

impl Secrets {
    /// Those of a cluster.
    pub fn of_cluster(spec: &ClusterSpec, admin: &Admin, etcd: Option<&EtcdFiles>) -> Self {
        let mut all = BTreeMap::new();
        if spec.options.auth == Auth::Basic {
            all.insert(CREDENTIALS, Secret::new(admin.credential.line()));
        }
        if let Some((_, key)) = etcd.and_then(|files| files.client.as_ref()) {
            all.insert(ETCD_KEY, key.clone());
        }
        Self(all)
    }

    /// The one of this name, for a host with these roles.
    pub fn of(&self, name: &str, roles: &[Role]) -> Option<&Secret> {
        self.0.get(name).filter(|_| may_have(name, roles))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_those_who_need_it() {
        let dir = tempfile::tempdir().unwrap();
        let admin = Admin::open_or_create(dir.path(), "c").unwrap();
        let inventory = mesoform_inventory::Inventory::load("h1,", &Default::default()).unwrap();
        let spec = crate::resolve(&inventory).unwrap();
        let secrets = Secrets::of_cluster(&spec, &admin, None);
        let line = secrets.of(CREDENTIALS, &[Role::Quorum, Role::Agent]).unwrap();
        assert_eq!(line.expose(), admin.credential.line());
        assert!(secrets.of(CREDENTIALS, &[Role::Quorum]).is_none());
        let master = [Role::Master];
        assert!(secrets.of(ETCD_KEY, &master).is_none() && secrets.of("x", &master).is_none());
    }
}
