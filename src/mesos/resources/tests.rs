use super::*;
use crate::Resource;
use proptest::prelude::*;

prop_compose! {
    fn range_set()(ranges in prop::collection::vec((0u64..60, 0u64..8), 0..8)) -> RangeSet {
        RangeSet::new(ranges.into_iter().map(|(begin, len)| (begin, begin + len)))
    }
}

prop_compose! {
    fn resources()(
        cpus in 0u64..5000,
        mem in 0u64..5000,
        ports in range_set(),
        items in prop::collection::btree_set("[a-d]", 0..4),
    ) -> Resources {
        let mut made = Resources::new();
        made.scalars.insert("cpus".into(), cpus);
        made.scalars.insert("mem".into(), mem);
        made.ranges.insert("ports".into(), ports);
        made.sets.insert("gpus".into(), items);
        made.normalise();
        made
    }
}

fn sum(a: &Resources, b: &Resources) -> Resources {
    let mut sum = a.clone();
    sum.add(b);
    sum
}

proptest! {
    #[test]
    fn subtraction_is_undone_by_addition(a in resources(), b in resources()) {
        match a.checked_sub(&b) {
            Some(rest) => {
                prop_assert!(a.contains(&b));
                prop_assert!(!rest.overlaps(&b));
                prop_assert_eq!(sum(&rest, &b), a);
            }
            None => prop_assert!(!a.contains(&b)),
        }
    }

    #[test]
    fn addition_is_undone_by_subtraction(a in resources(), b in resources()) {
        let both = sum(&a, &b);
        prop_assert!(both.contains(&a) && both.contains(&b));
        prop_assert_eq!(&both, &sum(&b, &a));
        if !a.overlaps(&b) {
            prop_assert_eq!(both.checked_sub(&b), Some(a));
        }
    }

    #[test]
    fn ranges_are_like_sets_of_numbers(a in range_set(), b in range_set()) {
        let numbers = |r: &RangeSet| r.values().collect::<BTreeSet<_>>();
        let (left, right) = (numbers(&a), numbers(&b));
        let mut union = a.clone();
        union.add(&b);
        let mut rest = a.clone();
        rest.subtract(&b);
        prop_assert_eq!(numbers(&union), &left | &right);
        prop_assert_eq!(numbers(&rest), &left - &right);
        prop_assert_eq!(a.contains(&b), left.is_superset(&right));
        prop_assert_eq!(a.overlaps(&b), !left.is_disjoint(&right));
        prop_assert_eq!(a.len(), left.len() as u64);
        prop_assert!((0..70).all(|n| a.has(n) == left.contains(&n)));
        for set in [&union, &rest] {
            let ranges: Vec<_> = set.iter().collect();
            prop_assert!(ranges.windows(2).all(|w| w[0].1 + 1 < w[1].0));
        }
    }

    #[test]
    fn messages_say_the_same(a in resources()) {
        prop_assert_eq!(Resources::read(&a.to_message()).unwrap(), a.clone());
        prop_assert_eq!(Resources::read(&a.to_offer("web")).unwrap(), a);
    }
}

#[test]
fn the_ends_of_the_numbers_hold() {
    let mut all = RangeSet::new([(0, u64::MAX)]);
    assert_eq!(all.len(), u64::MAX);
    all.subtract(&RangeSet::new([(0, 0), (u64::MAX, u64::MAX)]));
    assert_eq!(all.iter().collect::<Vec<_>>(), [(1, u64::MAX - 1)]);
    all.subtract(&all.clone());
    assert!(all.is_empty());
}

#[test]
fn fractions_sum_evenly() {
    let tenth = Resources::read(&[Resource::scalar("cpus", 0.1)]).unwrap();
    let mut sum = Resources::new();
    (0..10).for_each(|_| sum.add(&tenth));
    assert_eq!(sum.to_string(), "cpus:1");
}

#[test]
fn what_cannot_be_reckoned_with_is_refused() {
    for value in [-1.0, f64::NAN, f64::INFINITY, 1e13] {
        assert!(Resources::read(&[Resource::scalar("cpus", value)]).is_err(), "{value}");
    }
    assert!(Resources::read(&[Resource::ranges("ports", [(2, 1)])]).is_err());
    let mut reserved = Resource::scalar("cpus", 1.0);
    reserved.role = Some("web".into());
    assert!(Resources::read(&[reserved]).is_err());
}
