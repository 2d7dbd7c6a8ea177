use proptest::prelude::*;

use super::*;

const WINDOW: i32 = 15;
const TOLERANCE: i32 = 8;
const EYES: [i32; 4] = [500, 2_400, 2_440, 4_300];

fn tracker(capacity: usize) -> Tracker<u32> {
    Tracker::new(&TrackerConfig {
        eyes: EYES.iter().copied().map(Pulses::new).collect(),
        window: Pulses::new(WINDOW),
        length_tolerance: Pulses::new(TOLERANCE),
        capacity,
    })
}

fn count(value: i64) -> EncoderCount {
    wrap(value)
}

/// Items 1 to 4, 30 pulses long, a pitch of 50 pulses.
fn four_items() -> Tracker<u32> {
    let mut tracker = tracker(10);
    for item in 1..=4_u16 {
        let at = i64::from(item) * 50;
        tracker.induct(ItemId::new(item), count(at), Pulses::new(30), u32::from(item)).unwrap();
    }
    tracker
}

fn edge(tracker: &mut Tracker<u32>, eye: u8, at: i64, length: i32) -> Sighting {
    tracker.edge(EyeId::new(eye), count(at), Pulses::new(length)).unwrap()
}

fn seen(item: u16, deviation: i32) -> Sighting {
    Sighting::Seen { item: ItemId::new(item), deviation: Pulses::new(deviation) }
}

#[test]
fn one_lost_item_shifts_nobody_behind_it() {
    let mut tracker = four_items();
    assert_eq!(edge(&mut tracker, 1, 550, 30), seen(1, 0));
    // Item 2, due at 600, fell off. Those behind it are themselves.
    assert_eq!(edge(&mut tracker, 1, 653, 31), seen(3, 3));
    assert_eq!(tracker.next_deadline(), Some(count(600 + 15 + 30 + 2)));
    assert_eq!(tracker.overdue(count(646)), None);
    let lost = tracker.overdue(count(647)).unwrap();
    assert_eq!((lost.item, lost.eye, lost.data), (ItemId::new(2), EyeId::new(1), 2));
    assert_eq!(lost.deadline, count(646));
    assert_eq!(edge(&mut tracker, 1, 698, 30), seen(4, -2));
    assert_eq!(tracker.overdue(count(2_300)), None);
    assert_eq!(tracker.len(), 3);
}

#[test]
fn one_removed_item_shifts_nobody() {
    let mut tracker = four_items();
    assert_eq!(tracker.remove(ItemId::new(1)), Some(1));
    assert_eq!(tracker.remove(ItemId::new(1)), None);
    assert_eq!(edge(&mut tracker, 1, 600, 30), seen(2, 0));
    assert_eq!(edge(&mut tracker, 1, 650, 30), seen(3, 0));
}

#[test]
fn one_inserted_item_shifts_nobody() {
    let mut tracker = four_items();
    assert_eq!(edge(&mut tracker, 1, 550, 30), seen(1, 0));
    assert_eq!(edge(&mut tracker, 1, 575, 30), Sighting::Unexpected);
    tracker.insert_unexpected(ItemId::new(9), EyeId::new(1), count(575), Pulses::new(30), 9).unwrap();
    assert_eq!(edge(&mut tracker, 1, 600, 30), seen(2, 0));
    assert_eq!(edge(&mut tracker, 2, 2_450, 30), seen(1, 0));
    assert_eq!(edge(&mut tracker, 2, 2_475, 30), seen(9, 0));
    assert_eq!(edge(&mut tracker, 2, 2_500, 30), seen(2, 0));
}

#[test]
fn a_slow_item_within_the_window_is_kept() {
    let mut tracker = four_items();
    assert_eq!(edge(&mut tracker, 1, 565, 30), seen(1, 15));
    assert_eq!(edge(&mut tracker, 1, 600, 30), seen(2, 0));
    // It counts on from where it was seen.
    assert_eq!(edge(&mut tracker, 2, 2_465, 30), seen(1, 0));
}

#[test]
fn a_wrong_length_is_unexpected() {
    let mut tracker = four_items();
    assert_eq!(edge(&mut tracker, 1, 550, 39), Sighting::Unexpected);
    assert_eq!(edge(&mut tracker, 1, 550, 38), seen(1, 0));
}

#[test]
fn an_ambiguous_edge_is_never_guessed() {
    let mut tracker = tracker(4);
    for (item, at) in [(1, 100), (2, 112)] {
        tracker.induct(ItemId::new(item), count(at), Pulses::new(12), 0).unwrap();
    }
    assert_eq!(edge(&mut tracker, 1, 604, 12), Sighting::Unexpected);
    assert_eq!(edge(&mut tracker, 1, 602, 12), seen(1, 2));
}

