use super::{World, cpus};
use mesoform_mesos::scheduler::{CallBody, Decline, Event, Revive, Suppress};
use mesoform_mesos::{Filters, Resources};
use std::time::Duration;

#[test]
fn offers_come_within_milliseconds() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    let (_, agent) = world.agent("h1", 4.0);
    world.settle();
    let offers = world.offers(web);
    let [offer] = offers.as_slice() else { panic!("{offers:?}") };
    assert_eq!((&offer.framework_id, &offer.agent_id), (&id, &agent));
    assert_eq!(Resources::read(&offer.resources).unwrap().to_string(), "cpus:4; mem:4096");
    assert_eq!(offer.resources[0].allocation_info.as_ref().unwrap().role.as_deref(), Some("*"));
    world.check();
}

#[test]
fn what_a_task_leaves_is_refused_for_a_while_and_then_offered_again() {
    let mut world = World::new();
    let (web, _) = world.framework("web");
    world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    world.accept(web, &offer, &[("t1", 1.0)]);
    world.pass(Duration::from_millis(4900));
    assert!(world.offers(web).is_empty());
    world.pass(Duration::from_millis(200));
    let rest = world.offers(web).remove(0);
    assert_eq!(Resources::read(&rest.resources).unwrap().to_string(), "cpus:3; mem:3072");
    world.check();
}

#[test]
fn the_poorer_framework_gets_the_next_agent() {
    let mut world = World::new();
    let (rich, _) = world.framework("rich");
    let (_, h1) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(rich).remove(0);
    world.accept(rich, &offer, &[("t", 4.0)]);
    let (poor, _) = world.framework("poor");
    world.settle();
    let (_, h2) = world.agent("h2", 2.0);
    world.agent("h3", 1.0);
    world.settle();
    let offers = world.offers(poor);
    assert_eq!(offers.len(), 2, "2 and 1 of 7 cores are still less than 4: {offers:?}");
    assert!(world.offers(rich).is_empty());
    assert_ne!(h1, h2);
    world.check();
}

#[test]
fn declined_offers_go_to_others_at_once() {
    let mut world = World::new();
    let (first, id) = world.framework("first");
    let (second, _) = world.framework("second");
    world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(first).remove(0);
    let filters = Some(Filters { refuse_seconds: Some(0.0) });
    world.call(first, &id, CallBody::Decline(Decline { offer_ids: vec![offer.id], filters }));
    world.settle();
    assert_eq!(world.offers(second).len(), 1);
    assert!(world.offers(first).is_empty());
}

#[test]
fn refusing_for_no_time_does_not_spin() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    world.agent("h1", 4.0);
    world.settle();
    let mut rounds = 0;
    for _ in 0..200 {
        for offer in world.offers(web) {
            rounds += 1;
            let filters = Some(Filters { refuse_seconds: Some(-1.0) });
            let decline = Decline { offer_ids: vec![offer.id], filters };
            world.call(web, &id, CallBody::Decline(decline));
        }
        world.pass(Duration::from_millis(10));
    }
    assert!((2..=3).contains(&rounds), "{rounds} offers in 2 s");
}

#[test]
fn suppressed_frameworks_are_left_alone_until_they_revive() {
    let mut world = World::new();
    let (web, id) = world.framework("web");
    world.call(web, &id, CallBody::Suppress(Suppress::default()));
    world.agent("h1", 4.0);
    world.settle();
    assert!(world.offers(web).is_empty());
    world.call(web, &id, CallBody::Revive(Revive::default()));
    world.settle();
    let offer = world.offers(web).remove(0);
    let filters = Some(Filters { refuse_seconds: Some(1e6) });
    world.call(web, &id, CallBody::Decline(Decline { offer_ids: vec![offer.id], filters }));
    world.pass(Duration::from_secs(60));
    assert!(world.offers(web).is_empty());
    world.call(web, &id, CallBody::Revive(Revive::default()));
    world.settle();
    assert_eq!(world.offers(web).len(), 1);
}

#[test]
fn offers_of_an_agent_that_went_away_are_rescinded() {
    let mut world = World::new();
    let (web, _) = world.framework("web");
    let (agent, _) = world.agent("h1", 4.0);
    world.settle();
    let offer = world.offers(web).remove(0);
    world.lose(agent);
    let events = world.events(web);
    let [Event::Rescind(rescind)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(rescind.offer_id, offer.id);
    world.accept(web, &offer, &[("t", 1.0)]);
    let statuses = world.statuses(web);
    assert_eq!(statuses[0].state.as_str(), "TASK_DROPPED");
    world.check();
}

#[test]
fn crumbs_are_not_offered() {
    let mut world = World::new();
    let (web, _) = world.framework("web");
    world.subscribe_agent(None, "h1", cpus(0.001), Vec::new()).unwrap();
    world.settle();
    assert!(world.offers(web).is_empty());
}
