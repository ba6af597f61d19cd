use nix::unistd::{Gid, Uid, User, getgrouplist};
use std::ffi::CString;

/// Whose rights a task gets.
#[derive(Debug, Clone)]
pub struct Account {
    pub uid: Uid,
    pub gid: Gid,
    pub groups: Vec<Gid>,
}

impl Account {
    /// The account `name`; `None` when that is who we are already. The error is for people.
    pub fn find(name: &str) -> Result<Option<Self>, String> {
        let user = User::from_name(name)
            .map_err(|e| format!("the user '{name}' cannot be looked up: {e}"))?
            .ok_or_else(|| format!("there is no user '{name}' on this host"))?;
        if user.uid == nix::unistd::geteuid() {
            return Ok(None);
        }
        if !nix::unistd::geteuid().is_root() {
            return Err(format!(
                "cannot run as '{name}': the agent runs without root; leave the user out, or run \
                 the agent as root"
            ));
        }
        let c_name = CString::new(name).map_err(|e| format!("the user '{name}': {e}"))?;
        let groups = getgrouplist(&c_name, user.gid)
            .map_err(|e| format!("the groups of '{name}' cannot be looked up: {e}"))?;
        Ok(Some(Self { uid: user.uid, gid: user.gid, groups }))
    }
}
