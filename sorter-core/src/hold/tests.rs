//! The hold book against a list that is searched from end to end.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u32, u64, Reason),
    Take(u32, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let reason = prop::sample::select(vec![Reason::Hold, Reason::Inspect, Reason::OnwardFlight]);
    prop_oneof![
        3 => (0_u32..12, 0_u64..20, reason).prop_map(|(parcel, at, reason)| Step::Add(parcel, at, reason)),
        2 => (0_u32..12, 0_u64..20).prop_map(|(parcel, at)| Step::Take(parcel, at)),
    ]
}

/// The same book as a list in the order of adding.
#[derive(Default)]
struct List {
    held: Vec<Held>,
    over: Vec<Dwell>,
}

impl List {
    fn take(&mut self, parcel: ParcelId, until: Micros) -> Option<Dwell> {
        let place = self.held.iter().position(|held| held.parcel == parcel)?;
        let dwell = Dwell { held: self.held.remove(place), until };
        self.over.push(dwell);
        Some(dwell)
    }

    fn in_order(&self) -> Vec<Held> {
        let mut held = self.held.clone();
        held.sort_by_key(|held| held.since);
        held
    }

    fn totals(&self, reason: Reason) -> DwellTotals {
        let lengths = || self.over.iter().filter(|over| over.held.reason == reason).map(Dwell::length);
        DwellTotals {
            stays: lengths().count() as u64,
            sum: lengths().fold(Micros::ZERO, |sum, length| sum + length),
            longest: lengths().max().unwrap_or_default(),
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_a_list_that_is_searched_from_end_to_end(
        steps in prop::collection::vec(step(), 0..80),
        now in 0_u64..30,
        limit in 0_u64..20,
    ) {
        let mut book = HoldBook::with_capacity(0);
        let mut list = List::default();
        for step in steps {
            match step {
                Step::Add(parcel, at, reason) => {
                    let (parcel, since) = (ParcelId::new(parcel), Micros::new(at));
                    let chute = ChuteId::new(u16::try_from(at).unwrap());
                    let over = list.take(parcel, since);
                    list.held.push(Held { parcel, chute, since, reason });
                    prop_assert_eq!(book.add(parcel, chute, since, reason), over);
                }
                Step::Take(parcel, at) => {
                    let (parcel, at) = (ParcelId::new(parcel), Micros::new(at));
                    prop_assert_eq!(book.take(parcel, at), list.take(parcel, at));
                }
            }
            let held: Vec<Held> = book.iter().copied().collect();
            prop_assert_eq!(&held, &list.in_order());
            prop_assert_eq!((book.len(), book.is_empty()), (held.len(), held.is_empty()));
            for parcel in (0..12).map(ParcelId::new) {
                prop_assert_eq!(book.get(parcel), held.iter().find(|held| held.parcel == parcel));
            }
        }
        let overdue: Vec<Held> = book.overdue(Micros::new(now), Micros::new(limit)).copied().collect();
        let late = |held: &Held| held.since.get() + limit <= now;
        prop_assert_eq!(overdue, list.in_order().into_iter().filter(late).collect::<Vec<_>>());
        for reason in Reason::ALL {
            prop_assert_eq!(book.totals(*reason), list.totals(*reason));
        }
        prop_assert!(book.all_totals().all(|(reason, totals)| totals == list.totals(reason) && totals.stays > 0));
    }
}

#[test]
fn parcels_that_come_and_go_within_the_capacity_allocate_nothing() {
    let mut book = HoldBook::with_capacity(100);
    let allocations = allocation_counter::measure(|| {
        for number in 0..10_000_u32 {
            let at = Micros::new(u64::from(number));
            book.add(ParcelId::new(number), ChuteId::new(98), at, Reason::Hold);
            if let Some(gone) = number.checked_sub(99) {
                book.take(ParcelId::new(gone), at);
            }
        }
    });
    assert_eq!((allocations.count_total, book.len()), (0, 99));
    assert_eq!(book.totals(Reason::Hold).longest, Micros::new(99));
}