#[test]
fn an_item_that_slipped_into_the_place_of_another_is_not_taken_for_it() {
    let mut tracker = four_items();
    tracker.remove(ItemId::new(4));
    // Item 1 slips back by 43 pulses, to 7 pulses in front of where item 2 is due.
    assert_eq!(edge(&mut tracker, 1, 593, 30), Sighting::Unexpected);
    // Item 2 is pushed back out of its window, item 3 is itself.
    assert_eq!(edge(&mut tracker, 1, 623, 30), Sighting::Unexpected);
    assert_eq!(edge(&mut tracker, 1, 654, 30), seen(3, 4));
}

#[test]
fn a_lost_item_that_comes_after_all_is_not_taken_for_another() {
    let mut tracker = tracker(10);
    for (item, at) in [(1, 50), (2, 108)] {
        tracker.induct(ItemId::new(item), count(at), Pulses::new(30), 0).unwrap();
    }
    assert_eq!(tracker.overdue(count(597)).map(|lost| lost.item), Some(ItemId::new(1)));
    assert_eq!(edge(&mut tracker, 1, 599, 30), Sighting::Unexpected);
    assert_eq!(edge(&mut tracker, 1, 604, 30), seen(2, -4));
}

#[test]
fn an_item_taken_in_doubt_is_given_up_when_another_of_its_length_follows() {
    let mut tracker = four_items();
    // Item 1 slips back to where item 2 is due, and pushes item 2 back.
    assert_eq!(edge(&mut tracker, 1, 602, 30), seen(2, 2));
    assert_eq!(tracker.overdue(count(602)).map(|lost| lost.item), Some(ItemId::new(1)));
    assert_eq!(edge(&mut tracker, 1, 632, 30), Sighting::Unexpected);
    let given_up = tracker.overdue(count(632)).unwrap();
    assert_eq!((given_up.item, given_up.eye), (ItemId::new(2), EyeId::new(1)));
    assert_eq!(edge(&mut tracker, 1, 664, 30), seen(3, 14));
}

#[test]
fn one_lost_item_of_a_long_run_of_equal_lengths_shifts_nobody() {
    let mut tracker = tracker(1_010);
    for item in 1..=1_000_u16 {
        let at = i64::from(item) * 50;
        tracker.induct(ItemId::new(item), count(at), Pulses::new(30), 0).unwrap();
    }
    for item in (1..=1_000_u16).filter(|item| *item != 7) {
        let deviation = i32::from(item % 9) - 4;
        let at = i64::from(item) * 50 + i64::from(EYES[0]) + i64::from(deviation);
        assert_eq!(edge(&mut tracker, 1, at, 30), seen(item, deviation));
    }
}

#[test]
fn a_fired_item_is_not_lost_but_can_be_seen() {
    let mut tracker = four_items();
    assert!(tracker.mark_fired(ItemId::new(1)));
    assert_eq!(tracker.next_deadline(), Some(count(600 + 15 + 30 + 2)));
    assert_eq!(edge(&mut tracker, 1, 551, 30), seen(1, 1));
    assert!(tracker.mark_missed(ItemId::new(1)));
    assert_eq!(tracker.next_eye(ItemId::new(1)), Some(EyeId::new(2)));
    assert_eq!(edge(&mut tracker, 2, 2_451, 30), seen(1, 0));
    assert!(tracker.mark_fired(ItemId::new(2)));
    assert!(tracker.mark_missed(ItemId::new(2)));
    assert_eq!(tracker.overdue(count(647)).map(|lost| lost.item), Some(ItemId::new(2)));
    assert!(!tracker.mark_missed(ItemId::new(2)));
}

#[test]
fn counts_wrap_without_a_jump() {
    let mut tracker = tracker(4);
    let start = i64::from(u32::MAX) - 200;
    // The first count may be anywhere; the tracker starts to unwrap there.
    tracker.induct(ItemId::new(1), count(start), Pulses::new(30), 0).unwrap();
    assert_eq!(edge(&mut tracker, 1, start + 503, 30), seen(1, 3));
    assert_eq!(tracker.expected_at(ItemId::new(1), Pulses::new(2_400)), Some(count(start + 2_403)));
    assert_eq!(tracker.overdue(count(start + 2_403)), None);
    assert!(tracker.overdue(count(start + 2_403 + 15 + 30 + 2)).is_some());
}

