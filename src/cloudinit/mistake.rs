use std::cell::RefCell;
use std::fmt;

/// More mistakes than this are not told: whoever has so many has another problem.
const MOST: usize = 50;

/// Something in a document that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    pub cause: String,
    pub cure: String,
}

/// All that is wrong with a document, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    file: String,
    all: Vec<Mistake>,
}

impl Mistakes {
    pub fn all(&self) -> &[Mistake] {
        &self.all
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.all.iter().enumerate() {
            let Mistake { line, cause, cure } = mistake;
            let end = if number > 0 { "\n" } else { "" };
            write!(f, "{end}{}:{line}: {cause}; {cure}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Where mistakes are put while a document is read.
#[derive(Debug, Default)]
pub struct Notes(RefCell<Vec<Mistake>>);

impl Notes {
    pub fn add(&self, line: usize, cause: impl Into<String>, cure: impl Into<String>) {
        let mut all = self.0.borrow_mut();
        if all.len() < MOST {
            all.push(Mistake { line, cause: cause.into(), cure: cure.into() });
        }
    }

    /// `value`, where nothing is wrong.
    ///
    /// # Errors
    /// All that is.
    pub fn conclude<T>(self, file: &str, value: T) -> Result<T, Mistakes> {
        let mut all = self.0.into_inner();
        all.sort_by_key(|mistake| mistake.line);
        if all.is_empty() { Ok(value) } else { Err(Mistakes { file: file.to_owned(), all }) }
    }
}
