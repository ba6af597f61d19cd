use crate::findings::Findings;
use crate::literal::unescape;
use crate::{InventoryErrors, Mistake, Origin, Value, Var, Vars, var_files, yaml};
use std::path::Path;
use std::sync::Arc;

/// Variables of the command line (`-e`): they win over all others.
#[derive(Clone, Debug, Default)]
pub struct ExtraVars {
    vars: Vars,
}

impl ExtraVars {
    /// Reads the values of `-e`: `key=value key2='with blanks'`, JSON or YAML in braces, or `@file`.
    /// The later ones win. In `key=value` all values are strings, as in Ansible.
    ///
    /// # Errors
    /// All that cannot be read, together.
    pub fn parse<S: AsRef<str>>(options: &[S]) -> Result<Self, InventoryErrors> {
        let mut findings = Findings::default();
        let mut vars = Vars::new();
        for option in options {
            vars.extend(read(option.as_ref().trim(), &mut findings));
        }
        findings.conclude()?;
        Ok(Self { vars })
    }

    pub(crate) fn vars(&self) -> &Vars {
        &self.vars
    }
}

fn read(option: &str, findings: &mut Findings) -> Vars {
    let origin = Origin::option("-e");
    if let Some(path) = option.strip_prefix('@') {
        return var_files::read_file(Path::new(path), findings);
    }
    match option.chars().next() {
        None => Vars::new(),
        Some('{' | '[') => yaml::variables(option, &origin, findings),
        Some('/' | '.') => {
            findings.mistake(origin, Mistake::ExtraFile { path: option.into() });
            Vars::new()
        }
        Some(_) => words(option).iter().filter_map(|word| assignment(word, findings)).collect(),
    }
}

fn assignment(word: &str, findings: &mut Findings) -> Option<(Arc<str>, Arc<Var>)> {
    let word = unescape(word, false).unwrap_or_else(|| word.to_owned());
    match word.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            let origin = Origin::option(&format!("-e {}", name.trim()));
            let value = Value::String(unquote(value.trim()).to_owned());
            Some((name.trim().into(), Arc::new(Var { value, origin })))
        }
        // The word may be a part of a secret, so not all of it is repeated.
        _ => {
            let text = word.chars().take(20).collect();
            findings.mistake(Origin::option("-e"), Mistake::ExtraVar { text });
            None
        }
    }
}

fn unquote(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Splits at blanks, but neither within quotes nor within `{{ }}` and `{% %}`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut braces = 0usize;
    let mut before = ' ';
    for c in text.chars() {
        match (c, quote) {
            ('"' | '\'', None) if before != '\\' => quote = Some(c),
            (_, Some(open)) if c == open && before != '\\' => quote = None,
            ('{' | '%', None) if before == '{' => braces += 1,
            ('}', None) if matches!(before, '}' | '%') => braces = braces.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && quote.is_none() && braces == 0 {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
        before = c;
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::ExtraVars;
    use serde_json::{Value, json};

    fn get(option: &str, name: &str) -> Option<Value> {
        ExtraVars::parse(&[option]).unwrap().vars.get(name).map(|var| var.value.clone())
    }

    #[test]
    fn pairs_json_and_yaml() {
        assert_eq!(get("a=1 b='x y'", "b"), Some(json!("x y")));
        assert_eq!(get("a=1 b='x y'", "a"), Some(json!("1")));
        assert_eq!(get("t={{ a b }} u=v", "t"), Some(json!("{{ a b }}")));
        assert_eq!(get("{\"a\": 1}", "a"), Some(json!(1)));
        assert_eq!(get("{a: yes}", "a"), Some(json!(true)));
        assert_eq!(get("a=x=y", "a"), Some(json!("x=y")));
        assert_eq!(get("a=", "a"), Some(json!("")));
    }

    #[test]
    fn mistakes_come_together() {
        let errors = ExtraVars::parse(&["word", "/etc/x.yml", "[1]", "@/no/such"]).unwrap_err();
        assert_eq!(errors.0.len(), 4, "{errors}");
        assert!(errors.to_string().contains("-e @/etc/x.yml"));
    }
}
