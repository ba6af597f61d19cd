//! Who has which place: the decisions, without any connection.

use super::caps::Caps;
use super::origin::Origin;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// A newcomer is left alone for so long, unless most come from where he comes from.
pub(crate) const GRACE: Duration = Duration::from_secs(1);
/// And for so long where nobody has more places than another: then all may be just slow.
pub(crate) const LONG_GRACE: Duration = Duration::from_secs(5);

/// Names a connection.
pub(crate) type Ticket = u64;

/// What a connection turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It showed no certificate, or none that opens this door.
    Stranger,
    /// It showed a certificate of the cluster; of an agent's, the host.
    Member { agent_of: Option<String> },
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// For anyone without a certificate.
    Guests,
    /// For this origin, or this agent.
    Share,
    /// For anyone at all.
    Door,
}

/// What comes of a new connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It has a place; another one may have had to go for it.
    In { ticket: Ticket, instead_of: Option<Ticket> },
    /// Nobody has to go for it yet: ask again then, or when somebody left.
    Wait { until: Instant },
}

#[derive(Debug)]
enum Held {
    Stranger(Origin),
    User,
    Member { agent_of: Option<String> },
}

#[derive(Debug)]
pub(crate) struct Book {
    caps: Caps,
    next: Ticket,
    arriving: BTreeMap<Ticket, (Origin, Instant)>,
    /// The same by origin, oldest first; no entry is empty.
    queues: HashMap<Origin, VecDeque<Ticket>>,
    /// Of those: for whom there was no place. They are being told so.
    leaving: BTreeSet<Ticket>,
    settled: HashMap<Ticket, Held>,
    guests: usize,
    /// No entry of these two is 0, so that both are bounded by the connections.
    strangers: HashMap<Origin, usize>,
    agents: HashMap<String, usize>,
}

impl Book {
    pub(crate) fn new(caps: Caps) -> Self {
        Self {
            caps,
            next: 0,
            arriving: BTreeMap::new(),
            queues: HashMap::new(),
            leaving: BTreeSet::new(),
            settled: HashMap::new(),
            guests: 0,
            strangers: HashMap::new(),
            agents: HashMap::new(),
        }
    }

    /// A new connection. Where all places for newcomers are taken, the oldest newcomer of the origin
    /// that has the most goes: silence from one address keeps nobody else out.
    pub(crate) fn arrive(&mut self, origin: Origin, now: Instant) -> Arrival {
        let mut instead_of = None;
        if self.arriving.len() >= self.caps.arriving {
            match self.to_go(now) {
                Ok(ticket) => {
                    self.leave(ticket);
                    instead_of = Some(ticket);
                }
                Err(until) => return Arrival::Wait { until },
            }
        }
        let ticket = self.next;
        self.next += 1;
        self.arriving.insert(ticket, (origin, now));
        self.queues.entry(origin).or_default().push_back(ticket);
        Arrival::In { ticket, instead_of }
    }

    /// Who has to go, or when to ask again.
    fn to_go(&self, now: Instant) -> Result<Ticket, Instant> {
        if let Some(leaving) = self.leaving.first() {
            return Ok(*leaving);
        }
        // The lower ticket is the older one.
        let by_crowd = |queue: &&VecDeque<Ticket>| (queue.len(), std::cmp::Reverse(queue[0]));
        let crowd = self.queues.values().max_by_key(by_crowd);
        let Some((oldest, grace)) =
            crowd.and_then(|queue| Some((queue.front()?, self.grace(queue.len()))))
        else {
            return Err(now + GRACE);
        };
        let until = self.arriving.get(oldest).map_or(now, |(_, since)| *since) + grace;
        if now >= until { Ok(*oldest) } else { Err(until) }
    }

    /// How long a newcomer is left alone when so many have come from where he comes from.
    fn grace(&self, crowd: usize) -> Duration {
        match crowd {
            0 | 1 => LONG_GRACE,
            most if most > self.caps.arriving / 2 => Duration::ZERO,
            _ => GRACE,
        }
    }

    /// It is known now who came. Where there is no place, he stays among the newcomers until he leaves,
    /// and is the first who has to go.
    pub(crate) fn settle(&mut self, ticket: Ticket, standing: Standing) -> Result<(), Full> {
        let Some((origin, _)) = self.arriving.get(&ticket).copied() else { return Err(Full::Door) };
        let held = self.place_for(origin, standing).inspect_err(|_| {
            self.leaving.insert(ticket);
        })?;
        self.leave(ticket);
        self.settled.insert(ticket, held);
        Ok(())
    }

    fn place_for(&mut self, origin: Origin, standing: Standing) -> Result<Held, Full> {
        if self.settled.len() >= self.caps.settled {
            return Err(Full::Door);
        }
        Ok(match standing {
            Standing::Stranger => {
                if self.guests >= self.caps.guests {
                    return Err(Full::Guests);
                }
                take(&mut self.strangers, origin, self.caps.share)?;
                self.guests += 1;
                Held::Stranger(origin)
            }
            Standing::Member { agent_of } => {
                if let Some(host) = &agent_of {
                    take(&mut self.agents, host.clone(), self.caps.agent)?;
                }
                Held::Member { agent_of }
            }
        })
    }

    /// A stranger has shown that he knows a password: he counts towards no share any more.
    pub(crate) fn trust(&mut self, ticket: Ticket) {
        if let Some(held @ Held::Stranger(_)) = self.settled.get_mut(&ticket)
            && let Held::Stranger(origin) = std::mem::replace(held, Held::User)
        {
            give_back(&mut self.strangers, &origin);
        }
    }

    /// The connection is over.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.leaving.remove(&ticket);
        if let Some((origin, _)) = self.arriving.remove(&ticket)
            && let Some(queue) = self.queues.get_mut(&origin)
        {
            queue.retain(|other| *other != ticket);
            if queue.is_empty() {
                self.queues.remove(&origin);
            }
        }
        match self.settled.remove(&ticket) {
            Some(Held::Stranger(origin)) => {
                self.guests -= 1;
                give_back(&mut self.strangers, &origin);
            }
            Some(Held::User) => self.guests -= 1,
            Some(Held::Member { agent_of: Some(host) }) => give_back(&mut self.agents, &host),
            Some(Held::Member { agent_of: None }) | None => {}
        }
    }
}

fn take<K: std::hash::Hash + Eq>(
    counts: &mut HashMap<K, usize>,
    key: K,
    cap: usize,
) -> Result<(), Full> {
    let count = counts.entry(key).or_default();
    if *count >= cap {
        return Err(Full::Share);
    }
    *count += 1;
    Ok(())
}

fn give_back<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
impl Book {
    /// Connections, and entries of the tables beside them.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let tables = self.queues.len()
            + self.leaving.len()
            + self.strangers.len()
            + self.agents.len()
            + self.guests;
        (self.arriving.len() + self.settled.len(), tables)
    }
}
