use super::WatchEvent;
use crate::Position;
use mesoform_etcd::pb::{WatchCreateRequest, WatchResponse};

/// Where a watch stands: what is still to come, and how to ask for it.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    key: Vec<u8>,
    range_end: Vec<u8>,
    /// The first revision that was not delivered; 0: not known before the first answer.
    next: i64,
    /// The quorum that the revisions are of (etcd's cluster id); 0: not known before the first answer.
    quorum: u64,
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Deliver these and go on.
    Deliver(Vec<WatchEvent>),
    /// Deliver this and end.
    End(WatchEvent),
    /// The voter has cancelled the watch: ask again, perhaps another one.
    AskAgain(String),
}

impl Cursor {
    /// A watch of the keys from `key` up to `range_end` (empty: of `key` alone).
    pub(crate) fn new(key: Vec<u8>, range_end: Vec<u8>, from: Position) -> Self {
        Self { key, range_end, next: from.revision.max(0), quorum: from.quorum }
    }

    /// What to ask a voter for.
    pub(crate) fn request(&self) -> WatchCreateRequest {
        WatchCreateRequest {
            key: self.key.clone().into(),
            range_end: self.range_end.clone().into(),
            start_revision: self.next,
            progress_notify: true,
            ..Default::default()
        }
    }

    /// Takes an answer in.
    pub(crate) fn take(&mut self, answer: WatchResponse) -> Step {
        if answer.compact_revision > 0 {
            return Step::End(WatchEvent::Compacted { revision: answer.compact_revision });
        }
        if answer.canceled {
            return Step::AskAgain(answer.cancel_reason);
        }
        let revision = answer.header.map_or(0, |header| header.revision);
        if self.is_of_another_quorum(&answer) {
            return Step::End(WatchEvent::Compacted { revision });
        }
        if answer.created {
            // A watch "from now" begins here, also if it must be asked for again before any event.
            if self.next == 0 {
                self.next = revision + 1;
            }
            return Step::Deliver(Vec::new());
        }
        let no_events = answer.events.is_empty();
        let delivered = self.new_events(answer);
        if no_events {
            // A sign of progress: all up to the header's revision has been sent.
            self.next = self.next.max(revision + 1);
        }
        Step::Deliver(delivered)
    }

    /// Whether the quorum was formed anew meanwhile. Its revisions begin again, so that the one that is
    /// awaited may not come for years, and what happened before it would be missed: list again.
    fn is_of_another_quorum(&mut self, answer: &WatchResponse) -> bool {
        let quorum = answer.header.map_or(0, |header| header.cluster_id);
        if self.quorum == 0 {
            self.quorum = quorum;
        }
        quorum != 0 && quorum != self.quorum
    }

    /// The events not yet delivered. The events of one revision come in one answer (they would not
    /// if we had asked for fragments), so a whole answer moves the cursor.
    fn new_events(&mut self, answer: WatchResponse) -> Vec<WatchEvent> {
        let first = self.next;
        let mut delivered = Vec::with_capacity(answer.events.len());
        for (revision, event) in answer.events.into_iter().filter_map(WatchEvent::read) {
            if revision >= first {
                self.next = self.next.max(revision + 1);
                delivered.push(event);
            }
        }
        delivered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_etcd::pb::{Event, EventType, KeyValue, ResponseHeader};
    use proptest::prelude::*;

    /// Of a quorum that is not known yet.
    fn from(revision: i64) -> Position {
        Position { quorum: 0, revision }
    }

    fn header(revision: i64) -> Option<ResponseHeader> {
        Some(ResponseHeader { revision, ..Default::default() })
    }

    fn change(revision: i64, key: u8) -> Event {
        let kv =
            KeyValue { key: vec![b'a' + key].into(), mod_revision: revision, ..Default::default() };
        let kind = if key == 0 { EventType::Delete } else { EventType::Put };
        Event { r#type: kind.into(), kv: Some(kv), prev_kv: None }
    }

    fn created(revision: i64) -> WatchResponse {
        WatchResponse { header: header(revision), created: true, ..Default::default() }
    }

    /// What the quorum has seen: several changes per revision.
    fn history() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::btree_set(0_u8..4, 1..4), 1..30)
            .prop_map(|all| all.into_iter().map(|keys| keys.into_iter().collect()).collect())
    }

