use super::{Found, Picture};
use crate::{Thing, What};

impl Picture<'_> {
    pub(super) fn user(&mut self, name: &str) -> Vec<Found> {
        if !self.host.users.insert(name.to_owned()) {
            return Vec::new();
        }
        vec![Found::new(What::Create, Thing::User, name)]
    }

    pub(super) fn user_absent(&mut self, name: &str) -> Vec<Found> {
        if !self.host.users.remove(name) {
            return Vec::new();
        }
        vec![Found::new(What::Remove, Thing::User, name)]
    }
}
