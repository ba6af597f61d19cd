use crate::{AllocationInfo, Extra, Range, Ranges, Scalar, Set, ValueType};
use serde::{Deserialize, Serialize};

/// `Resource`, as it stands in a message. Arithmetic is done on [`crate::Resources`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ValueType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalar: Option<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Ranges>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// Whom it is reserved for, in the form from before hierarchical reservations; `*` is nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation_info: Option<AllocationInfo>,
    /// Among them `reservations`, `disk`, `revocable`, `shared`.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Resource {
    /// An unreserved amount: `cpus` in cores; `mem`, `disk` in MiB.
    pub fn scalar(name: impl Into<String>, value: f64) -> Self {
        let mut resource = Self::empty(name.into(), ValueType::Scalar);
        resource.scalar = Some(Scalar { value });
        resource
    }

    /// Unreserved inclusive ranges, such as `ports`.
    pub fn ranges(name: impl Into<String>, ranges: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut resource = Self::empty(name.into(), ValueType::Ranges);
        let range = ranges.into_iter().map(|(begin, end)| Range { begin, end }).collect();
        resource.ranges = Some(Ranges { range });
        resource
    }

    /// An unreserved set of names.
    pub fn set<S: Into<String>>(
        name: impl Into<String>,
        items: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut resource = Self::empty(name.into(), ValueType::Set);
        resource.set = Some(Set { item: items.into_iter().map(Into::into).collect() });
        resource
    }

    fn empty(name: String, kind: ValueType) -> Self {
        Self {
            name,
            kind,
            scalar: None,
            ranges: None,
            set: None,
            role: Some("*".to_owned()),
            allocation_info: None,
            extra: Extra::new(),
        }
    }
}
