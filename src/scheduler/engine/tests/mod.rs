pub mod memory;

use super::batch::pack;
use super::{Ended, Engine, Failure, Inbox, Order};
use crate::core::{Answer, Change, Command, Core, Effect, Input, Offer, Op, State, Turn, View};
use crate::model::{AppId, AppUpdate};
use memory::{Memory, Weather};
use mesoform_coordination::WriteError;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Bench {
    memory: Memory,
    orders: mpsc::Sender<Order>,
    events: mpsc::Sender<Input>,
    calls: mpsc::Receiver<Effect>,
    view: watch::Receiver<Arc<View>>,
    stop: CancellationToken,
    engine: JoinHandle<(Memory, Ended)>,
}

fn bench() -> Bench {
    let memory = Memory::default();
    let (orders, order_queue) = mpsc::channel(64);
    let (events, event_queue) = mpsc::channel(64);
    let (call_sender, calls) = mpsc::channel(1024);
    let (view_sender, view) = watch::channel(Arc::default());
    let inbox = Inbox { orders: order_queue, events: event_queue };
    let core = |now| Core::new(State::default(), 7, now);
    let engine = Engine::new(core, memory.clone(), inbox, call_sender, view_sender);
    let stop = CancellationToken::new();
    let engine = tokio::spawn(engine.run(stop.clone()));
    Bench { memory, orders, events, calls, view, stop, engine }
}

impl Bench {
    fn create(&self, app: &str, instances: u32) -> oneshot::Receiver<Result<Answer, Failure>> {
        let update = json!({ "cmd": "x", "cpus": 0.01, "mem": 1, "instances": instances });
        let update = AppUpdate::read(&update).unwrap();
        let change = Box::new(Change { app: AppId::parse(app).unwrap(), update });
        let (reply, answer) = oneshot::channel();
        let command = Command::Create { change, force: false };
        self.orders.try_send(Order { command, reply }).unwrap();
        answer
    }

    async fn connect(&self) {
        let (framework_id, master) = ("F".to_owned(), "h1:5050".to_owned());
        self.events.send(Input::Connected { framework_id, master }).await.unwrap();
    }

    async fn call(&mut self) -> Effect {
        let call = tokio::time::timeout(std::time::Duration::from_secs(90), self.calls.recv());
        call.await.expect("a call").expect("the engine runs")
    }
}

fn big_offer() -> Offer {
    Offer {
        id: "o1".to_owned(),
        agent_id: "A".to_owned(),
        host: "h1".to_owned(),
        attributes: Default::default(),
        cpus: 1_000_000,
        mem: 1_000_000_000,
        disk: 0,
        ports: vec![(31000, 32000)],
    }
}

#[tokio::test]
async fn an_answer_comes_when_the_view_shows_it() {
    let bench = bench();
    let answer = bench.create("/web", 1).await.unwrap().unwrap();
    assert!(matches!(answer, Answer::Created { .. }));
    assert_eq!(bench.view.borrow().state.apps.len(), 1);
    assert_eq!(bench.memory.records().len(), 3, "app, version, deployment");
}

#[tokio::test]
async fn without_a_majority_nothing_is_changed_and_the_leadership_ends() {
    let bench = bench();
    bench.memory.weather(Weather::NoMajority);
    let failure = bench.create("/web", 1).await.unwrap().unwrap_err();
    assert!(failure.to_string().starts_with("nothing was changed"), "{failure}");
    let (_, ended) = bench.engine.await.unwrap();
    assert!(matches!(ended, Ended::NotWritten(WriteError::Unavailable { .. })));
    assert!(bench.view.borrow().state.apps.is_empty(), "nobody saw what was not committed");
}

#[tokio::test]
async fn an_unknown_outcome_is_called_so_and_ends_the_leadership() {
    let bench = bench();
    bench.memory.weather(Weather::AnswerLost);
    let failure = bench.create("/web", 1).await.unwrap().unwrap_err();
    assert!(matches!(failure, Failure::Unknown(_)));
    assert!(failure.to_string().starts_with("it is unknown"), "{failure}");
    assert!(matches!(bench.engine.await.unwrap().1, Ended::NotWritten(_)));
}

