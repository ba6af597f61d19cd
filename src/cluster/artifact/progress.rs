//! What cargo says while it builds. Pure.

/// Lines that are kept for the case that it fails.
const KEPT: usize = 40;
/// Longer lines are none of cargo's own.
const LONGEST: usize = 16 * 1024;

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// For another cargo, because of this.
    Waits(String),
    Compiles(String),
    /// `45 of 312: openraft`.
    Progress(String),
}

/// Puts pieces of its output together; lines end in a newline, its bar in a carriage return.
#[derive(Debug, Default)]
pub(super) struct CargoWords {
    part: Vec<u8>,
    lines: Vec<String>,
}

impl CargoWords {
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => said.extend(self.close()),
                _ if self.part.len() < LONGEST => self.part.push(*byte),
                _ => {}
            }
        }
        said
    }

    pub fn last_lines(mut self) -> Vec<String> {
        drop(self.close());
        self.lines
    }

    fn close(&mut self) -> Option<Said> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.part)).into_owned();
        let text = line.trim();
        if text.is_empty() {
            return None;
        }
        if let Some(rest) = text.strip_prefix("Building [") {
            let (_, progress) = rest.split_once(']')?;
            return Some(Said::Progress(progress.trim().replacen('/', " of ", 1)));
        }
        self.lines.push(text.to_owned());
        if self.lines.len() > KEPT {
            self.lines.remove(0);
        }
        if let Some(what) = text.strip_prefix("Blocking waiting for file lock on ") {
            return Some(Said::Waits(what.to_owned()));
        }
        let compiles = text.strip_prefix("Compiling ").or(text.strip_prefix("Downloading "));
        compiles.map(|_| Said::Compiles(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_understood_in_whatever_pieces_it_comes() {
        let text = "    Blocking waiting for file lock on build directory\n   Compiling libc v0.2.1\n\
                    \x20   Building [=======>      ] 45/312: openraft, rustls\r\
                    error[E0463]: can't find crate for `core`\n\nerror: could not compile `x`";
        let wanted = [
            Said::Waits("build directory".into()),
            Said::Compiles("Compiling libc v0.2.1".into()),
            Said::Progress("45 of 312: openraft, rustls".into()),
        ];
        for size in [1, 7, 1000] {
            let mut words = CargoWords::default();
            let said: Vec<Said> =
                text.as_bytes().chunks(size).flat_map(|piece| words.take(piece)).collect();
            assert_eq!(said, wanted);
            let lines = words.last_lines();
            assert_eq!(lines.len(), 4, "{lines:?}");
            assert_eq!(lines[3], "error: could not compile `x`");
        }
    }
}
