use super::*;
use crate::{Authority, KeyRequest, Role, inspect};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn invitation() -> Invitation {
    Invitation {
        id: Invitation::new_id().unwrap(),
        cluster: "c".into(),
        desk: Desk::Operator,
        host: "h1".into(),
        guests: None,
        made: 0,
        roles: vec![Role::Master, Role::Agent, Role::Issuer],
        dns: vec!["h1.example".into()],
        ips: vec!["10.0.0.1".parse().unwrap()],
        until: (now() + SignedDuration::from_hours(1)).as_second(),
    }
}

fn reception(root: &Authority) -> Reception {
    Reception::new(Desk::Operator, root.certificate_pem()).unwrap()
}

fn request(root: &Authority, invitation: &Invitation, roles: &[Role]) -> JoinRequest {
    let csr = |role: &Role| (*role, KeyRequest::generate().unwrap().csr_pem);
    JoinRequest {
        token: root.invite(invitation).unwrap().expose().to_owned(),
        host: invitation.host.clone(),
        address: None,
        requests: roles.iter().map(csr).collect(),
        secrets: Vec::new(),
    }
}

#[test]
fn a_host_gets_what_its_token_says_and_no_more() {
    let (root, invitation) = (Authority::create("c").unwrap(), invitation());
    let asked = request(&root, &invitation, &[Role::Agent, Role::Issuer]);
    let admission = reception(&root).judge(&asked, now()).unwrap();
    assert_eq!(admission.invitation, invitation);
    assert_eq!(admission.leaves.keys().copied().collect::<Vec<_>>(), [Role::Agent, Role::Issuer]);
    let chain = root.sign_leaf(&admission.leaves[&Role::Agent]).unwrap();
    let info = inspect(&chain, root.certificate_pem()).unwrap();
    assert_eq!((info.role, info.host.as_str()), (Role::Agent, "h1"));
    assert_eq!((info.dns, info.ips), (invitation.dns.clone(), invitation.ips.clone()));
    assert!(admission.leaves[&Role::Issuer].grant.ips.is_empty());
}

#[test]
fn what_is_refused_and_why() {
    let (root, good) = (Authority::create("c").unwrap(), invitation());
    let refused = |change: &dyn Fn(&mut Invitation), ask: &dyn Fn(&mut JoinRequest)| {
        let mut invitation = good.clone();
        change(&mut invitation);
        let mut request = request(&root, &invitation, &[Role::Agent]);
        request.host = good.host.clone();
        ask(&mut request);
        reception(&root).judge(&request, now()).unwrap_err().to_string()
    };
    let keep = |_: &mut JoinRequest| {};
    for (words, told) in [
        (refused(&|i| i.until = now().as_second(), &keep), "ended on 2026-11-20T12:00:00Z"),
        (refused(&|i| i.cluster = "d".into(), &keep), "of the cluster `d`, not of `c`"),
        (refused(&|i| i.desk = Desk::Masters, &keep), "for the masters"),
        (refused(&|i| i.host = "h2".into(), &keep), "for the host h2, not for \"h1\""),
        (refused(&|i| i.roles = vec![Role::Master], &keep), "the role agent"),
        (refused(&|_| {}, &|r| r.requests.clear()), "no certificate is asked for"),
        (refused(&|_| {}, &|r| r.token = "x".into()), "not made by the operator"),
        (refused(&|_| {}, &|r| r.token.push('A')), "not made by the operator"),
        (
            refused(&|_| {}, &|r| {
                r.requests.insert(Role::Agent, "x".into());
            }),
            "request is refused",
        ),
    ] {
        assert!(words.contains(told), "{words}");
    }
}

#[test]
fn a_token_of_another_root_is_foreign_whatever_its_name() {
    let [ours, other] = ["c", "c"].map(|name| Authority::create(name).unwrap());
    let asked = request(&other, &invitation(), &[Role::Agent]);
    let refusal = reception(&ours).judge(&asked, now()).unwrap_err();
    assert!(matches!(refusal, JoinRefusal::Foreign), "{refusal}");
}

