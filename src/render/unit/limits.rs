//! A document has a limit, and as much of it as fits stays text.

use super::{boot, supply, templates, text, yaml};
use crate::{Boot, Dialect, Packer, RenderError, document};
use mesoform_plan::{Ownership, Plan, Step};

const ALL: [Dialect; 3] = [Dialect::CloudConfig, Dialect::Coreos, Dialect::Ignition];

fn file(path: &str, content: String) -> Step {
    Step::File { path: path.into(), ownership: Ownership::root(0o644), content }
}

/// One that packs well, one that does not, and a small one.
fn two_files() -> Boot {
    let noise: String =
        (0..2000u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
    boot(&Plan::new(
        "demo",
        "h1",
        vec![
            file("/etc/small", "small\n".into()),
            file("/etc/noise", format!("{noise}\n")),
            file("/etc/well", "packs well\n".repeat(500)),
        ],
    ))
}

#[test]
fn what_fits_stays_text() {
    for dialect in ALL {
        let free = text(dialect, &two_files(), None);
        assert_eq!(text(dialect, &two_files(), Some(free.len())), free);
        assert!(!free.contains("gz"), "{free}");
    }
}

#[test]
fn what_wins_most_is_packed_first_and_no_more_than_must_be() {
    for dialect in ALL {
        let free = text(dialect, &two_files(), None);
        let tight = text(dialect, &two_files(), Some(free.len() - 1));
        assert!(tight.len() < free.len());
        assert_eq!(tight.matches("gz").count(), 1, "{tight}");
        assert!(tight.contains("small"), "{tight}");
    }
    let limit = text(Dialect::CloudConfig, &two_files(), None).len() - 1;
    let tight = yaml(&text(Dialect::CloudConfig, &two_files(), Some(limit)));
    let packed = tight["write_files"].as_array().unwrap().iter();
    let packed: Vec<_> = packed.filter(|file| file.get("encoding").is_some()).collect();
    assert_eq!(packed[0]["path"], "/etc/well");
}

#[test]
fn what_does_not_fit_is_told_with_its_largest_parts() {
    for dialect in ALL {
        let error =
            document(dialect, &two_files(), &supply(&templates(), &Packer::default()), Some(2_000))
                .unwrap_err();
        let RenderError::TooLarge { size, limit, ref largest, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(limit, 2_000);
        assert_eq!(largest.0[0].0, "/etc/noise");
        let words = error.to_string();
        let more =
            format!("h1: its document has {size} bytes, {} more than the 2000", size - limit);
        assert!(words.starts_with(&more) && words.contains("/etc/noise ("), "{words}");
    }
}

#[test]
fn the_same_boot_gives_the_same_document() {
    for dialect in ALL {
        for limit in [None, Some(13_000)] {
            assert_eq!(text(dialect, &two_files(), limit), text(dialect, &two_files(), limit));
        }
    }
}
