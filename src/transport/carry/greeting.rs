use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// What precedes the bootstrap's words; whatever else a login shell prints is passed over.
pub(super) const PREFIX: &str = "mesoform-carry ";
/// A login shell's chatter may be this long.
const LONGEST: usize = 64 * 1024;
/// The host verifies the binary and moves it to a disk before it answers.
const LIMIT: Duration = Duration::from_secs(120);

/// What the bootstrap says when all is well.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    Ready,
    Missing,
}

/// What it says when not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub kind: String,
    pub words: String,
}

/// Reads up to the bootstrap's next word, and not a byte further.
pub(super) async fn next(
    stdout: &mut (impl AsyncRead + Unpin),
) -> Result<Result<Greeting, Trouble>, String> {
    let reading = async {
        let mut line = Vec::new();
        let mut passed = 0;
        while passed < LONGEST {
            let byte = stdout.read_u8().await.map_err(|_| "the host broke off".to_owned())?;
            passed += 1;
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            if let Some(word) = parse(&String::from_utf8_lossy(&line)) {
                return Ok(word);
            }
            line.clear();
        }
        Err("the login shell prints too much".to_owned())
    };
    timeout(LIMIT, reading).await.unwrap_or_else(|_| Err("the host does not answer".to_owned()))
}

fn parse(line: &str) -> Option<Result<Greeting, Trouble>> {
    let mut words = line.trim_end().strip_prefix(PREFIX)?.splitn(3, ' ');
    match words.next()? {
        "ready" => Some(Ok(Greeting::Ready)),
        "missing" => Some(Ok(Greeting::Missing)),
        "error" => Some(Err(Trouble {
            kind: words.next().unwrap_or_default().to_owned(),
            words: words.next().unwrap_or_default().trim().to_owned(),
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chatter_is_passed_over_and_nothing_behind_is_taken() {
        let mut input: &[u8] = b"Welcome!\n\nmesoform-carry ready\n{\"first\":1}\n";
        assert_eq!(next(&mut input).await, Ok(Ok(Greeting::Ready)));
        assert_eq!(input, b"{\"first\":1}\n");
    }

    #[tokio::test]
    async fn trouble_keeps_its_words() {
        let mut input: &[u8] = b"mesoform-carry error full 12 KiB\n";
        let trouble = Trouble { kind: "full".to_owned(), words: "12 KiB".to_owned() };
        assert_eq!(next(&mut input).await, Ok(Err(trouble)));
        assert!(next(&mut input).await.is_err());
    }

    #[tokio::test]
    async fn a_flood_ends() {
        let flood = vec![b'x'; LONGEST * 2];
        assert!(next(&mut flood.as_slice()).await.is_err());
    }
}