#[test]
fn a_token_is_good_once_and_again_for_the_same_keys() {
    let (root, invitation) = (Authority::create("c").unwrap(), invitation());
    let desk = reception(&root);
    let first = request(&root, &invitation, &[Role::Agent]);
    let mut book = JoinBook::default();
    let admission = desk.judge(&first, now()).unwrap();
    assert!(book.enter(&admission, now()).unwrap(), "it has to be written down");
    let later = now() + SignedDuration::from_mins(5);
    assert!(!book.enter(&desk.judge(&first, later).unwrap(), later).unwrap());
    let thief = request(&root, &invitation, &[Role::Agent]);
    let refusal = book.enter(&desk.judge(&thief, later).unwrap(), later).unwrap_err();
    assert!(matches!(refusal, JoinRefusal::Used { at } if at == now()), "{refusal}");
    // One key more is somebody else too.
    let mut more = first.clone();
    more.requests.insert(Role::Master, KeyRequest::generate().unwrap().csr_pem);
    assert!(book.enter(&desk.judge(&more, later).unwrap(), later).is_err());
    // A book that was kept is the same book.
    let kept = serde_json::to_string(&book).unwrap();
    let mut kept: JoinBook = serde_json::from_str(&kept).unwrap();
    assert!(kept.enter(&desk.judge(&thief, later).unwrap(), later).is_err());
}

/// Hosts that nobody knows yet share a token, and no name.
#[test]
fn as_many_guests_come_as_are_invited() {
    let root = Authority::create("c").unwrap();
    let invitation = Invitation {
        host: String::new(),
        guests: Some(2),
        roles: vec![Role::Agent],
        dns: Vec::new(),
        ips: Vec::new(),
        ..invitation()
    };
    let (desk, mut book) = (reception(&root), JoinBook::default());
    let guest = |host: &str, address: Option<&str>| JoinRequest {
        host: host.into(),
        address: address.map(|text| text.parse().unwrap()),
        ..request(&root, &invitation, &[Role::Agent])
    };
    let first = guest("a1", Some("10.0.0.9"));
    let admission = desk.judge(&first, now()).unwrap();
    let grant = &admission.leaves[&Role::Agent].grant;
    assert_eq!((grant.host.as_str(), grant.dns.join(" ")), ("a1", "a1 localhost".to_owned()));
    assert_eq!(
        grant.ips,
        ["127.0.0.1", "10.0.0.9"].map(|ip| ip.parse::<std::net::IpAddr>().unwrap())
    );
    assert!(book.enter(&admission, now()).unwrap());
    assert!(!book.enter(&desk.judge(&first, now()).unwrap(), now()).unwrap(), "the same again");
    let namesake = desk.judge(&guest("a1", Some("10.0.0.8")), now()).unwrap();
    assert!(matches!(book.enter(&namesake, now()), Err(JoinRefusal::Used { .. })));
    let second = desk.judge(&guest("a2", Some("10.0.0.8")), now()).unwrap();
    assert!(book.enter(&second, now()).unwrap());
    let third = desk.judge(&guest("a3", Some("10.0.0.7")), now()).unwrap();
    assert!(matches!(book.enter(&third, now()), Err(JoinRefusal::Spent(2))));
    let other = Invitation { id: Invitation::new_id().unwrap(), ..invitation.clone() };
    let mut again = guest("a1", Some("10.0.0.5"));
    again.token = root.invite(&other).unwrap().expose().to_owned();
    let admission = desk.judge(&again, now()).unwrap();
    assert!(matches!(book.enter(&admission, now()), Err(JoinRefusal::Used { .. })));
    for wrong in [guest("a4", None), guest("a b", Some("10.0.0.6")), guest("", Some("10.0.0.6"))] {
        assert!(desk.judge(&wrong, now()).is_err());
    }
}

#[test]
fn what_has_ended_is_forgotten() {
    let root = Authority::create("c").unwrap();
    let (desk, mut book) = (reception(&root), JoinBook::default());
    let one = invitation();
    let asked = request(&root, &one, &[Role::Agent]);
    book.enter(&desk.judge(&asked, now()).unwrap(), now()).unwrap();
    let late = one.end() + SignedDuration::from_hours(24 * 9);
    let other = Invitation { until: late.as_second() + 3600, host: "h2".into(), ..invitation() };
    let asked = request(&root, &other, &[Role::Agent]);
    book.enter(&desk.judge(&asked, late).unwrap(), late).unwrap();
    let kept = serde_json::to_string(&book).unwrap();
    assert!(!kept.contains(&one.id) && kept.contains(&other.id), "{kept}");
}

fn guests(places: u32) -> Invitation {
    Invitation {
        host: String::new(),
        guests: Some(places),
        roles: vec![Role::Agent],
        dns: Vec::new(),
        ips: Vec::new(),
        ..invitation()
    }
}

fn guest(root: &Authority, invitation: &Invitation, host: &str, address: &str) -> Admission {
    let address = Some(address.parse().unwrap());
    let asked =
        JoinRequest { host: host.into(), address, ..request(root, invitation, &[Role::Agent]) };
    reception(root).judge(&asked, now()).unwrap()
}

