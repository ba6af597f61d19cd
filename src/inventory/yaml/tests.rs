use super::variables;
use crate::Origin;
use crate::findings::Findings;
use serde_json::{Map, Value, json};

fn read(text: &str) -> Result<Value, String> {
    let mut findings = Findings::default();
    let vars = variables(text, &Origin::option("f.yml"), &mut findings);
    findings.conclude().map_err(|errors| errors.to_string())?;
    let map = vars.iter().map(|(name, var)| (name.to_string(), var.value.clone()));
    Ok(Value::Object(map.collect::<Map<_, _>>()))
}

#[test]
fn scalars_are_yaml_1_1() {
    let text = "{a: yes, b: 0777, c: 1e3, d: 1.5e+3, e: 1:30, f: ~, g: 0x1f, h: 1_000, i: 'yes', \
                j: 2001-12-14, k: 1.2.3.4, l: off, m: 08, n: -5, o: 1., p: .5, q: !!str 5}";
    let wanted = json!({
        "a": true, "b": 511, "c": "1e3", "d": 1500.0, "e": 90, "f": null, "g": 31, "h": 1000,
        "i": "yes", "j": "2001-12-14", "k": "1.2.3.4", "l": false, "m": "08", "n": -5, "o": 1.0,
        "p": 0.5, "q": "5",
    });
    assert_eq!(read(text), Ok(wanted));
}

#[test]
fn structures_anchors_and_merges() {
    let text = "base: &b {x: 1, y: 2}\nover:\n  y: 3\n  <<: *b\nlist:\n- a\n- {b: [c]}\n1: one\n";
    let wanted = json!({
        "base": {"x": 1, "y": 2}, "over": {"x": 1, "y": 3}, "list": ["a", {"b": ["c"]}], "1": "one",
    });
    assert_eq!(read(text), Ok(wanted));
    for empty in ["", "---\n", "# only\n", "--- ~\n"] {
        assert_eq!(read(empty), Ok(json!({})), "{empty:?}");
    }
}

#[test]
fn mistakes_name_their_line() {
    let error = |text| read(text).unwrap_err();
    assert!(error("a: 1\nb: [\n").starts_with("f.yml:"), "{}", error("a: 1\nb: [\n"));
    assert!(error("- a\n").contains("not a list"));
    assert!(error("a: 1\n---\nb: 2\n").contains("second document"));
    assert!(error("a: 1\np: !vault |\n  x\n").starts_with("f.yml:2: is encrypted"));
    assert!(error("$ANSIBLE_VAULT;1.1;AES256\n123\n").contains("Vault"));
    assert!(error("a: !odd 1\n").contains("!odd"));
}

#[test]
fn aliases_cannot_fill_the_memory() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        let list = vec![alias; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    assert!(read(&text).unwrap_err().contains("too large"));
}
