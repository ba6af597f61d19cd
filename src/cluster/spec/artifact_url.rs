//! Where hosts fetch the binary that nobody carries to them.

use crate::artifact;
use mesoform_inventory::Var;

/// A URL in which `{arch}`, `{sha256}` and `{version}` stand for what they name. One that ends with a
/// slash is a folder of releases.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ArtifactUrl(String);

impl ArtifactUrl {
    /// What a URL must be to be one.
    pub(super) const WANTED: &str = "a URL (http:// or https://, without a password and with odd characters \
                                     as %20), in which {arch}, {sha256} and {version} may stand, or that ends with a slash";

    pub(super) fn of(var: &Var) -> Option<Self> {
        let text = var.text()?;
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        // It stands in a command: a shell and systemd read it. What is before an @ is a password.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]&+,;=%{}".contains(c);
        let named = text.replace("{arch}", "").replace("{sha256}", "").replace("{version}", "");
        let fits = !rest.is_empty() && !rest.starts_with('/') && text.chars().all(plain);
        (fits && !named.contains(['{', '}'])).then_some(Self(text))
    }

    /// Where the binary for `arch` (as `uname -m` says it) with this hash is.
    pub fn at(&self, arch: &str, sha256: &str) -> String {
        let url = self.0.replace("{arch}", arch).replace("{sha256}", sha256);
        let mut url = url.replace("{version}", env!("CARGO_PKG_VERSION"));
        if url.ends_with('/') {
            url.push_str(&artifact::name(arch));
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::Origin;

    fn of(text: &str) -> Option<ArtifactUrl> {
        ArtifactUrl::of(&Var { value: text.into(), origin: Origin::option("-e") })
    }

    #[test]
    fn a_folder_and_a_pattern_name_the_binary() {
        let version = env!("CARGO_PKG_VERSION");
        let at = |text: &str| of(text).unwrap().at("aarch64", "abc");
        let name = format!("http://h:8000/d/mesoform-{version}-aarch64-unknown-linux-musl");
        assert_eq!(at("http://h:8000/d/"), name);
        let named = format!("https://h/{version}/aarch64/abc");
        assert_eq!(at("https://h/{version}/{arch}/{sha256}"), named);
        assert_eq!(at("https://h/a%20b"), "https://h/a%20b");
    }

    #[test]
    fn what_a_shell_could_take_for_more_is_refused() {
        for text in [
            "ftp://h/",
            "h/m",
            "https://",
            "https:///m",
            "https://h/$(x)",
            "https://h/\"",
            "https://h/a b",
            "https://h/`x`",
            "https://h/'",
            "https://h/\\",
            "https://u:p@h/",
            "https://h/{host}",
            "https://h/{",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
