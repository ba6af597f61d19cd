//! What must hold for every text, and how long a large one may take.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test, with helpers outside of test functions"
)]

use mesoform_inventory::{ExtraVars, Inventory, InventoryErrors};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

fn parse(text: &str) -> Result<Inventory, InventoryErrors> {
    Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default())
}

/// Lines as people write them, whole and broken.
fn line() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "web",
        "db1",
        "[",
        "]",
        ":",
        "=",
        " ",
        "a",
        "0",
        "1",
        "9",
        "01",
        "[1:3]",
        "[a:c]",
        "[web]",
        "[web:vars]",
        "[all:children]",
        "'",
        "\"",
        "\\",
        "#",
        ";",
        "x=1",
        "ansible_host=h",
        "::1",
        ".",
        "-",
        ",",
        "{",
        "}",
        "(",
        ")",
        "ä",
        "\t",
        "%",
        "~",
        "!",
        "&",
        "*",
        "?",
        "---",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..8).prop_map(|p| p.concat()), any::<String>()]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(lines in prop::collection::vec(line(), 0..12)) {
        match parse(&lines.join("\n")) {
            Ok(inventory) => {
                let _ = (inventory.to_list_json(), inventory.graph());
                for line in &lines {
                    let _ = inventory.match_pattern(line);
                }
                for host in inventory.hosts() {
                    let _ = inventory.connection(host.name());
                }
            }
            Err(errors) => prop_assert!(!errors.0.is_empty() && !errors.to_string().is_empty()),
        }
    }

    #[test]
    fn no_extra_variable_makes_it_panic(option in line()) {
        let _ = ExtraVars::parse(&[option]);
    }

    #[test]
    fn a_numeric_range_is_counted(
        begin in 0u32..500, count in 1u32..60, step in 1u32..5, width in 1usize..5,
    ) {
        let end = begin + count;
        let (first, last) = (format!("{begin:0width$}"), format!("{end:0width$}"));
        prop_assume!(first.len() == last.len());
        let inventory = parse(&format!("n[{first}:{last}:{step}]x\n")).unwrap();
        let names: Vec<_> = inventory.hosts().map(|host| host.name().to_owned()).collect();
        let padded = first.len() > 1 && first.starts_with('0');
        let digits = if padded { first.len() } else { 0 };
        let wanted: Vec<_> = (begin..=end)
            .step_by(step as usize)
            .map(|number| format!("n{number:0digits$}x"))
            .collect();
        prop_assert_eq!(names, wanted);
    }

    /// What is quoted comes back as it was, whatever it holds.
    #[test]
    fn a_quoted_string_round_trips(text in "[^\\r\\n\\x00'\"\\\\]{0,20}") {
        let inventory = parse(&format!("h v='\"{text}\"'\n")).unwrap();
        let var = inventory.host("h").unwrap().var("v").unwrap();
        prop_assert_eq!(var.value.as_str(), Some(text.as_str()));
    }

    #[test]
    fn a_number_round_trips(number in any::<i64>(), fraction in any::<f64>()) {
        prop_assume!(fraction.is_finite());
        let inventory = parse(&format!("h i={number} f={fraction:e}\n")).unwrap();
        let var = |name| inventory.host("h").unwrap().var(name).unwrap().value.clone();
        prop_assert_eq!(var("i").as_i64(), Some(number));
        prop_assert_eq!(var("f").as_f64(), Some(fraction));
    }

    /// Every host is below `all`, once, and in exactly the groups that name it.
    #[test]
    fn every_host_is_found_once(members in prop::collection::vec((0usize..6, 0usize..8), 0..30)) {
        let mut text = String::from("[g0]\n[g1]\n[g2]\n[g3]\n[g4]\n[g5]\n");
        for (group, host) in &members {
            writeln!(text, "[g{group}]\nh{host}").unwrap();
        }
        let inventory = parse(&text).unwrap();
        let mut names: Vec<_> = inventory.hosts().map(|host| host.name()).collect();
        names.sort_unstable();
        let mut wanted: Vec<_> = members.iter().map(|(_, host)| format!("h{host}")).collect();
        wanted.sort_unstable();
        wanted.dedup();
        prop_assert_eq!(&names, &wanted);
        for (group, host) in &members {
            let (host, group) = (format!("h{host}"), format!("g{group}"));
            let inside = inventory.host(&host).unwrap().in_group(&group);
            prop_assert!(inside);
        }
    }
}

/// Ten times the hosts may take little more than ten times as long: no step is quadratic. The
/// bound is for an unoptimized build on a busy machine.
#[test]
fn ten_thousand_hosts_are_read_at_once() {
    let mut text = String::from("[all:vars]\nuser=root\n");
    for rack in 0..100 {
        writeln!(text, "[rack{rack}]").unwrap();
        for host in 0..100 {
            writeln!(
                text,
                "h{rack}-{host} ansible_host=10.0.{rack}.{host} zoo_id={host} d=\"{{'a': 1}}\""
            )
            .unwrap();
        }
        writeln!(text, "[rack{rack}:vars]\nrack={rack}").unwrap();
    }
    text.push_str("[site:children]\n");
    (0..100).for_each(|rack| writeln!(text, "rack{rack}").unwrap());
    text.push_str("[again]\nh[0:99]-[0:99]\n");
    let begin = Instant::now();
    let inventory = parse(&text).unwrap();
    let read = begin.elapsed();
    assert_eq!(inventory.hosts().count(), 10_000);
    assert_eq!(inventory.select("site:&again:!rack0").unwrap().len(), 9_900);
    assert_eq!(inventory.select("h1-*").unwrap().len(), 100);
    assert!(begin.elapsed() < Duration::from_secs(120), "{:?}", begin.elapsed());
    eprintln!("10,000 hosts: read in {read:?}, with patterns {:?}", begin.elapsed());
}

/// A chain of groups as long as a file must not exhaust the stack.
#[test]
fn deep_groups_are_fine() {
    let mut text = String::from("[g0]\nh\n");
    (1..5_000).for_each(|i| writeln!(text, "[g{i}:children]\ng{}", i - 1).unwrap());
    let inventory = parse(&text).unwrap();
    assert_eq!(inventory.group("g4999").unwrap().hosts().len(), 1);
    assert_eq!(inventory.host("h").unwrap().groups().count(), 5_000);
    assert!(inventory.graph().ends_with("--h"));
}
