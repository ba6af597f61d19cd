//! The templates of units and service configuration, and the minijinja environment they run in.
//!
//! The dialect is Jinja2 as Ansible sets it up: `trim_blocks`, the trailing newline kept, and an
//! undefined variable an error. The files in `templates/` are part of the binary; an operator may have
//! others in their place.

mod embedded;
mod error;
mod filters;
mod folder;

pub use embedded::names;
pub use error::TemplateError;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The templates, ready to render.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// The files of those that are the operator's own.
    own: BTreeMap<String, PathBuf>,
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
        Ok(Self { environment, own: BTreeMap::new() })
    }

    /// The same, with those in `folder` in the place of the embedded ones of the same name.
    ///
    /// # Errors
    /// The folder cannot be read, has a file that is no template's, or one that does not parse.
    pub fn with_folder(folder: &Path) -> Result<Self, TemplateError> {
        let mut templates = Self::embedded()?;
        for own in folder::read(folder)? {
            templates.own.insert(own.name.clone(), own.path);
            let added = templates.environment.add_template_owned(own.name, own.source);
            added.map_err(|error| templates.located(error))?;
        }
        Ok(templates)
    }

    /// An operator's own template is told by its file.
    fn located(&self, error: minijinja::Error) -> TemplateError {
        let error = TemplateError::from(error);
        match self.own.get(&error.name) {
            Some(path) => TemplateError { name: path.display().to_string(), ..error },
            None => error,
        }
    }

    /// Renders the template `name` (`units/mesoform-quorum.service`) with the variables in `context`.
    ///
    /// # Errors
    /// There is no such template, or it fails: with its name, the line and the cause.
    pub fn render(&self, name: &str, context: impl Serialize) -> Result<String, TemplateError> {
        let template = self.environment.get_template(name).map_err(|e| self.located(e))?;
        template.render(Value::from(Serde(context))).map_err(|e| self.located(e))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_syntax(syntax());
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // These are no web pages: nothing is escaped for HTML, and YAML reads JSON.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    // An error then knows what is missing; without one this costs nothing.
    environment.set_debug(true);
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
