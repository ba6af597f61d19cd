use std::fmt;

/// A mistake in the inventory: where it stands, what it is, and what cures it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// `file:line`, or the inventory as a whole.
    pub place: String,
    pub cause: String,
    pub cure: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.cause, self.cure)
    }
}

/// All mistakes of an inventory at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(crate) fn add(
        &mut self,
        place: impl fmt::Display,
        cause: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.0.push(Mistake { place: place.to_string(), cause: cause.into(), cure: cure.into() });
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}
