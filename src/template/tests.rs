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
    let words = "template etc/quorum.yml, line 2: undefined value: `settings` is undefined";
    assert!(error.to_string().starts_with(words), "{error}");
}

#[test]
fn filters_do_as_in_ansible() {
    assert_eq!(one("{{ yes | bool | ternary('a', 'b') }}").unwrap(), "a");
    assert_eq!(one("{{ n | to_json }}\n").unwrap(), "[1,2]\n");
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, source).unwrap();
    }
    folder
}

#[test]
fn an_operators_template_takes_the_place_of_ours() {
    let own = folder(&[("units/mesoform-agent.service", "mine {{ cluster }}\n"), (".git/x", "")]);
    let templates = Templates::with_folder(own.path()).unwrap();
    let render = |name| templates.render(name, json!({"cluster": "demo", "places": {"bin": "/b"}}));
    assert_eq!(render("units/mesoform-agent.service").unwrap(), "mine demo\n");
    assert!(render("units/mesoform-certificates.timer").unwrap().contains("cluster demo"));
}

#[test]
fn what_is_wrong_with_an_operators_template_is_told_with_its_file() {
    let name = "units/mesoform-agent.service";
    let error = |source: &str| {
        let own = folder(&[(name, source)]);
        let rendered = Templates::with_folder(own.path()).and_then(|templates| {
            templates.render(name, json!({"cluster": "demo", "settings": {"a": 1}}))
        });
        let error = rendered.unwrap_err().to_string();
        error.replace(own.path().to_str().unwrap(), "DIR")
    };
    let file = "template DIR/units/mesoform-agent.service, line 2:";
    assert_eq!(
        error("a\n{{ clustr }}\n"),
        format!("{file} undefined value: `clustr` is undefined")
    );
    let nested = format!("{file} undefined value: `settings.b` is undefined");
    assert_eq!(error("a\n{{ settings.b }}\n"), nested);
    assert!(
        error("a\n{% if x %}\n").starts_with("template DIR/units/mesoform-agent.service, line ")
    );
}

#[test]
fn a_file_that_is_no_template_is_told_with_those_that_are() {
    let own = folder(&[("units/mesoform-agnet.service", "")]);
    let error = Templates::with_folder(own.path()).unwrap_err().to_string();
    assert!(
        error.contains("there is no template units/mesoform-agnet.service; there are"),
        "{error}"
    );
    let missing = Templates::with_folder(&own.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("/none: No such file"), "{missing}");
}
