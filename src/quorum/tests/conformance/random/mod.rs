//! What nobody thought of: the same random requests to etcd and to us must get the same answers, and
//! random watches must tell the same.

mod strategy;

use super::ask::Ask;
use super::common::{Client, Watch};
use super::engine::Engine;
use super::show::Show;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{DeleteRangeRequest, PutRequest, RangeRequest, WatchCreateRequest};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::time::Duration;
use strategy::{KEYS, history_watch, live_watch, request};
use tokio::time::timeout;

/// `MESOFORM_RANDOM_ROUNDS` sets another number, up to 255.
const ROUNDS: u8 = 8;
const REQUESTS: usize = 150;
/// One watch begins after so many requests.
const PER_WATCH: usize = 15;
/// Watches of what was, at the end of a round.
const HISTORIES: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn requests_and_watches_are_answered_as_by_etcd() {
    let Some(etcd) = Engine::etcd().await else { return };
    let ours = Engine::one_voter().await;
    let rounds = std::env::var("MESOFORM_RANDOM_ROUNDS").ok();
    for round in 0..rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap()) {
        let (own, theirs) = (ours.reset().await, etcd.reset().await);
        assert_eq!(own.base, theirs.base);
        let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[round; 32]);
        let runner = TestRunner::new_with_rng(Config::default(), seed);
        let sides = [Side::new(&ours, own).await, Side::new(&etcd, theirs).await];
        Round { round, runner, sides }.run().await;
    }
}

struct Round {
    round: u8,
    runner: TestRunner,
    /// We first.
    sides: [Side; 2],
}

impl Round {
    async fn run(mut self) {
        // etcd looks up previous values when it tells of a change, and does not find them any more
        // where a compaction was faster: so there are either compactions or previous values.
        let compactions = self.round.is_multiple_of(2);
        let base = self.sides[0].show.base;
        for n in 0..REQUESTS {
            if n % PER_WATCH == 0 {
                let watch = self.draw(live_watch(!compactions));
                self.watch(watch).await;
            }
            let request = self.draw(request(base, compactions));
            let mut answers = Vec::new();
            for side in &mut self.sides {
                answers.push(request.clone().ask(&mut side.client, side.show).await);
            }
            assert_eq!(answers[0], answers[1], "round {}, request {n}: {request:#?}", self.round);
        }
        let now = self.sides[0].revision().await;
        for _ in 0..HISTORIES {
            let watch = self.draw(history_watch(base, now));
            self.watch(watch).await;
        }
        let [ours, theirs] = self.sides;
        let (ours, theirs) = (ours.told().await, theirs.told().await);
        assert_eq!(ours, theirs, "the watches of round {}", self.round);
    }

    fn draw<T>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.runner).unwrap().current()
    }

    async fn watch(&mut self, request: WatchCreateRequest) {
        for side in &mut self.sides {
            side.watch(request.clone()).await;
        }
    }
}

/// One of the two, and what its watches have told so far.
struct Side {
    client: Client,
    show: Show,
    line: Watch,
    watches: Vec<WatchCreateRequest>,
    told: BTreeMap<usize, Vec<String>>,
}

impl Side {
    async fn new(engine: &Engine, show: Show) -> Self {
        let mut client = engine.client();
        let line = client.open_watch().await;
        Self { client, show, line, watches: Vec::new(), told: BTreeMap::new() }
    }

    async fn revision(&mut self) -> i64 {
        let read = RangeRequest { key: "a".into(), ..Default::default() };
        self.client.kv.range(read).await.unwrap().into_inner().header.unwrap().revision
    }

    async fn watch(&mut self, request: WatchCreateRequest) {
        self.line.send(RequestUnion::CreateRequest(request.clone())).await;
        let id = self.watches.len();
        self.watches.push(request);
        self.hear(|told| told.contains_key(&id)).await;
    }

    /// Does something last to every key, and waits until all watches have told of it.
    async fn told(mut self) -> BTreeMap<usize, Vec<String>> {
        for key in KEYS {
            let put = PutRequest { key: (*key).into(), ..Default::default() };
            self.client.kv.put(put).await.unwrap();
        }
        let all = DeleteRangeRequest { key: "\0".into(), range_end: "\0".into(), prev_kv: false };
        let deleted = self.client.kv.delete_range(all).await.unwrap().into_inner();
        let last = self.show.at(deleted.header);
        let ends: Vec<Vec<String>> = self.watches.iter().map(|w| ends_of(w, &last)).collect();
        let ended = |told: &BTreeMap<usize, Vec<String>>| {
            ends.iter().enumerate().all(|(id, ends)| {
                let last = told[&id].last().unwrap();
                last.contains("canceled") || ends.iter().any(|end| last.contains(end.as_str()))
            })
        };
        self.hear(ended).await;
        self.told
    }

    async fn hear(&mut self, enough: impl Fn(&BTreeMap<usize, Vec<String>>) -> bool) {
        while !enough(&self.told) {
            let next = self.line.responses.next();
            let Ok(response) = timeout(PATIENCE, next).await else {
                panic!("nothing more comes of {:#?}, after {:#?}", self.watches, self.told);
            };
            let response = response.unwrap();
            let id = usize::try_from(response.watch_id).unwrap();
            self.told.entry(id).or_default().extend(self.show.watched(response));
        }
    }
}

/// What a watch tells last, one of these: of its last key the deletion in the `last` revision; or, if
/// it wants none, the put before it.
fn ends_of(watch: &WatchCreateRequest, last: &str) -> Vec<String> {
    let within = |key: &&&str| match watch.range_end.as_ref() {
        [] => key.as_bytes() == watch.key.as_ref(),
        [0] => key.as_bytes() >= watch.key.as_ref(),
        end => key.as_bytes() >= watch.key.as_ref() && key.as_bytes() < end,
    };
    let Some(key) = KEYS.iter().rfind(within) else {
        // It never hears of anything.
        return vec!["created".to_owned()];
    };
    let last_put = number(last) - KEYS.len() + KEYS.iter().position(|k| k == key).unwrap();
    match watch.filters.as_slice() {
        [0, 1] => vec!["created".to_owned()],
        [1] => vec![
            format!("put {key}= created +{last_put} changed +{last_put} "),
            format!("changed +{last_put} "),
        ],
        _ => vec![format!("delete {key}= created 0 changed {last} ")],
    }
}

fn number(revision: &str) -> usize {
    revision.trim_start_matches('+').parse().unwrap()
}
