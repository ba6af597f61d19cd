use crate::notice::Remark;
use crate::{InventoryError, InventoryErrors, Mistake, Notice, Origin};

/// Gathers what is found while an inventory is read, so that all of it is reported together.
#[derive(Default)]
pub(crate) struct Findings {
    errors: Vec<InventoryError>,
    notices: Vec<Notice>,
}

impl Findings {
    pub fn mistake(&mut self, origin: Origin, mistake: Mistake) {
        self.errors.push(InventoryError { origin, mistake });
    }

    pub fn remark(&mut self, origin: Origin, remark: Remark) {
        self.notices.push(Notice { origin, remark });
    }

    /// The notices, or all the mistakes in the order of their places.
    pub fn conclude(mut self) -> Result<Vec<Notice>, InventoryErrors> {
        if self.errors.is_empty() {
            return Ok(self.notices);
        }
        self.errors.sort_by(|a, b| a.origin.cmp(&b.origin));
        Err(InventoryErrors(self.errors))
    }
}
