use super::{RangeSet, ResourceError, Resources};
use crate::{Resource, ValueType};

/// 10^15 thousandths: exact in a double.
const MAX_MILLI: f64 = 1e15;

impl Resources {
    /// The sum of the resources in a message.
    ///
    /// # Errors
    /// A value misses or is out of bounds, or the resource is reserved, revocable, shared or a volume.
    pub fn read<'a>(
        resources: impl IntoIterator<Item = &'a Resource>,
    ) -> Result<Self, ResourceError> {
        let mut sum = Self::new();
        for resource in resources {
            sum.add(&read_one(resource)?);
        }
        sum.normalise();
        Ok(sum)
    }
}

fn read_one(resource: &Resource) -> Result<Resources, ResourceError> {
    plain(resource)?;
    let name = || resource.name.clone();
    let missing = || ResourceError::Value { name: name() };
    let mut one = Resources::new();
    match resource.kind {
        ValueType::Scalar => {
            let scalar = resource.scalar.as_ref().ok_or_else(missing)?;
            one.scalars.insert(name(), milli(&resource.name, scalar.value)?);
        }
        ValueType::Ranges => {
            one.ranges.insert(name(), ranges(resource)?);
        }
        ValueType::Set => {
            let set = resource.set.as_ref().ok_or_else(missing)?;
            one.sets.insert(name(), set.item.iter().cloned().collect());
        }
        ValueType::Text => return Err(missing()),
    }
    Ok(one)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Bounded just before.
fn milli(name: &str, value: f64) -> Result<u64, ResourceError> {
    let milli = (value * 1000.0).round();
    if (0.0..=MAX_MILLI).contains(&milli) {
        return Ok(milli as u64);
    }
    Err(ResourceError::Amount { name: name.to_owned(), value: value.to_string() })
}

fn ranges(resource: &Resource) -> Result<RangeSet, ResourceError> {
    let name = || resource.name.clone();
    let ranges = resource.ranges.as_ref().ok_or_else(|| ResourceError::Value { name: name() })?;
    if let Some(bad) = ranges.range.iter().find(|r| r.begin > r.end) {
        return Err(ResourceError::Range { name: name(), begin: bad.begin, end: bad.end });
    }
    Ok(RangeSet::new(ranges.range.iter().map(|r| (r.begin, r.end))))
}

/// Reserved and revocable resources are no resources that an agent of ours has.
fn plain(resource: &Resource) -> Result<(), ResourceError> {
    let reserved = resource.role.as_deref().is_some_and(|role| role != "*")
        || resource
            .extra
            .get("reservations")
            .and_then(|r| r.as_array())
            .is_some_and(|r| !r.is_empty())
        || resource.extra.contains_key("reservation");
    let what = if reserved {
        "reserved"
    } else if resource.extra.contains_key("revocable") {
        "revocable"
    } else if resource.extra.contains_key("shared") {
        "shared"
    } else if resource.extra.contains_key("disk") {
        "a volume"
    } else {
        return Ok(());
    };
    Err(ResourceError::Unsupported { name: resource.name.clone(), what })
}