    /// A voter's answers from `from` on, up to the first `upto` revisions, `batch` in each.
    fn answers(history: &[Vec<u8>], from: i64, upto: usize, batch: usize) -> Vec<WatchResponse> {
        let from = usize::try_from(from).unwrap().max(1);
        let revisions: Vec<usize> = (from..=upto).collect();
        let events = |revision: &usize| -> Vec<Event> {
            let keys = &history[*revision - 1];
            keys.iter().map(|key| change(*revision as i64, *key)).collect()
        };
        revisions
            .chunks(batch)
            .map(|some| WatchResponse {
                header: header(upto as i64),
                events: some.iter().flat_map(events).collect(),
                ..Default::default()
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// However often the stream breaks, and however far behind the next voter is: all events
        /// arrive, once, in order.
        #[test]
        fn nothing_is_lost_or_doubled(
            history in history(),
            breaks in proptest::collection::vec((1_usize..4, 0_usize..6, 0_usize..30, any::<bool>()), 0..12),
        ) {
            let mut cursor = Cursor::new(b"a".to_vec(), b"z".to_vec(), from(1));
            let mut seen = Vec::new();
            let whole = (1, usize::MAX, history.len(), false);
            for (batch, heard, upto, ignores_start) in breaks.into_iter().chain([whole]) {
                let upto = upto.min(history.len());
                // A voter that goes back further than asked must do no harm either.
                let from = if ignores_start { 1 } else { cursor.request().start_revision };
                cursor.take(created(upto as i64));
                for answer in answers(&history, from, upto, batch).into_iter().take(heard) {
                    match cursor.take(answer) {
                        Step::Deliver(events) => seen.extend(events),
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
            }
            let all: Vec<WatchEvent> = history
                .iter()
                .enumerate()
                .flat_map(|(at, keys)| keys.iter().map(move |key| change(at as i64 + 1, *key)))
                .filter_map(|event| WatchEvent::read(event).map(|(_, event)| event))
                .collect();
            prop_assert_eq!(seen, all);
        }
    }

    #[test]
    fn a_watch_from_now_stays_there_when_it_must_be_asked_for_again() {
        let mut cursor = Cursor::new(b"a".to_vec(), Vec::new(), Position::NOW);
        assert_eq!(cursor.request().start_revision, 0);
        cursor.take(created(7));
        assert_eq!(cursor.request().start_revision, 8);
        cursor.take(created(9));
        assert_eq!(cursor.request().start_revision, 8);
    }

    #[test]
    fn a_quorum_that_was_formed_anew_must_be_listed_again() {
        let of = |cluster_id, revision| WatchResponse {
            header: Some(ResponseHeader { cluster_id, revision, ..Default::default() }),
            created: true,
            ..Default::default()
        };
        let mut cursor = Cursor::new(b"a".to_vec(), Vec::new(), from(90));
        assert_eq!(cursor.take(of(7, 100)), Step::Deliver(Vec::new()));
        assert_eq!(cursor.take(of(7, 80)), Step::Deliver(Vec::new()), "a voter that is behind");
        assert_eq!(cursor.take(of(0, 0)), Step::Deliver(Vec::new()), "one that knows nothing yet");
        assert_eq!(cursor.take(of(8, 3)), Step::End(WatchEvent::Compacted { revision: 3 }));
        // What was listed in another quorum is not what is there now.
        let listed = Position { quorum: 7, revision: 90 };
        let mut begun = Cursor::new(b"a".to_vec(), Vec::new(), listed.next());
        assert_eq!(begun.take(of(8, 100)), Step::End(WatchEvent::Compacted { revision: 100 }));
    }

    #[test]
    fn progress_moves_the_cursor_and_compaction_ends_it() {
        let mut cursor = Cursor::new(b"a".to_vec(), Vec::new(), from(3));
        cursor.take(WatchResponse { header: header(10), ..Default::default() });
        assert_eq!(cursor.request().start_revision, 11);
        let cancelled = WatchResponse {
            canceled: true,
            cancel_reason: "etcdserver: no leader".into(),
            ..Default::default()
        };
        assert_eq!(cursor.take(cancelled), Step::AskAgain("etcdserver: no leader".into()));
        let gone = WatchResponse { canceled: true, compact_revision: 20, ..Default::default() };
        assert_eq!(cursor.take(gone), Step::End(WatchEvent::Compacted { revision: 20 }));
    }
}
