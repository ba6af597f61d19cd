use super::value;
use serde_json::{Value, json};

/// Each line of the table was checked with Python's `ast.literal_eval`.
#[test]
fn literals_are_typed_as_python_types_them() {
    for (text, wanted) in [
        ("1.10", json!(1.1)),
        ("0x1f", json!(31)),
        ("0o17", json!(15)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("0x_ff", json!(255)),
        ("00", json!(0)),
        ("1e3", json!(1000.0)),
        ("007.5", json!(7.5)),
        ("-5", json!(-5)),
        ("+ 5", json!(5)),
        (".5", json!(0.5)),
        ("5.", json!(5.0)),
        ("True", json!(true)),
        ("None", Value::Null),
        ("'5'", json!("5")),
        ("u'a' \"b\"", json!("ab")),
        ("'''a'b'''", json!("a'b")),
        (r"'a\x41\u00e4\101\d'", json!("aAäA\\d")),
        (r"r'\n'", json!("\\n")),
        (r"b'\xc3\xa4'", json!("ä")),
        ("[1, 'a', [True,],]", json!([1, "a", [true]])),
        ("(1, 2)", json!([1, 2])),
        ("(1)", json!(1)),
        ("()", json!([])),
        ("1,", json!([1])),
        ("1, 2", json!([1, 2])),
        ("{1, 1}", json!([1])),
        ("set()", json!([])),
        ("{'a': 1, 2: {}}", json!({"a": 1, "2": {}})),
        ("80 # c", json!(80)),
        ("'a' # c", json!("a")),
    ] {
        assert_eq!(value(text), wanted, "{text}");
    }
}

#[test]
fn the_rest_stays_a_string() {
    for text in [
        "007",
        "true",
        "yes",
        "TRUE",
        "inf",
        "nan",
        "1+2",
        "10-5",
        "1.2.3.4",
        "1__0",
        "1_",
        "_1",
        "0x",
        "foo # c",
        "",
        "'open",
        "[1",
        "[1 2]",
        "{'a'}x",
        "{'a': }",
        "{[1]: 2}",
        "f'x'",
        "--5",
        "-True",
        "1e",
        "1e400",
        "123456789012345678901234567890123456789012",
        "a b",
        "[,]",
        "(,)",
        "'a' b'c'",
        ",",
        "...",
        "{{ x }}",
        "1 if x",
        "[1 # c",
        "2j",
        "'\\N{DASH}'",
    ] {
        assert_eq!(value(text), json!(text), "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = "[".repeat(100_000);
    assert_eq!(value(&deep), json!(deep));
}
