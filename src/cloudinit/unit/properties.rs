use super::fake::Fake;
use crate::Document;
use mesoform_plan::Outcome;
use proptest::prelude::*;

proptest! {
    /// Whatever a document is, it is read or refused, and nothing panics.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        drop(Document::parse("d", &format!("#cloud-config\n{text}\n")));
    }

    /// The same of what looks like a document.
    #[test]
    fn any_shape_is_read_or_refused(
        key in prop::sample::select(vec![
            "users", "groups", "write_files", "mounts", "swap", "ntp", "runcmd", "bootcmd", "packages",
            "power_state", "growpart", "hostname", "locale", "timezone", "ssh_authorized_keys", "user",
        ]),
        value in "[\\[\\]{}:,a-z0-9 '/-]{0,60}",
    ) {
        drop(Document::parse("d", &format!("#cloud-config\n{key}: {value}\n")));
    }

    /// What was applied is applied, and its files have what the document says.
    #[test]
    fn files_are_as_the_document_says(contents in prop::collection::vec("[ -~\\n]{0,40}", 1..6)) {
        let item = |(n, content): (usize, &String)| {
            format!("  - {{path: /f{n}, content: {}}}\n", serde_json::to_string(content).unwrap())
        };
        let items: String = contents.iter().enumerate().map(item).collect();
        let text = format!("#cloud-config\nwrite_files:\n{items}");
        let host = Fake::new();
        let (_, outcome) = host.apply(&text);
        prop_assert_eq!(outcome, Outcome::Done { changed: contents.len() });
        for (n, content) in contents.iter().enumerate() {
            prop_assert_eq!(&host.read(&format!("/f{n}")), content);
        }
        prop_assert_eq!(host.apply(&text).1, Outcome::Done { changed: 0 });
    }
}
