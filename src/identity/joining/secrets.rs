use crate::Role;

/// What the secret files of hosts are called, whose contents travel apart from plans: the line of accepted
/// credentials, and the key for an etcd in the quorum's place.
pub const CREDENTIALS: &str = "credentials";
pub const ETCD_KEY: &str = "etcd-key";

/// Whether a host with these roles needs the secret file `name`.
pub fn may_have(name: &str, roles: &[Role]) -> bool {
    let holders: &[Role] = match name {
        CREDENTIALS => &[Role::Master, Role::Scheduler, Role::Agent],
        ETCD_KEY => &[Role::Master, Role::Scheduler],
        _ => &[],
    };
    roles.iter().any(|role| holders.contains(role))
}
