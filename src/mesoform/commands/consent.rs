//! Asking before something that cannot be undone.

use crate::render::one_line;
use std::io::{BufRead, IsTerminal, Write};

/// What is told, what is asked, and the one answer that means yes.
pub struct Consent {
    pub lines: Vec<String>,
    pub question: String,
    pub answer: String,
}

/// Asks on a thread of its own, so that Ctrl-C is heard meanwhile.
pub async fn asks(consent: Consent) -> bool {
    tokio::task::spawn_blocking(move || ask(&consent)).await.unwrap_or(false)
}

/// Without a terminal nobody can answer, and the answer is no.
fn ask(consent: &Consent) -> bool {
    for line in &consent.lines {
        tell(&format!("{}\n", one_line(line)));
    }
    if !std::io::stdin().is_terminal() {
        tell("standard input is no terminal to ask on; --yes answers beforehand\n");
        return false;
    }
    tell(&format!("{}: ", one_line(&consent.question)));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim() == consent.answer
}

/// Standard error is not held while an answer is awaited: whoever interrupts wants to say so.
fn tell(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
