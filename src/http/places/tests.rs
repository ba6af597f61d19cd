use super::book::{Arrival, Book, Full, GRACE, LONG_GRACE, Standing, Ticket};
use super::caps::Caps;
use super::origin::Origin;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use tokio::time::Instant;

const CAPS: Caps = Caps { arriving: 4, settled: 10, guests: 6, share: 3, agent: 2 };

fn from(host: u8) -> Origin {
    IpAddr::from(Ipv4Addr::new(10, 0, 0, host)).into()
}

fn member() -> Standing {
    Standing::Member { agent_of: None }
}

fn agent(host: &str) -> Standing {
    Standing::Member { agent_of: Some(host.to_owned()) }
}

fn arrive(book: &mut Book, host: u8, now: Instant) -> Ticket {
    match book.arrive(from(host), now) {
        Arrival::In { ticket, .. } => ticket,
        Arrival::Wait { .. } => panic!("no place"),
    }
}

fn settle(book: &mut Book, host: u8, standing: Standing, now: Instant) -> Result<Ticket, Full> {
    let ticket = arrive(book, host, now);
    let settled = book.settle(ticket, standing).map(|()| ticket);
    if settled.is_err() {
        book.leave(ticket);
    }
    settled
}

#[test]
fn one_address_gets_its_share_and_passwords_free_it() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    let stranger = |book: &mut Book| settle(book, 1, Standing::Stranger, now);
    let first: Vec<Ticket> = (0..3).map(|_| stranger(&mut book).unwrap()).collect();
    assert_eq!(stranger(&mut book), Err(Full::Share));
    settle(&mut book, 2, Standing::Stranger, now).unwrap();
    book.trust(first[0]);
    book.trust(first[0]);
    stranger(&mut book).unwrap();
    assert_eq!(stranger(&mut book), Err(Full::Share));
    first.into_iter().for_each(|ticket| book.leave(ticket));
    stranger(&mut book).unwrap();
}

#[test]
fn the_cluster_has_a_reserve() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    for host in 0..6 {
        settle(&mut book, host, Standing::Stranger, now).unwrap();
    }
    assert_eq!(settle(&mut book, 9, Standing::Stranger, now), Err(Full::Guests));
    for _ in 0..4 {
        settle(&mut book, 1, member(), now).unwrap();
    }
    assert_eq!(settle(&mut book, 1, member(), now), Err(Full::Door));
}

#[test]
fn a_stolen_key_of_an_agent_does_not_fill_the_door() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    for _ in 0..2 {
        settle(&mut book, 1, agent("h1"), now).unwrap();
    }
    assert_eq!(settle(&mut book, 1, agent("h1"), now), Err(Full::Share));
    settle(&mut book, 1, agent("h2"), now).unwrap();
}

#[test]
fn silence_from_one_address_keeps_nobody_out() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    let others = [2, 3].map(|host| arrive(&mut book, host, now));
    let silent = [1, 1].map(|host| arrive(&mut book, host, now));
    assert_eq!(book.arrive(from(1), now), Arrival::Wait { until: now + GRACE });
    let came = book.arrive(from(1), now + GRACE);
    assert!(matches!(came, Arrival::In { instead_of: Some(gone), .. } if gone == silent[0]));
    assert_eq!(book.settle(silent[0], member()), Err(Full::Door), "it is gone");
    book.settle(others[0], member()).unwrap();
    arrive(&mut book, 1, now + GRACE);
    let came = book.arrive(from(4), now + GRACE);
    assert!(
        matches!(came, Arrival::In { instead_of: Some(gone), .. } if gone == silent[1]),
        "most are from there: they go at once"
    );
}

#[test]
fn those_who_were_refused_go_first() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    for _ in 0..3 {
        settle(&mut book, 1, Standing::Stranger, now).unwrap();
    }
    let tickets = [2, 1, 3, 4].map(|host| arrive(&mut book, host, now));
    assert_eq!(book.settle(tickets[1], Standing::Stranger), Err(Full::Share));
    let came = book.arrive(from(5), now);
    assert!(matches!(came, Arrival::In { instead_of: Some(gone), .. } if gone == tickets[1]));
    assert_eq!(book.arrive(from(6), now), Arrival::Wait { until: now + LONG_GRACE });
}

#[test]
fn where_everyone_has_one_place_the_oldest_goes_later() {
    let (mut book, now) = (Book::new(CAPS), Instant::now());
    let tickets: Vec<Ticket> = (0..4).map(|host| arrive(&mut book, host, now)).collect();
    let later = now + GRACE;
    assert_eq!(book.arrive(from(9), later), Arrival::Wait { until: now + LONG_GRACE });
    book.leave(tickets[2]);
    arrive(&mut book, 9, later);
    let came = book.arrive(from(8), now + LONG_GRACE);
    assert!(matches!(came, Arrival::In { instead_of: Some(gone), .. } if gone == tickets[0]));
}

proptest! {
    #[test]
    fn it_never_overflows_and_ends_empty(
        steps in prop::collection::vec((0_u8..6, 0_u8..5, any::<prop::sample::Index>()), 0..200),
    ) {
        let (mut book, mut now) = (Book::new(CAPS), Instant::now());
        let mut tickets: Vec<Ticket> = Vec::new();
        for (what, host, which) in steps {
            let one = (!tickets.is_empty()).then(|| tickets[which.index(tickets.len())]);
            match (what, one) {
                (0 | 1, _) => match book.arrive(from(host), now) {
                    Arrival::In { ticket, instead_of } => {
                        tickets.retain(|other| Some(*other) != instead_of);
                        tickets.push(ticket);
                    }
                    Arrival::Wait { until } => {
                        prop_assert!(until > now);
                        now = until;
                    }
                },
                (2, Some(ticket)) => drop(book.settle(ticket, Standing::Stranger)),
                (3, Some(ticket)) => drop(book.settle(ticket, agent(&host.to_string()))),
                (4, Some(ticket)) => book.trust(ticket),
                (5, Some(ticket)) => {
                    book.leave(ticket);
                    tickets.retain(|other| *other != ticket);
                }
                _ => {}
            }
            let (connections, _) = book.sizes();
            prop_assert_eq!(connections, tickets.len());
            prop_assert!(connections <= CAPS.arriving + CAPS.settled);
        }
        tickets.into_iter().for_each(|ticket| book.leave(ticket));
        prop_assert_eq!(book.sizes(), (0, 0));
    }
}
