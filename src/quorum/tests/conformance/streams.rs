//! Calls that last, each under a name: watches, keep-alives, observations, and what waits for others.

use super::ask::Ask;
use super::common::{self, Answers, Client, PATIENCE};
use super::show::Show;
use super::words::{Args, Word};
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::*;
use std::collections::{HashMap, VecDeque};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

#[derive(Default)]
pub struct Streams {
    watches: HashMap<String, Watch>,
    keeps: HashMap<String, Keep>,
    observations: HashMap<String, Answers<LeaderResponse>>,
    waiting: HashMap<String, JoinHandle<Vec<String>>>,
}

/// A watch stream, and what it said that nobody has asked for yet.
struct Watch {
    line: common::Watch,
    heard: VecDeque<String>,
}

struct Keep {
    requests: Option<mpsc::Sender<LeaseKeepAliveRequest>>,
    answers: Answers<LeaseKeepAliveResponse>,
}

impl Streams {
    /// Does what a line says, if it is about a call that lasts.
    pub async fn handle(
        &mut self,
        words: &[Word],
        client: &mut Client,
        show: Show,
    ) -> Option<Vec<String>> {
        let text = |at: usize| match words.get(at) {
            Some(Word::Text { bytes, .. }) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        };
        let name = text(1);
        let rest = words.get(2..).unwrap_or_default();
        Some(match text(0).as_str() {
            "watch" => self.watch(&name, rest, client, show).await,
            "keep" => self.keep(&name, Args::new(rest, show.base), client, show).await,
            "observe" => self.observe(&name, Args::new(rest, show.base), client, show).await,
            "begin" => {
                let (ask, mut client) = (Ask::read(rest, show.base), client.clone());
                let asked = tokio::spawn(async move { ask.ask(&mut client, show).await });
                self.waiting.insert(name, asked);
                Vec::new()
            }
            "finish" => {
                let asked = self.waiting.remove(&name).expect("it was not begun");
                timeout(PATIENCE, asked).await.expect("it does not finish").unwrap()
            }
            "withdraw" => {
                self.waiting.remove(&name).expect("it was not begun").abort();
                Vec::new()
            }
            _ => return None,
        })
    }

    async fn watch(
        &mut self,
        name: &str,
        words: &[Word],
        client: &mut Client,
        show: Show,
    ) -> Vec<String> {
        let args = Args::new(words, show.base);
        if !self.watches.contains_key(name) {
            let watch = Watch { line: client.open_watch().await, heard: VecDeque::new() };
            self.watches.insert(name.to_owned(), watch);
        }
        let watch = self.watches.get_mut(name).unwrap();
        let request = match args.text(0).as_str() {
            "create" => RequestUnion::CreateRequest(create(&args)),
            "cancel" => {
                RequestUnion::CancelRequest(WatchCancelRequest { watch_id: args.number_at(1) })
            }
            "progress" => RequestUnion::ProgressRequest(WatchProgressRequest {}),
            "hear" => return watch.hear(args.number_at(1), show).await,
            other => panic!("unknown: {other}"),
        };
        watch.line.send(request).await;
        // What is created or canceled is heard of at once.
        match args.text(0).as_str() {
            _ if args.has("unheard") => Vec::new(),
            _ => watch.hear(1, show).await,
        }
    }

    async fn keep(
        &mut self,
        name: &str,
        args: Args,
        client: &mut Client,
        show: Show,
    ) -> Vec<String> {
        if !self.keeps.contains_key(name) {
            let (requests, stream) = mpsc::channel(4);
            let (stream, mut lease) = (ReceiverStream::new(stream), client.lease.clone());
            let answers = Answers::of(async move { lease.lease_keep_alive(stream).await });
            self.keeps.insert(name.to_owned(), Keep { requests: Some(requests), answers });
        }
        let keep = self.keeps.get_mut(name).unwrap();
        if args.has("end") {
            keep.requests = None;
        } else {
            let request = LeaseKeepAliveRequest { id: args.number_at(0) };
            keep.requests.as_ref().unwrap().send(request).await.unwrap();
        }
        vec![keep.answers.next().await.map_or_else(|end| end, |answer| show.kept_alive(answer))]
    }

    /// The next thing that an observer of an election hears.
    async fn observe(
        &mut self,
        name: &str,
        args: Args,
        client: &mut Client,
        show: Show,
    ) -> Vec<String> {
        if !self.observations.contains_key(name) {
            let request = LeaderRequest { name: args.at(0) };
            let mut election = client.election.clone();
            let stream = Answers::of(async move { election.observe(request).await });
            self.observations.insert(name.to_owned(), stream);
        }
        let stream = self.observations.get_mut(name).unwrap();
        stream.next().await.map_or_else(|end| vec![end], |response| show.leader(response))
    }
}

impl Watch {
    /// So many events, or other things that a watch is told.
    async fn hear(&mut self, count: i64, show: Show) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            while self.heard.is_empty() {
                match self.line.responses.next().await {
                    Ok(response) => self.heard.extend(show.watched(response)),
                    Err(end) => self.heard.push_back(end),
                }
            }
            lines.extend(self.heard.pop_front());
        }
        // Watches do not wait for each other.
        lines.sort_by_key(|line| line.split(':').next().and_then(|id| id.parse::<i64>().ok()));
        lines
    }
}

pub fn create(args: &Args) -> WatchCreateRequest {
    let filters = [("no-puts", FilterType::Noput), ("no-deletes", FilterType::Nodelete)];
    let filters = filters.iter().filter(|(flag, _)| args.has(flag));
    WatchCreateRequest {
        key: args.at(1),
        range_end: args.at(2),
        start_revision: args.number("rev"),
        progress_notify: args.has("progress"),
        filters: filters.map(|(_, filter)| *filter as i32).collect(),
        prev_kv: args.has("prev"),
        watch_id: args.number("id"),
        fragment: args.has("fragment"),
    }
}
