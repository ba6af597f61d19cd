use super::*;
use serde_json::json;

fn one(source: &str) -> Result<String, TemplateError> {
    let variables = Value::from(Serde(json!({"yes": "Yes", "n": [1, 2]})));
    environment().render_str(source, variables).map_err(Into::into)
}

#[test]
fn every_embedded_template_parses() {
    Templates::embedded().unwrap();
    assert!(names().count() >= 8);
}

#[test]
fn an_undefined_variable_is_an_error_with_its_place() {
    let error = Templates::embedded()
        .unwrap()
        .render("etc/quorum.yml", json!({"cluster": "demo"}))
        .unwrap_err();
    assert_eq!(error.line, Some(2), "{error}");
    assert!(error.to_string().starts_with("template etc/quorum.yml, line 2: "), "{error}");
}

#[test]
fn filters_do_as_in_ansible() {
    assert_eq!(one("{{ yes | bool | ternary('a', 'b') }}").unwrap(), "a");
    assert_eq!(one("{{ n | to_json }}\n").unwrap(), "[1,2]\n");
}
