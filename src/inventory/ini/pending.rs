use crate::draft::{Draft, GroupId};
use crate::findings::Findings;
use crate::nearest::nearest;
use crate::{Mistake, Origin};
use indexmap::IndexMap;

/// Groups that are named before they are declared; all of them must be, before the file ends.
#[derive(Default)]
pub(super) struct Pending(IndexMap<String, Expected>);

enum Expected {
    /// `[name:vars]` was seen.
    Declaration(Origin),
    /// The name stands in these groups' `:children`.
    Child(Vec<(GroupId, Origin)>),
}

impl Pending {
    pub fn expect_declaration(&mut self, name: &str, origin: &Origin) {
        let expected = || Expected::Declaration(origin.clone());
        self.0.entry(name.to_owned()).or_insert_with(expected);
    }

    pub fn expect_child(&mut self, name: &str, parent: GroupId, origin: &Origin) {
        let expected = self.0.entry(name.to_owned()).or_insert(Expected::Child(Vec::new()));
        if let Expected::Child(parents) = expected {
            parents.push((parent, origin.clone()));
        }
    }

    /// `[name]` or `[name:children]` was seen: the parents that waited for it get their child.
    pub fn declared(&mut self, name: &str, id: GroupId, draft: &mut Draft) {
        if self.0.is_empty() {
            return;
        }
        if let Some(Expected::Child(parents)) = self.0.shift_remove(name) {
            for (parent, origin) in parents {
                draft.add_child(parent, id, Some(origin));
            }
        }
    }

    /// What is still expected at the end is a mistake.
    pub fn conclude(self, draft: &Draft, findings: &mut Findings) {
        let declared = |name: &str| {
            let known = draft.groups.keys().map(String::as_str);
            nearest(name, known.filter(|known| !self.0.contains_key(*known)))
        };
        for (name, expected) in &self.0 {
            match expected {
                Expected::Declaration(origin) => {
                    let (group, nearest) = (name.clone(), declared(name));
                    findings.mistake(origin.clone(), Mistake::UnknownGroup { group, nearest });
                }
                Expected::Child(parents) => {
                    for (parent, origin) in parents {
                        let parent = draft.groups.get_index(*parent).map(|(name, _)| name.clone());
                        let mistake = Mistake::UnknownChild {
                            parent: parent.unwrap_or_default(),
                            child: name.clone(),
                            nearest: declared(name),
                        };
                        findings.mistake(origin.clone(), mistake);
                    }
                }
            }
        }
    }
}