#[test]
fn refuses_what_it_cannot_track() {
    let mut tracker = tracker(1);
    let (at, length) = (count(0), Pulses::new(30));
    assert_eq!(tracker.induct(ItemId::NONE, at, length, 0), Err(TrackError::NoNumber));
    tracker.induct(ItemId::new(7), at, length, 0).unwrap();
    let again = tracker.induct(ItemId::new(7), at, length, 0);
    assert_eq!(again, Err(TrackError::AlreadyTracked { item: ItemId::new(7) }));
    let full = tracker.induct(ItemId::new(8), at, length, 0).unwrap_err();
    assert_eq!(full.to_string(), "item 8 is not tracked: the belt has 1 items already, its limit");
    let eye = tracker.edge(EyeId::new(5), at, length).unwrap_err();
    assert_eq!(eye.to_string(), "photo-eye 5 does not exist: the belt has photo-eyes 1 to 4");
    assert!(tracker.edge(EyeId::new(0), at, length).is_err());
}

#[test]
fn binds_a_read_to_the_item_over_the_scanner() {
    let tracker = four_items();
    let over = |at| tracker.item_over(Pulses::new(300), count(at)).map(ItemId::get);
    assert_eq!(over(334), None, "16 pulses before the first item");
    assert_eq!(over(335), Some(1));
    assert_eq!(over(365), Some(1));
    assert_eq!(over(389), Some(1), "in the gap, nearer to the first");
    assert_eq!(over(390), None, "half way");
    assert_eq!(over(391), Some(2));
    assert_eq!(over(545), Some(4));
    assert_eq!(over(546), None);
}

/// The same rules over a plain list of everything.
#[derive(Default)]
struct Naive {
    items: Vec<NaiveItem>,
    lost: Vec<NaiveItem>,
    doubts: [Option<(u16, i64)>; EYES.len()],
    given_up: Option<(u16, usize)>,
    stamp: u64,
}

struct NaiveItem {
    item: u16,
    origin: i64,
    length: i64,
    next_eye: usize,
    fired: bool,
    /// When it joined those due at its next eye: equal origins keep this order.
    joined: u64,
}

impl Naive {
    fn induct(&mut self, item: u16, origin: i64, length: i64, next_eye: usize) {
        self.stamp += 1;
        self.items.push(NaiveItem { item, origin, length, next_eye, fired: false, joined: self.stamp });
    }

    fn edge(&mut self, eye: usize, at: i64, length: i64) -> Sighting {
        let origin = at - i64::from(EYES[eye]);
        let mut near: Vec<_> = (0..self.items.len())
            .filter(|i| {
                let item = &self.items[*i];
                item.next_eye <= eye
                    && (item.origin - origin).abs() <= i64::from(WINDOW)
                    && (item.length - length).abs() <= i64::from(TOLERANCE)
            })
            .collect();
        near.sort_by_key(|i| (self.items[*i].origin - origin).abs());
        let distance = |i: usize| (self.items[i].origin - origin).abs();
        if near.is_empty()
            || near.len() > 1 && 2 * (distance(near[1]) - distance(near[0])) < i64::from(WINDOW)
        {
            return self.unexpected(eye, origin, length);
        }
        let mut doubted = false;
        let chosen = &self.items[near[0]];
        let mismatch = |item: &NaiveItem| (item.length - length).abs();
        let due = self.items.iter().filter(|late| late.next_eye == eye && !late.fired);
        for late in due.chain(self.lost.iter().rev().filter(|late| late.next_eye == eye).take(4)) {
            let lateness = origin - late.origin;
            let unseen = mismatch(late) <= i64::from(TOLERANCE);
            if unseen && lateness > i64::from(WINDOW) && lateness <= i64::from(4 * WINDOW) {
                doubted = true;
                let far = 3 * (chosen.origin - origin).abs() > i64::from(WINDOW);
                if far || mismatch(chosen) > mismatch(late) {
                    return self.unexpected(eye, origin, length);
                }
            }
        }
        self.stamp += 1;
        let item = &mut self.items[near[0]];
        let deviation = i32::try_from(origin - item.origin).unwrap();
        (item.origin, item.next_eye, item.joined) = (origin, eye + 1, self.stamp);
        if doubted {
            self.doubts[eye] = Some((item.item, origin));
        }
        seen(item.item, deviation)
    }

    fn unexpected(&mut self, eye: usize, origin: i64, length: i64) -> Sighting {
        if let Some((number, at)) = self.doubts[eye].take() {
            let behind = origin - at;
            self.given_up = self
                .items
                .iter()
                .find(|item| {
                    item.item == number
                        && !item.fired
                        && item.next_eye == eye + 1
                        && 0 < behind
                        && behind <= i64::from(4 * WINDOW)
                        && (item.length - length).abs() <= i64::from(TOLERANCE)
                })
                .map(|item| (item.item, eye));
        }
        Sighting::Unexpected
    }

