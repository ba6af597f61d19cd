use super::Resources;
use crate::{AllocationInfo, Resource};

impl Resources {
    /// As they stand in a message, amounts first.
    pub fn to_message(&self) -> Vec<Resource> {
        let scalars = self.scalars.keys().map(|name| Resource::scalar(name, self.scalar(name)));
        let ranges = self.ranges.iter().map(|(name, r)| Resource::ranges(name, r.iter()));
        let sets = self.sets.iter().map(|(name, set)| Resource::set(name, set.iter().cloned()));
        scalars.chain(ranges).chain(sets).collect()
    }

    /// As they stand in an offer to `role`.
    pub fn to_offer(&self, role: &str) -> Vec<Resource> {
        let mut resources = self.to_message();
        for resource in &mut resources {
            resource.allocation_info = Some(AllocationInfo { role: Some(role.to_owned()) });
        }
        resources
    }
}
