//! Files of requests and their answers, as etcd gave them.
//!
//! `== words` begins a case; a request stands at the beginning of a line, its answer below it, two
//! spaces in. Where we mean to differ, etcd's and our answers are marked, and the reason is given.

use super::ask::Ask;
use super::engine::Engine;
use super::show::Show;
use super::streams::Streams;
use super::words;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

const ETCD: &str = "etcd: ";
const OURS: &str = "ours: ";
const BECAUSE: &str = "because: ";

/// Of a voter that follows, where there are elections in the midst of it.
const ROUNDS: usize = 10;

/// With this set to anything, etcd's answers are written into the files.
const RECORD: &str = "MESOFORM_RECORD_ANSWERS";

/// A line that is kept as it is, or a request and its answer.
enum Line {
    Text(String),
    Case(String),
    Request(Request),
}

struct Request {
    text: String,
    answer: Vec<String>,
}

impl Request {
    /// The answer that one side is to give.
    fn wanted(&self, original: bool) -> Vec<String> {
        if !self.differs() {
            return self.answer.clone();
        }
        let side = if original { ETCD } else { OURS };
        self.answer.iter().filter_map(|line| line.strip_prefix(side)).map(str::to_owned).collect()
    }

    fn differs(&self) -> bool {
        self.answer.iter().any(|line| line.starts_with(BECAUSE))
    }

    /// Writes down what the original answered.
    fn record(&mut self, answer: Vec<String>) {
        if self.differs() {
            self.answer.retain(|line| !line.starts_with(ETCD));
            let answer: Vec<String> = answer.iter().map(|line| format!("{ETCD}{line}")).collect();
            self.answer.splice(0..0, answer);
        } else {
            self.answer = answer;
        }
    }
}

/// Asks an engine all that is in a file, and compares.
pub async fn run(subject: &str, engine: Engine) {
    compare(subject, &engine).await;
}

/// As [`run`], of a voter that follows. Where the voters elected somebody meanwhile, since the machine was
/// busy with other things, nothing is proved: all is asked again.
pub async fn run_without_elections(subject: &'static str) {
    for _ in 0..ROUNDS {
        let engine = Arc::new(Engine::a_follower().await);
        let before = engine.term().await;
        let asked = engine.clone();
        let compared = tokio::spawn(async move { compare(subject, &asked).await }).await;
        match compared {
            Ok(()) => return,
            Err(error) if engine.term().await == before => {
                std::panic::resume_unwind(error.into_panic());
            }
            Err(_) => println!("there was an election: once more"),
        }
    }
    panic!("there were elections in all of {ROUNDS} rounds");
}

async fn compare(subject: &str, engine: &Engine) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/conformance/answers/{subject}.txt"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines = parse(&text);
    let recording = engine.is_original() && std::env::var_os(RECORD).is_some();
    let mut wrong = String::new();
    let (mut show, mut streams) = (engine.reset().await, Streams::default());
    let mut case = String::new();
    for line in &mut lines {
        match line {
            Line::Text(_) => {}
            Line::Case(name) => {
                case.clone_from(name);
                drop(std::mem::take(&mut streams));
                show = engine.reset().await;
            }
            Line::Request(request) => {
                let answer = ask(&request.text, engine, &mut streams, show).await;
                let wanted = request.wanted(engine.is_original());
                if recording {
                    request.record(answer);
                } else if answer != wanted {
                    let (wanted, answer) = (wanted.join("\n  "), answer.join("\n  "));
                    let text = &request.text;
                    writeln!(wrong, "{case}: {text}\n wanted\n  {wanted}\n found\n  {answer}\n")
                        .unwrap();
                }
            }
        }
    }
    if recording {
        std::fs::write(&path, print(&lines)).unwrap();
    }
    assert!(wrong.is_empty(), "{subject} of {}:\n{wrong}", engine.name());
}

async fn ask(text: &str, engine: &Engine, streams: &mut Streams, show: Show) -> Vec<String> {
    let words = words::read(text);
    let mut client = engine.client();
    match streams.handle(&words, &mut client, show).await {
        Some(lines) => lines,
        None => Ask::read(&words, show.base).ask(&mut client, show).await,
    }
}

fn parse(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for line in text.lines() {
        let open = matches!(lines.last(), Some(Line::Request(r)) if !words::is_complete(&r.text));
        match (lines.last_mut(), line.strip_prefix("  ")) {
            (Some(Line::Request(request)), _) if open => {
                request.text.push('\n');
                request.text.push_str(line);
            }
            (Some(Line::Request(request)), Some(answer)) => request.answer.push(answer.to_owned()),
            _ if line.starts_with("== ") => lines.push(Line::Case(line[3..].to_owned())),
            _ if line.is_empty() || line.starts_with('#') => {
                lines.push(Line::Text(line.to_owned()))
            }
            _ => {
                lines.push(Line::Request(Request { text: line.to_owned(), answer: Vec::new() }));
            }
        }
    }
    lines
}

fn print(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Text(line) => writeln!(text, "{line}").unwrap(),
            Line::Case(name) => writeln!(text, "== {name}").unwrap(),
            Line::Request(request) => {
                writeln!(text, "{}", request.text).unwrap();
                for line in &request.answer {
                    writeln!(text, "  {line}").unwrap();
                }
            }
        }
    }
    text
}
