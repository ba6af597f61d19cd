use crate::{ExtraVars, Inventory};
use std::path::Path;

fn inventory() -> Inventory {
    let text = "solo\n[web]\nweb[1:3]\n[db]\ndb1\nweb3\n[empty]\n[site:children]\nweb\ndb\n";
    Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap()
}

fn select(pattern: &str) -> String {
    inventory().select(pattern).map_or_else(|e| e.to_string(), |hosts| hosts.join(" "))
}

#[test]
fn patterns_as_ansible_evaluates_them() {
    assert_eq!(select("all"), "solo web1 web2 web3 db1");
    assert_eq!(select("web"), "web1 web2 web3");
    assert_eq!(select("site:!db"), "web1 web2");
    assert_eq!(select("!db,site"), "web1 web2");
    assert_eq!(select("site:&db"), "web3 db1");
    assert_eq!(select("!web"), "solo db1");
    assert_eq!(select("web[0]"), "web1");
    assert_eq!(select("web[-1]"), "web3");
    assert_eq!(select("web[1:]"), "web2 web3");
    assert_eq!(select("web[0:1],db1"), "web1 web2 db1");
    assert_eq!(select("~(web|db)1$"), "web1 db1");
    assert_eq!(select("*[0]"), "solo");
    assert_eq!(select("we?2"), "web2");
    assert_eq!(select("db1,web1,db1"), "db1 web1");
}

#[test]
fn a_part_without_a_match_is_a_mistake() {
    let web2 = select("wbe2");
    assert_eq!(web2, "--limit: the pattern 'wbe2' matches no host; did you mean 'web2'?");
    assert!(select("all:!web33").contains("did you mean 'web3'?"), "{}", select("all:!web33"));
    assert!(select("web[:9]").contains("matches no host"));
    assert!(select("empty").contains("matches no host"));
    assert!(select("web[7]").contains("beyond the 3"));
    assert!(select("web:!web").contains("selects no host"));
    assert!(select("~(").contains("cannot be used"));
    assert!(select("@/no/such/file").contains("no such file of patterns"));
    assert_eq!(inventory().match_pattern("web,nix").unwrap().unmatched, ["nix"]);
}

#[test]
fn a_file_holds_one_part_a_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "web1\n\n db \n!web3\n").unwrap();
    assert_eq!(select(&format!("@{}", file.path().display())), "web1 db1");
}
