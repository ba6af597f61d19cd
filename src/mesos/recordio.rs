//! RecordIO, as in Mesos' `docs/recordio.md`: each record is its length in bytes, in decimal ASCII, a
//! newline, and the bytes.

use bytes::{Buf, Bytes, BytesMut};
use thiserror::Error;

/// The longest record that is read, in bytes.
pub const MAX_RECORD: usize = 16 * 1024 * 1024;

/// The digits of [`MAX_RECORD`], and some to spare for leading zeros.
const MAX_HEADER: usize = 20;

/// Why a stream is no RecordIO.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordIoError {
    #[error("a record's length is no decimal number")]
    Header,
    #[error("a record of {length} bytes is longer than the {MAX_RECORD} that are read")]
    TooLong { length: usize },
}

/// One record, ready for the stream.
pub fn encode(record: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(record.len() + MAX_HEADER);
    out.extend_from_slice(record.len().to_string().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(record);
    Bytes::from(out)
}

/// Cuts a stream of bytes into records.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    /// The length of the record whose bytes are awaited.
    length: Option<usize>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what has arrived. Call [`Self::next_record`] until it says `None` before the next push;
    /// then no more than one record is buffered.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole record, if it has arrived.
    ///
    /// # Errors
    /// The stream is no RecordIO, or a record is longer than [`MAX_RECORD`]; the stream is then of no
    /// more use.
    pub fn next_record(&mut self) -> Result<Option<Bytes>, RecordIoError> {
        let length = match self.length {
            Some(length) => length,
            None => match self.header()? {
                Some(length) => length,
                None => return Ok(None),
            },
        };
        if self.buffer.len() < length {
            self.length = Some(length);
            return Ok(None);
        }
        self.length = None;
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    fn header(&mut self) -> Result<Option<usize>, RecordIoError> {
        let window = &self.buffer[..self.buffer.len().min(MAX_HEADER + 1)];
        let Some(end) = window.iter().position(|b| *b == b'\n') else {
            let junk = window.len() > MAX_HEADER || !window.iter().all(u8::is_ascii_digit);
            return if junk { Err(RecordIoError::Header) } else { Ok(None) };
        };
        let length = parse_length(&window[..end])?;
        self.buffer.advance(end + 1);
        Ok(Some(length))
    }
}

fn parse_length(digits: &[u8]) -> Result<usize, RecordIoError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(RecordIoError::Header);
    }
    let text = std::str::from_utf8(digits).map_err(|_| RecordIoError::Header)?;
    let length = text.parse().unwrap_or(usize::MAX);
    if length > MAX_RECORD { Err(RecordIoError::TooLong { length }) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_survive_any_cutting(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
            cut in 1usize..50,
        ) {
            let stream: Vec<u8> = records.iter().flat_map(|r| encode(r).to_vec()).collect();
            let (mut decoder, mut seen) = (Decoder::new(), Vec::new());
            for piece in stream.chunks(cut) {
                decoder.push(piece);
                while let Some(record) = decoder.next_record().unwrap() {
                    seen.push(record.to_vec());
                }
            }
            prop_assert_eq!(seen, records);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let mut decoder = Decoder::new();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.next_record() {}
        }
    }

    #[test]
    fn bad_headers_are_refused() {
        for (bytes, error) in [
            (&b"x1\n"[..], RecordIoError::Header),
            (b"\n", RecordIoError::Header),
            (b"-1\n", RecordIoError::Header),
            (b"000000000000000000000000", RecordIoError::Header),
            (b"16777217\n", RecordIoError::TooLong { length: 16_777_217 }),
            (b"99999999999999999999\n", RecordIoError::TooLong { length: usize::MAX }),
        ] {
            let mut decoder = Decoder::new();
            decoder.push(bytes);
            assert_eq!(decoder.next_record(), Err(error));
        }
    }
}
