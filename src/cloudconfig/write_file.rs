use serde::Serialize;

/// An item of `write_files`. What is the default there is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WriteFile {
    pub path: String,
    /// `user:group`; none: root's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// `0600`; none: `0644`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Written when the users are there: files come before users otherwise.
    #[serde(skip_serializing_if = "is_false")]
    pub defer: bool,
    pub content: String,
}

/// How a content is written that is not its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Encoding {
    #[serde(rename = "gz+b64")]
    Packed,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}
