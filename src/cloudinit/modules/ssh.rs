use super::users::Accounts;
use super::{Distro, Module, keys};
use crate::fields::Fields;
use crate::host::Look;
use crate::{Action, Result};

/// What root's keys are for where root may not log in.
const DISABLED: &str = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command=\"echo 'Please \
                        login as the user \\\"$USER\\\" rather than the user \\\"$DISABLE_USER\\\".';\
                        echo;sleep 10;exit 142\"";

/// Keys of the document, for its default user, and for root.
struct Ssh {
    keys: Vec<String>,
    accounts: Accounts,
    /// What stands before root's.
    options: Option<String>,
}

pub fn read(fields: &mut Fields<'_>, accounts: &Accounts) -> Option<Box<dyn Module>> {
    let keys = keys::read(fields);
    let disable = fields.flag("disable_root").unwrap_or(true);
    let options = fields.text("disable_root_opts").unwrap_or_else(|| DISABLED.to_owned());
    if keys.is_empty() {
        return None;
    }
    Some(Box::new(Ssh { keys, accounts: accounts.clone(), options: disable.then_some(options) }))
}

impl Module for Ssh {
    fn name(&self) -> &'static str {
        "ssh"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let user = self.accounts.default(&Distro::of(look)?)?;
        let mut actions = Vec::new();
        let mut name = "NONE".to_owned();
        if let Some(user) = &user {
            name = user.name.clone().unwrap_or_default();
            let present = crate::accounts::Accounts::of(look)?;
            let home = match (present.user(&name), &user.homedir) {
                (Some(present), _) => present.home.clone(),
                (None, Some(home)) => home.clone(),
                (None, None) => format!("/home/{name}"),
            };
            actions.extend(keys::actions(look, &name, &home, &self.keys, None)?);
        }
        let options = self.options.as_ref();
        let options = options.map(|o| o.replace("$USER", &name).replace("$DISABLE_USER", "root"));
        actions.extend(keys::actions(look, "root", "/root", &self.keys, options.as_deref())?);
        Ok(actions)
    }
}
