//! The templates of units and service configuration, and the minijinja environment they run in.
//!
//! The dialect is Jinja2 as Ansible sets it up: `trim_blocks`, the trailing newline kept, and an
//! undefined variable an error. The files in `templates/` are part of the binary.

mod embedded;
mod error;
mod filters;

pub use embedded::names;
pub use error::TemplateError;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

/// The templates, ready to render.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The templates that this binary carries.
    ///
    /// # Errors
    /// One of them does not parse: a mistake in this version.
    pub fn embedded() -> Result<Self, TemplateError> {
        let mut environment = environment();
        for (name, source) in embedded::FILES {
            environment.add_template(name, source).map_err(TemplateError::from)?;
        }
        Ok(Self { environment })
    }

    /// Renders the template `name` (`units/mesoform-quorum.service`) with the variables in `context`.
    ///
    /// # Errors
    /// There is no such template, or it fails: with its name, the line and the cause.
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<String, TemplateError> {
        let template = self.environment.get_template(name).map_err(TemplateError::from)?;
        template.render(Value::from(Serde(context))).map_err(TemplateError::from)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_syntax(syntax());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // These are no web pages: nothing is escaped for HTML, and YAML reads JSON.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    filters::add(&mut environment);
    environment
}

fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).keep_trailing_newline(true);
    // Only the delimiters can be wrong, and they are the defaults.
    syntax.build().unwrap_or_default()
}

#[cfg(test)]
mod tests;
