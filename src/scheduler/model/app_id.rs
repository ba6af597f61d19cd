use serde::{Deserialize, Serialize};
use std::fmt;

/// The last part of an app's path must not be one of these: they are routes of the API.
const RESERVED: [&str; 5] = ["restart", "tasks", "versions", ".", ".."];
/// A task id carries the app's path, and the file systems of agents carry task ids.
const MAX_LENGTH: usize = 200;

/// An app's absolute path, such as `/shop/web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(String);

impl AppId {
    /// Reads a path as Marathon does: relative ones start at the root, doubled and trailing slashes
    /// do not count, `.` and `..` are resolved.
    ///
    /// # Errors
    /// What is wrong with the path, in Marathon's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/').filter(|p| !p.is_empty() && *p != ".") {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        check(&parts)?;
        Ok(Self(format!("/{}", parts.join("/"))))
    }

    /// The path as one word, for task ids: `shop_web`.
    pub fn safe_path(&self) -> String {
        self.parts().collect::<Vec<_>>().join("_")
    }

    /// The reverse of [`AppId::safe_path`]; parts of a path hold no underscore.
    pub fn from_safe_path(text: &str) -> Option<Self> {
        Self::parse(&text.replace('_', "/")).ok()
    }

    /// The name for service discovery, innermost part first: `web.shop`.
    pub fn hostname(&self) -> String {
        let mut parts: Vec<&str> = self.parts().collect();
        parts.reverse();
        parts.join(".")
    }

    /// `/shop/web` as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts of the path.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|p| !p.is_empty())
    }

    /// Whether `self` lies in the group `group` (`/` holds all).
    pub fn is_within(&self, group: &str) -> bool {
        let group = group.trim_end_matches('/');
        self.0.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
    }
}

fn check(parts: &[&str]) -> Result<(), String> {
    let Some(last) = parts.last() else { return Err("must not be root".to_owned()) };
    if let Some(bad) = parts.iter().find(|p| !is_valid_part(p)) {
        return Err(format!(
            "'{bad}' must consist of lower case letters, digits, dashes and dots, and must not \
             begin or end with a dash or a dot"
        ));
    }
    if RESERVED.contains(last) {
        return Err(format!(
            "must not end with any of the following reserved keywords: {}",
            RESERVED.join(", ")
        ));
    }
    let length = parts.iter().map(|p| p.len() + 1).sum::<usize>();
    if length > MAX_LENGTH {
        return Err(format!("is {length} characters long; the longest path has {MAX_LENGTH}"));
    }
    Ok(())
}

fn is_valid_part(part: &str) -> bool {
    part.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
