use mesoform_inventory::{InventoryErrors, Origin};
use std::fmt;

/// A mistake in the inventory: where it stands, what it is, and what cures it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// A line, or the inventory as a whole.
    pub origin: Origin,
    pub cause: String,
    /// Empty where the cause says it too.
    pub cure: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.cause)?;
        if !self.cure.is_empty() {
            write!(f, "\n    {}", self.cure)?;
        }
        Ok(())
    }
}

/// All mistakes of an inventory at once, in the order of their places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(super) fn add(
        &mut self,
        origin: &Origin,
        cause: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let (origin, cause, cure) = (origin.clone(), cause.into(), cure.into());
        self.0.push(Mistake { origin, cause, cure });
    }

    /// Takes over what the inventory itself finds wrong with a host's variables.
    pub(super) fn extend(&mut self, errors: InventoryErrors) {
        for error in errors {
            self.add(&error.origin, error.mistake.to_string(), "");
        }
    }

    /// These and those, in the order of their places.
    pub fn with(mut self, errors: InventoryErrors) -> Self {
        self.extend(errors);
        self.sorted()
    }

    /// In the order of their places. One that many hosts share is told once.
    pub(super) fn sorted(mut self) -> Self {
        self.0.sort();
        self.0.dedup();
        self
    }

    /// `made`, where there was no mistake. One that many hosts share is told once.
    pub(super) fn conclude<T>(self, made: T) -> Result<T, Self> {
        let all = self.sorted();
        if all.0.is_empty() { Ok(made) } else { Err(all) }
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