    fn first_due(&self) -> Option<(i64, usize, usize)> {
        (0..EYES.len())
            .filter_map(|eye| {
                let first = (0..self.items.len())
                    .filter(|i| self.items[*i].next_eye == eye && !self.items[*i].fired)
                    .min_by_key(|i| (self.items[*i].origin, self.items[*i].joined))?;
                let item = &self.items[first];
                Some((item.origin + i64::from(EYES[eye] + WINDOW) + item.length + 1, eye, first))
            })
            .min()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Advance(i64),
    Induct(i32),
    /// An edge near where the n-th item is expected next, or anywhere.
    Edge(usize, i64, i32),
    Unexpected(usize, i32),
    Remove(usize),
    Fire(usize),
    Miss(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_i64..400).prop_map(Step::Advance),
        3 => (10_i32..60).prop_map(Step::Induct),
        6 => (0_usize..12, -20_i64..20, -10_i32..10).prop_map(|(n, off, len)| Step::Edge(n, off, len)),
        1 => (0_usize..4, 10_i32..60).prop_map(|(eye, len)| Step::Unexpected(eye, len)),
        1 => (0_usize..12).prop_map(Step::Remove),
        1 => (0_usize..12).prop_map(Step::Fire),
        1 => (0_usize..12).prop_map(Step::Miss),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_linear_search(start in prop_oneof![Just(0_i64), Just((1_i64 << 32) - 700)],
                                   steps in prop::collection::vec(step(), 1..300)) {
        let mut tracker = tracker(12);
        let mut naive = Naive::default();
        let (mut now, mut number) = (start, 0_u16);
        for step in steps {
            let pick = |n: usize| naive.items.get(n % naive.items.len().max(1)).map(|item| item.item);
            match step {
                Step::Advance(distance) => now += distance,
                Step::Induct(length) if naive.items.len() < 12 => {
                    number += 1;
                    naive.induct(number, now, i64::from(length), 0);
                    tracker.induct(ItemId::new(number), count(now), Pulses::new(length), 0).unwrap();
                }
                Step::Induct(length) => {
                    let full = tracker.induct(ItemId::new(60_000), count(now), Pulses::new(length), 0);
                    prop_assert!(full.is_err());
                }
                Step::Edge(n, off, change) => {
                    let Some(item) = naive.items.get(n % naive.items.len().max(1)) else { continue };
                    if item.next_eye == EYES.len() { continue }
                    let (eye, length) = (item.next_eye, i32::try_from(item.length).unwrap() + change);
                    let at = item.origin + i64::from(EYES[eye]) + off;
                    let expected = naive.edge(eye, at, i64::from(length));
                    prop_assert_eq!(edge(&mut tracker, u8::try_from(eye + 1).unwrap(), at, length), expected);
                    now = now.max(at);
                }
                Step::Unexpected(eye, length) if naive.items.len() < 12 => {
                    number += 1;
                    naive.induct(number, now - i64::from(EYES[eye]), i64::from(length), eye + 1);
                    let eye = EyeId::new(u8::try_from(eye + 1).unwrap());
                    tracker.insert_unexpected(ItemId::new(number), eye, count(now), Pulses::new(length), 0).unwrap();
                }
                Step::Unexpected(..) => {}
                Step::Remove(n) => {
                    let Some(item) = pick(n) else { continue };
                    naive.items.retain(|other| other.item != item);
                    prop_assert!(tracker.remove(ItemId::new(item)).is_some());
                }
                Step::Fire(n) | Step::Miss(n) => {
                    let Some(item) = pick(n) else { continue };
                    let fired = matches!(step, Step::Fire(_));
                    naive.stamp += 1;
                    let stamp = naive.stamp;
                    let entry = naive.items.iter_mut().find(|other| other.item == item).unwrap();
                    if entry.fired != fired {
                        (entry.fired, entry.joined) = (fired, stamp);
                    }
                    let item = ItemId::new(item);
                    let tracked = if fired { tracker.mark_fired(item) } else { tracker.mark_missed(item) };
                    prop_assert!(tracked);
                }
            }
            if let Some((number, eye)) = naive.given_up.take() {
                let found = tracker.overdue(count(now)).map(|lost| (lost.item, lost.eye));
                prop_assert_eq!(found, Some((ItemId::new(number), eye_id(eye))));
                naive.items.retain(|item| item.item != number);
            }
            let first_due = naive.first_due();
            prop_assert_eq!(tracker.next_deadline(), first_due.map(|(due_by, ..)| count(due_by + 1)));
            let lost = match first_due {
                Some((due_by, eye, index)) if due_by < now => {
                    let item = naive.items.remove(index);
                    let lost = (ItemId::new(item.item), eye_id(eye), count(due_by));
                    naive.lost.push(item);
                    Some(lost)
                }
                _ => None,
            };
            let found = tracker.overdue(count(now)).map(|lost| (lost.item, lost.eye, lost.deadline));
            prop_assert_eq!(found, lost);
            prop_assert_eq!(tracker.len(), naive.items.len());
        }
    }
}
