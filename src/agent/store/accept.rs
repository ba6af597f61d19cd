use super::{Kept, Store};
use crate::AgentError;
use crate::disk::DiskError;
use mesoform_mesos::agent_protocol::{Fence, QuorumId};
use mesoform_settings::{Acceptance, load};
use std::fs;

impl Store {
    /// Takes over what the operator has put down: masters of which quorum to obey from now on, whatever
    /// was obeyed before. Once: it is kept, and the file goes.
    pub fn accept(&self, mut kept: Kept) -> Result<Kept, AgentError> {
        let path = self.places.acceptance();
        if !path.exists() {
            return Ok(kept);
        }
        let quorum: QuorumId = load::<Acceptance>(&path)?
            .quorum
            .parse()
            .map_err(|cause| AgentError::Acceptance { path: path.clone(), cause })?;
        let before = kept.obeyed().map(tracing::field::display);
        tracing::warn!(before, %quorum, "another quorum is accepted");
        kept.obeys(Fence::new(quorum, 0));
        self.keep(&kept)?;
        fs::remove_file(&path).map_err(DiskError::io("removed", &path))?;
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("work"), dir.path().join("run")).unwrap();
        (dir, store)
    }

    #[test]
    fn what_the_operator_accepts_is_taken_over_once() {
        let (_dir, store) = store();
        let mut kept = Kept::default();
        kept.obeys(Fence::new(QuorumId(7), 100));
        assert_eq!(store.accept(kept.clone()).unwrap(), kept);
        let acceptance = Acceptance { format: 1, quorum: "12e4".into() };
        let yaml = mesoform_settings::to_yaml(&acceptance).unwrap();
        fs::write(store.places.acceptance(), yaml).unwrap();
        let accepted = store.accept(kept).unwrap();
        assert_eq!(accepted.obeyed(), Some(Fence::new(QuorumId(0x12e4), 0)));
        assert_eq!(store.kept().unwrap(), accepted);
        assert_eq!(store.accept(accepted.clone()).unwrap(), accepted);
        assert!(!store.places.acceptance().exists());
    }

    #[test]
    fn what_is_no_quorum_is_not_accepted() {
        let (_dir, store) = store();
        fs::write(store.places.acceptance(), "format: 1\nquorum: other\n").unwrap();
        let error = store.accept(Kept::default()).unwrap_err().to_string();
        assert!(error.contains("accept-quorum.yml: `other` is no id of a quorum"), "{error}");
    }

    #[test]
    fn a_file_from_before_quorums_had_ids_is_read() {
        let (_dir, store) = store();
        let old = r#"{"format":1,"agent_id":{"value":"a"},"seen_leadership":7}"#;
        fs::write(store.places.kept(), old).unwrap();
        let mut kept = store.kept().unwrap();
        assert_eq!(kept.obeyed(), None);
        kept.obeys(Fence::new(QuorumId(8), 9));
        store.keep(&kept).unwrap();
        let new = fs::read_to_string(store.places.kept()).unwrap();
        assert!(new.contains(r#""format":2"#) && new.contains(r#""seen_quorum":"8""#), "{new}");
    }
}