#[tokio::test]
async fn a_deposed_leader_calls_nobody() {
    let mut bench = bench();
    bench.connect().await;
    assert_eq!(bench.call().await, Effect::ReconcileAll);
    assert_eq!(bench.call().await, Effect::Suppress);
    bench.memory.weather(Weather::Deposed);
    bench.events.send(Input::Offers(vec![big_offer()])).await.unwrap();
    assert!(matches!(bench.engine.await.unwrap().1, Ended::Deposed));
    assert!(bench.calls.recv().await.is_none());
}

#[tokio::test]
async fn hundreds_of_launches_are_recorded_before_the_offer_is_accepted() {
    let mut bench = bench();
    bench.connect().await;
    bench.create("/web", 500).await.unwrap().unwrap();
    bench.events.send(Input::Offers(vec![big_offer()])).await.unwrap();
    loop {
        if let Effect::Accept { launches, .. } = bench.call().await {
            assert_eq!(launches.len(), 500);
            break;
        }
    }
    assert_eq!(bench.memory.records().len(), 500 + 4);
    assert!(bench.memory.writes() < 12, "{} writes", bench.memory.writes());
    bench.stop.cancel();
    assert!(matches!(bench.engine.await.unwrap().1, Ended::Asked));
}

#[tokio::test]
async fn orders_that_wait_together_are_committed_together() {
    let bench = bench();
    let answers: Vec<_> = (0..20).map(|n| bench.create(&format!("/a{n}"), 0)).collect();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert!(bench.memory.writes() <= 2, "{} writes", bench.memory.writes());
}

fn put(key: &str) -> Op {
    Op::Put { key: key.to_owned(), value: "v".to_owned() }
}

#[test]
fn a_key_is_changed_once_and_last_wins() {
    let first = Turn { ops: vec![put("a"), put("b")], effects: vec![Effect::Revive] };
    let second =
        Turn { ops: vec![Op::Delete { key: "a".to_owned() }], effects: vec![Effect::Suppress] };
    let mut batches = pack(vec![first, second]);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].take_ops(), [Op::Delete { key: "a".to_owned() }, put("b")]);
    assert_eq!(batches[0].effects, [Effect::Revive, Effect::Suppress]);
}

#[test]
fn a_prefix_and_what_is_below_it_go_apart() {
    let prefix = Op::DeletePrefix { prefix: "v/web#".to_owned() };
    let turn = |op: &Op| Turn { ops: vec![op.clone()], effects: Vec::new() };
    assert_eq!(pack(vec![turn(&put("v/web#1")), turn(&prefix)]).len(), 2);
    assert_eq!(pack(vec![turn(&prefix), turn(&put("v/web#2"))]).len(), 2);
    assert_eq!(pack(vec![turn(&prefix), turn(&put("v/other#2"))]).len(), 1);
}

#[test]
fn a_turn_is_not_torn_apart() {
    let turn = |n: usize| Turn {
        ops: (0..70).map(|i| put(&format!("{n}/{i}"))).collect(),
        effects: vec![Effect::Revive],
    };
    let mut batches = pack(vec![turn(0), turn(1)]);
    let sizes: Vec<usize> = batches.iter_mut().map(|b| b.take_ops().len()).collect();
    assert_eq!(sizes, [70, 70]);
}

#[test]
fn the_effects_of_a_large_turn_wait_for_all_of_it() {
    let ops = (0..300).map(|i| put(&i.to_string())).collect();
    let mut batches = pack(vec![Turn { ops, effects: vec![Effect::Revive] }]);
    let effects: Vec<usize> = batches.iter().map(|b| b.effects.len()).collect();
    let sizes: Vec<usize> = batches.iter_mut().map(|b| b.take_ops().len()).collect();
    assert_eq!((sizes, effects), (vec![120, 120, 60], vec![0, 0, 1]));
}
