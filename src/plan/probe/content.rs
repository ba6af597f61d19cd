use super::records::Record;
use crate::PlanError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a text that are brought over at most.
const MAX_TEXT: usize = 64 * 1024;

/// How the host could encode content.
#[derive(Debug, Clone, Copy, Default)]
pub enum Encoding {
    #[default]
    Base64,
    /// Where there is no `base64`: `od`.
    Hex,
}

impl Encoding {
    pub fn parse(record: &Record<'_>) -> Result<Self, PlanError> {
        match record.rest {
            "base64" => Ok(Self::Base64),
            "hex" => Ok(Self::Hex),
            other => Err(record.wrong(format!("the encoding {other:?} is not known"))),
        }
    }

    fn decode(self, record: &Record<'_>) -> Result<Vec<u8>, PlanError> {
        match self {
            Self::Base64 => STANDARD.decode(&record.body).map_err(|e| record.wrong(e.to_string())),
            Self::Hex => {
                let digits: String = record.body.split_whitespace().collect();
                hex::decode(digits).map_err(|e| record.wrong(e.to_string()))
            }
        }
    }

    /// `None` where it is too long, or no text.
    pub fn text(self, record: &Record<'_>) -> Result<Option<String>, PlanError> {
        let bytes = self.decode(record)?;
        if bytes.len() > MAX_TEXT {
            return Ok(None);
        }
        Ok(String::from_utf8(bytes).ok())
    }

    /// What `readlink` printed, without its newline.
    pub fn target(self, record: &Record<'_>) -> Result<String, PlanError> {
        let text = String::from_utf8_lossy(&self.decode(record)?).into_owned();
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}
