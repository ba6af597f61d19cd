use crate::RenderError;
use mesoform_cloudconfig::pack;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Packs contents, and remembers them: most files of a cluster's hosts are the same, and packing one takes
/// longer than all else about it.
#[derive(Debug, Default)]
pub struct Packer(RefCell<HashMap<Rc<str>, Rc<str>>>);

/// How many contents are remembered; those of one host are a dozen or two.
const KEPT: usize = 256;

impl Packer {
    pub(crate) fn pack(&self, content: &str) -> Result<Rc<str>, RenderError> {
        if let Some(packed) = self.0.borrow().get(content) {
            return Ok(Rc::clone(packed));
        }
        let packed: Rc<str> = pack(content)?.into_string().into();
        let mut kept = self.0.borrow_mut();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(content.into(), Rc::clone(&packed));
        Ok(packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_packed_and_bounded() {
        let packer = Packer::default();
        for round in 0..2 {
            for number in 0..KEPT + 10 {
                let content = format!("content {number}");
                let packed = packer.pack(&content).unwrap();
                assert_eq!(&*packed, pack(&content).unwrap().as_str(), "{round}");
            }
        }
        assert!(packer.0.borrow().len() <= KEPT);
    }
}
