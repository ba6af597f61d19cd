//! cloud-init's own templates, for files that it makes as a whole.

use crate::{CloudInitError, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value};

/// From cloud-init 22.4 (`templates/`), under the Apache License 2.0; without the first line, which
/// says what they are.
const ALL: &[(&str, &str)] = &[
    ("chrony.conf.alpine", include_str!("../templates/chrony.conf.alpine.tmpl")),
    ("chrony.conf.centos", include_str!("../templates/chrony.conf.centos.tmpl")),
    ("chrony.conf.debian", include_str!("../templates/chrony.conf.debian.tmpl")),
    ("chrony.conf.fedora", include_str!("../templates/chrony.conf.fedora.tmpl")),
    ("chrony.conf.rhel", include_str!("../templates/chrony.conf.rhel.tmpl")),
    ("chrony.conf.ubuntu", include_str!("../templates/chrony.conf.ubuntu.tmpl")),
    ("hosts.alpine", include_str!("../templates/hosts.alpine.tmpl")),
    ("hosts.debian", include_str!("../templates/hosts.debian.tmpl")),
    ("hosts.redhat", include_str!("../templates/hosts.redhat.tmpl")),
    ("ntp.conf.alpine", include_str!("../templates/ntp.conf.alpine.tmpl")),
    ("ntp.conf.debian", include_str!("../templates/ntp.conf.debian.tmpl")),
    ("ntp.conf.fedora", include_str!("../templates/ntp.conf.fedora.tmpl")),
    ("ntp.conf.rhel", include_str!("../templates/ntp.conf.rhel.tmpl")),
    ("ntp.conf.ubuntu", include_str!("../templates/ntp.conf.ubuntu.tmpl")),
    ("timesyncd.conf", include_str!("../templates/timesyncd.conf.tmpl")),
];

pub fn is_known(name: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == name)
}

/// # Errors
/// There is no such template, or it cannot be rendered.
pub fn render(name: &str, values: Value) -> Result<String> {
    let text = ALL.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let text = text.ok_or_else(|| {
        CloudInitError::host(
            name,
            "there is no template for this distribution",
            "write the file yourself",
        )
    })?;
    render_text(name, text, values)
}

/// The same with a text of the document's.
///
/// # Errors
/// It cannot be rendered.
pub fn render_text(name: &str, text: &str, values: Value) -> Result<String> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).keep_trailing_newline(true);
    // Only the delimiters can be wrong, and they are the defaults.
    environment.set_syntax(syntax.build().unwrap_or_default());
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("## template:") => rest,
        _ => text,
    };
    // As cloud-init: the last newline is taken off before, and put back after.
    let (text, end) = text.strip_suffix('\n').map_or((text, ""), |text| (text, "\n"));
    let rendered = environment.render_str(text, values);
    rendered.map(|text| text + end).map_err(|error| {
        CloudInitError::host(name, format!("its template cannot be rendered: {error}"), "mend it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn all_can_be_rendered() {
        for (name, _) in ALL {
            let values = context! {
                hostname => "h", fqdn => "h.example.org", pools => ["p"], servers => ["s", "t"],
            };
            let text = render(name, values).unwrap();
            assert!(!text.contains("{{") && !text.contains("{%"), "{name}: {text}");
        }
        let text = render("timesyncd.conf", context! { pools => ["p"], servers => ["s"] }).unwrap();
        assert!(text.ends_with("[Time]\nNTP=s p \n"), "{text:?}");
    }
}
