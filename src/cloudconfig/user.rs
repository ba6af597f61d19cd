use serde::Serialize;

/// A user that cloud-init makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub name: String,
    pub system: bool,
    pub homedir: String,
    pub no_create_home: bool,
    pub shell: String,
}

/// An item of `users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UserEntry {
    /// The word `default`: the image's own user. Without it cloud-init would not make that one.
    Word(&'static str),
    Named(User),
}

impl UserEntry {
    pub const DEFAULT: Self = Self::Word("default");
}