/// A guest's workload reads the token that the others are to come with.
#[test]
fn a_guest_gets_no_second_name_and_nobody_its_own() {
    let (root, mut book) = (Authority::create("c").unwrap(), JoinBook::default());
    let [one, other] = [guests(9), guests(9)];
    book.enter(&guest(&root, &one, "a1", "10.0.0.9"), now()).unwrap();
    for token in [&one, &other] {
        let refusal = book.enter(&guest(&root, token, "a2", "10.0.0.9"), now()).unwrap_err();
        assert!(matches!(refusal, JoinRefusal::SameAddress { .. }), "{refusal}");
        for name in ["a1", "A1"] {
            let refusal = book.enter(&guest(&root, token, name, "10.0.0.8"), now()).unwrap_err();
            assert!(matches!(refusal, JoinRefusal::Used { .. }), "{refusal}");
        }
    }
    assert!(book.enter(&guest(&root, &other, "a2", "10.0.0.8"), now()).unwrap());
}

/// Whoever reads an earlier document of a host that has joined is not that host.
#[test]
fn a_host_that_has_joined_needs_a_newer_token() {
    let (root, mut book) = (Authority::create("c").unwrap(), JoinBook::default());
    let judge = |invitation: &Invitation| {
        reception(&root).judge(&request(&root, invitation, &[Role::Agent]), now()).unwrap()
    };
    book.enter(&judge(&invitation()), now()).unwrap();
    let refusal = book.enter(&judge(&invitation()), now()).unwrap_err();
    assert!(matches!(&refusal, JoinRefusal::Joined { host, .. } if host == "h1"), "{refusal}");
    assert!(refusal.to_string().contains("`mesoform up`"), "{refusal}");
    let newer = Invitation { made: now().as_second() + 1, ..invitation() };
    assert!(book.enter(&judge(&newer), now()).unwrap(), "the operator wants it so");
    let other = Invitation { host: "h2".into(), ..invitation() };
    assert!(book.enter(&judge(&other), now()).unwrap());
}

#[test]
fn the_longest_book_can_be_read() {
    let (root, mut book) = (Authority::create("c").unwrap(), JoinBook::default());
    let mut longest = guest(&root, &guests(9), &"a".repeat(253), "10.0.0.9");
    longest.address = "2001:db8:1111:1111:1111:1111:1111:1111".parse().ok();
    book.enter(&longest, "2026-11-20T12:00:00.123456789Z".parse().unwrap()).unwrap();
    let one = serde_json::to_string(&book).unwrap().len() as u64;
    assert!(one * book::MANY as u64 <= JoinBook::MAX_BYTES, "{one}");
}

#[test]
fn a_request_keeps_its_shape() {
    let root = Authority::create("c").unwrap();
    let asked = request(&root, &invitation(), &[Role::Agent]);
    let text = serde_json::to_string(&asked).unwrap();
    assert!(text.contains("\"agent\":\"-----BEGIN CERTIFICATE REQUEST"), "{text}");
    assert!(text.len() < MAX_JOIN_REQUEST);
    let read: JoinRequest = serde_json::from_str(&text).unwrap();
    assert_eq!(read.requests, BTreeMap::from_iter(asked.requests));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Nothing but the token itself opens the door: no bit of it may be another.
    #[test]
    fn no_bit_of_a_token_can_be_changed(at in any::<prop::sample::Index>(), bit in 0..7_u32) {
        let root = Authority::create("c").unwrap();
        let mut asked = request(&root, &invitation(), &[Role::Agent]);
        let mut bytes = asked.token.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let changed = String::from_utf8(bytes).unwrap();
        // White space around it is none of it.
        prop_assume!(changed.trim().len() == asked.token.len());
        asked.token = changed;
        prop_assert!(reception(&root).judge(&asked, now()).is_err());
    }

    /// Whatever is sent is refused in words.
    #[test]
    fn no_text_is_a_token(text in "\\PC{0,200}") {
        let root = Authority::create("c").unwrap();
        for token in [text.clone(), format!("mesoform-join-1.{text}.{text}")] {
            let asked = JoinRequest { token, ..request(&root, &invitation(), &[Role::Agent]) };
            prop_assert!(reception(&root).judge(&asked, now()).is_err());
        }
    }

    /// Claims survive their way, whatever they are.
    #[test]
    fn claims_are_read_as_they_were_written(host in "[a-z0-9.-]{1,40}", hours in 1..48_i64) {
        let root = Authority::create("c").unwrap();
        let until = (now() + SignedDuration::from_hours(hours)).as_second();
        let written = Invitation { host, until, ..invitation() };
        let asked = request(&root, &written, &[Role::Agent]);
        prop_assert_eq!(reception(&root).judge(&asked, now()).unwrap().invitation, written);
    }
}
