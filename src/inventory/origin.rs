use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where something was written: a place, and as far as known a line and a column (both from 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    pub place: Place,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

/// What can hold an inventory or a variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    File(Arc<Path>),
    /// An option of the command line, such as `-e zoo_id`. Never holds a value: it may be a secret.
    CommandLine(Arc<str>),
}

impl Origin {
    /// A file as a whole.
    pub fn file(path: &Arc<Path>) -> Self {
        Self { place: Place::File(Arc::clone(path)), line: None, column: None }
    }

    /// An option of the command line.
    pub fn option(option: &str) -> Self {
        Self { place: Place::CommandLine(option.into()), line: None, column: None }
    }

    /// The same place, at `line` and `column`, both counted from 1.
    #[must_use]
    pub fn at(&self, line: usize, column: Option<usize>) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { place: self.place.clone(), line: Some(narrow(line)), column: column.map(narrow) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(f, "{}", path.display())?,
            Place::CommandLine(option) => write!(f, "{option}")?,
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        Ok(())
    }
}
