use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name {
            pub value: String,
        }

        impl $name {
            /// The id with this text.
            pub fn new(value: impl Into<String>) -> Self {
                Self { value: value.into() }
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.value
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.value)
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::new(value)
            }
        }
    };
}

id!(
    /// `AgentID`, given by the master at the first registration.
    AgentId
);
id!(
    /// `ContainerID`.
    ContainerId
);
id!(
    /// `ExecutorID`, chosen by the framework.
    ExecutorId
);
id!(
    /// `FrameworkID`, given by the master at the first subscription.
    FrameworkId
);
id!(
    /// `OfferID`.
    OfferId
);
id!(
    /// `TaskID`, chosen by the framework, unique within it.
    TaskId
);
