//! A batch as it stands in the log.
//!
//! | from level | bytes |
//! |---|---|
//! | 1 | a [`Batch`] |
//! | 2 | [`MARK`], 2, CRC-32 of what follows (four bytes, the lowest first), a [`Batch`] |
//!
//! The checksum is made where a batch is proposed, and compared where it is applied: what was changed on
//! the way, in memory or on a disk, is found by each voter before it is in its state.

use super::Batch;
use crate::levels::Levels;
use bytes::Bytes;
use prost::Message;
use thiserror::Error;

/// No protobuf begins with it, since there is no field 0; so who does not know it does not misread it.
const MARK: u8 = 0;
/// The level that this came with.
const CHECKED: u32 = 2;
/// Of what stands before a batch.
const HEAD: usize = 6;

/// Why a batch cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    #[error("it is written as of level {0}")]
    Newer(u32),
    #[error("{0}")]
    Damaged(String),
}

/// Encodes a batch as everyone in a cluster at this level can read it.
pub fn seal(batch: &Batch, level: u32) -> Bytes {
    if level < CHECKED {
        return batch.encode_to_vec().into();
    }
    let mut bytes = Vec::with_capacity(HEAD + batch.encoded_len());
    bytes.extend([MARK, CHECKED as u8, 0, 0, 0, 0]);
    // There is always room in a vector.
    let _ = batch.encode(&mut bytes);
    let checksum = crc32fast::hash(&bytes[HEAD..]);
    bytes[2..HEAD].copy_from_slice(&checksum.to_le_bytes());
    bytes.into()
}

/// Reads a batch, of any level among `known`.
///
/// # Errors
/// It is of a later one, or damaged.
pub fn unseal(bytes: Bytes, known: Levels) -> Result<Batch, SealError> {
    let damaged = |cause: String| SealError::Damaged(format!("a log entry: {cause}"));
    if bytes.first() != Some(&MARK) {
        return Batch::decode(bytes).map_err(|e| damaged(e.to_string()));
    }
    let level = bytes.get(1).map_or(0, |level| u32::from(*level));
    if level > known.newest() {
        return Err(SealError::Newer(level));
    }
    let Some([_, _, checksum @ ..]) = bytes.first_chunk::<HEAD>() else {
        return Err(damaged("it is cut".to_owned()));
    };
    let checksum = u32::from_le_bytes(*checksum);
    let batch = bytes.slice(HEAD..);
    if level != CHECKED || crc32fast::hash(&batch) != checksum {
        return Err(damaged("its checksum is another".to_owned()));
    }
    Batch::decode(batch).map_err(|e| damaged(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::command::Kind;
    use mesoform_etcd::pb::PutRequest;

    fn batch() -> Batch {
        let put = PutRequest { key: "k".into(), value: "v".into(), ..Default::default() };
        Batch { commands: vec![Kind::Put(put).into()] }
    }

    #[test]
    fn every_level_is_read_by_who_knows_it() {
        for batch in [batch(), Batch::default()] {
            for level in 1..=3 {
                let sealed = seal(&batch, level);
                assert_eq!(unseal(sealed.clone(), Levels::up_to(level)), Ok(batch.clone()));
                assert_eq!(unseal(sealed, Levels::up_to(9)), Ok(batch.clone()));
            }
        }
        assert_eq!(seal(&batch(), 1), batch().encode_to_vec());
    }

    #[test]
    fn who_does_not_know_it_does_not_misread_it() {
        let sealed = seal(&batch(), 2);
        assert_eq!(unseal(sealed.clone(), Levels::up_to(1)), Err(SealError::Newer(2)));
        // As it was read before there were levels.
        assert!(Batch::decode(sealed).is_err());
        let later = Bytes::from_static(&[MARK, 3, 7, 7]);
        assert_eq!(unseal(later, Levels::up_to(2)), Err(SealError::Newer(3)));
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let sealed = seal(&batch(), 2);
        for bit in 8..sealed.len() * 8 {
            let mut bytes = sealed.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(bytes.into(), Levels::up_to(2)).is_err(), "bit {bit}");
        }
        for length in 1..sealed.len() {
            assert!(unseal(sealed.slice(..length), Levels::up_to(2)).is_err(), "{length} bytes");
        }
    }
}
