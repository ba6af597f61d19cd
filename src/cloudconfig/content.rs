use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use std::io::{self, Write as _};

/// A content that was compressed (gzip) and written in letters (base64): the same for the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(String);

impl Packed {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// Packs a content; without a time or a name, so that equal contents stay equal.
///
/// # Errors
/// None is known: memory is written to.
pub fn pack(content: &str) -> io::Result<Packed> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(content.as_bytes())?;
    Ok(Packed(STANDARD.encode(gzip.finish()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_was_packed_comes_out_again() {
        for content in ["", "a", &"mesoform\n".repeat(500)] {
            let packed = pack(content).unwrap();
            assert_eq!(packed, pack(content).unwrap());
            let bytes = STANDARD.decode(packed.as_str()).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, content);
        }
    }
}
