use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

const WORDS: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\n\
    content-length: 60\r\n\
    retry-after: 5\r\n\
    connection: close\r\n\
    \r\n\
    {\"message\":\"too many connections are open; try again later\"}";
/// The longest time that it takes.
const WITHIN: Duration = Duration::from_secs(1);
/// What is read and thrown away meanwhile, bytes.
const HEARD_OUT: u64 = 64 << 10;

/// Tells someone for whom there is no place so, and hears him out: what is unread when a socket is
/// closed takes the words with it.
pub(super) async fn farewell<S>(mut stream: S, http1: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let said = async {
        if http1 {
            stream.write_all(WORDS.as_bytes()).await?;
        }
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(HEARD_OUT), &mut tokio::io::sink()).await
    };
    // He gets the words or not: either way this is over.
    drop(timeout(WITHIN, said).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_a_whole_answer() {
        let (mut caller, ours) = tokio::io::duplex(1 << 16);
        let said = tokio::spawn(farewell(ours, true));
        caller.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut words = String::new();
        caller.read_to_string(&mut words).await.unwrap();
        drop(caller);
        said.await.unwrap();
        let (head, body) = words.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["message"].is_string());
    }
}
