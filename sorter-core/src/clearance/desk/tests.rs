//! The desk against a naive model, and its limits.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ids::ConnectionId;

const PARCELS: u32 = 4;
/// Codes of each parcel.
const CODES: u32 = 2;
const PLENTY: DeskLimits = DeskLimits { parcels: PARCELS as usize, kept: 100, history: 1_000, recalls: 10 };

fn code(parcel: u32, code: u32) -> CodeKey {
    CodeKey::pack(format!("P{parcel}C{code}").as_bytes()).unwrap()
}

fn codes(parcel: u32) -> Vec<CodeKey> {
    (0..CODES).map(|number| code(parcel, number)).collect()
}

fn ruling(at: u64, status: Clearance) -> Ruling {
    Ruling { at: Micros::new(at), status, onward: None }
}

fn any_ruling() -> impl Strategy<Value = Ruling> {
    let onward = prop::option::of((0_u16..3).prop_map(ConnectionId::new));
    (0_u64..12, prop::sample::select(Clearance::ALL.to_vec()), onward)
        .prop_map(|(at, status, onward)| Ruling { at: Micros::new(at), status, onward })
}

/// What happens at the desk.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A notice under one of the codes of a parcel.
    Notice(u32, u32, Ruling),
    Announce(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..PARCELS, 0..CODES, any_ruling()).prop_map(|(parcel, code, it)| Event::Notice(parcel, code, it)),
        1 => (0..PARCELS).prop_map(Event::Announce),
    ]
}

/// A desk with the part of the engine that knows which parcels are announced.
struct Hub {
    desk: CustomsDesk,
    announced: [bool; PARCELS as usize],
    /// What was applied to each parcel, in order.
    applied: BTreeMap<u32, Vec<Ruling>>,
}

impl Hub {
    fn new(limits: DeskLimits) -> Self {
        Self {
            desk: CustomsDesk::new(limits, 1),
            announced: [false; PARCELS as usize],
            applied: BTreeMap::new(),
        }
    }

    fn step(&mut self, event: Event) -> Result<Accepted, NoticeRefusal> {
        match event {
            Event::Notice(parcel, _, ruling) if self.announced[parcel as usize] => {
                let accepted = self.desk.accept(ParcelId::new(parcel), ruling);
                if let Ok(Accepted::Applied(ruling)) = accepted {
                    self.applied.entry(parcel).or_default().push(ruling);
                }
                accepted
            }
            Event::Notice(parcel, number, ruling) => self.desk.keep(code(parcel, number), ruling),
            Event::Announce(parcel) => {
                self.announced[parcel as usize] = true;
                let found = self.desk.announced(ParcelId::new(parcel), &codes(parcel));
                if let Some(ruling) = found {
                    self.applied.entry(parcel).or_default().push(ruling);
                }
                Ok(Accepted::Repeat)
            }
        }
    }
}

/// The ruling that should be in force: the newest, of several of that time the strictest, and its onward
/// connection when all of those name the same.
fn newest(events: &[Event], of: u32) -> Option<Ruling> {
    let rulings: Vec<Ruling> = events
        .iter()
        .filter_map(|event| match event {
            Event::Notice(parcel, _, ruling) if *parcel == of => Some(*ruling),
            _ => None,
        })
        .collect();
    let at = rulings.iter().map(|ruling| ruling.at).max()?;
    let of_that_time = rulings.iter().filter(|ruling| ruling.at == at);
    let status = of_that_time.clone().map(|ruling| ruling.status).max_by_key(|it| it.strictness())?;
    let mut onward = of_that_time.filter(|ruling| ruling.status == status).map(|ruling| ruling.onward);
    let first = onward.next()?;
    Some(Ruling { at, status, onward: if onward.all(|other| other == first) { first } else { None } })
}

proptest! {
    #[test]
    fn in_any_order_of_notices_and_announcements_the_newest_notice_is_in_force(
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut hub = Hub::new(PLENTY);
        for (number, event) in events.iter().enumerate() {
            let before = if let Event::Notice(parcel, ..) = event { newest(&events[..number], *parcel) } else { None };
            let answer = hub.step(*event);
            if let (Event::Notice(parcel, _, ruling), Ok(accepted)) = (event, &answer)
                && hub.announced[*parcel as usize]
            {
                let after = newest(&events[..=number], *parcel).unwrap();
                let expected = match before {
                    Some(present) if present == *ruling => Accepted::Repeat,
                    Some(present) if present == after => Accepted::Outweighed,
                    _ => Accepted::Applied(after),
                };
                prop_assert_eq!(accepted, &expected);
            }
            if let (Event::Notice(_, _, ruling), Err(refusal)) = (event, answer) {
                let present = before.map(|present| present.at);
                prop_assert!(present > Some(ruling.at), "{} with {:?} in force", refusal, present);
            }
        }
        (0..PARCELS).for_each(|parcel| { hub.step(Event::Announce(parcel)).unwrap(); });
        for parcel in 0..PARCELS {
            let id = ParcelId::new(parcel);
            prop_assert_eq!(hub.desk.in_force(id), newest(&events, parcel));
            let told: Vec<Ruling> = hub.desk.history(id).collect();
            prop_assert_eq!(&told, &hub.applied.remove(&parcel).unwrap_or_default());
            prop_assert!(told.is_sorted_by_key(|ruling| (ruling.at, ruling.status.strictness())));
        }
        prop_assert_eq!(hub.desk.kept(), 0);
        let notices = events.iter().filter(|event| matches!(event, Event::Notice(..))).count() as u64;
        let counts = hub.desk.counts();
        let adopted = counts.applied + counts.repeated + counts.outweighed + counts.kept + counts.older;
        prop_assert!((notices..=notices + u64::from(PARCELS)).contains(&adopted), "{:?}", counts);
    }

    #[test]
    fn a_history_without_room_keeps_what_is_in_force_and_counts_the_rest(
        events in prop::collection::vec(event(), 0..60),
        room in 0_usize..8,
    ) {
        let mut hub = Hub::new(DeskLimits { history: room, ..PLENTY });
        for event in &events {
            let _ = hub.step(*event);
        }
        let mut missing = 0;
        let mut kept = 0;
        for (parcel, applied) in &hub.applied {
            let told: Vec<Ruling> = hub.desk.history(ParcelId::new(*parcel)).collect();
            prop_assert_eq!(told.last(), applied.last());
            let mut rest = applied.iter();
            prop_assert!(told.iter().all(|ruling| rest.any(|other| other == ruling)), "a part in order");
            missing += applied.len() - told.len();
            kept += told.len() - 1;
        }
        prop_assert_eq!(hub.desk.dropped(), missing as u64);
        prop_assert!(kept <= room && (missing == 0 || kept == room));
    }
}

#[test]
fn equal_times_let_the_stricter_ruling_win() {
    let mut desk = CustomsDesk::new(PLENTY, 1);
    let parcel = ParcelId::new(0);
    let (release, hold) = (ruling(5, Clearance::Released), ruling(5, Clearance::HoldDocument));
    assert_eq!(desk.accept(parcel, release), Ok(Accepted::Applied(release)));
    assert_eq!(desk.accept(parcel, release), Ok(Accepted::Repeat));
    assert_eq!(desk.accept(parcel, hold), Ok(Accepted::Applied(hold)));
    assert_eq!(desk.accept(parcel, release), Ok(Accepted::Outweighed));
    assert_eq!(desk.status(parcel), Some(Clearance::HoldDocument));
    assert_eq!(desk.status(ParcelId::new(1)), None);
}

#[test]
fn a_full_desk_refuses_new_codes_and_still_takes_news_of_those_it_has() {
    let mut desk = CustomsDesk::new(DeskLimits { kept: 1, ..PLENTY }, 1);
    assert_eq!(desk.keep(code(0, 0), ruling(1, Clearance::Released)), Ok(Accepted::Kept));
    let refusal = desk.keep(code(1, 0), ruling(1, Clearance::Released)).unwrap_err();
    assert_eq!(refusal.to_string(), "customs desk has no room for more codes without parcel (limit 1)");
    assert_eq!(desk.keep(code(0, 0), ruling(2, Clearance::Seized)), Ok(Accepted::Kept));
    assert_eq!(desk.forget_kept(Micros::new(2)), 0);
    assert_eq!(desk.forget_kept(Micros::new(3)), 1);
    assert_eq!(desk.keep(code(1, 0), ruling(1, Clearance::Released)), Ok(Accepted::Kept));
    let counts = desk.counts();
    assert_eq!((counts.kept, counts.full, counts.forgotten, desk.kept()), (3, 1, 1, 1));
}

#[test]
fn a_parcel_beyond_the_limit_is_refused() {
    let mut desk = CustomsDesk::new(PLENTY, 1);
    let refusal = desk.accept(ParcelId::new(u32::MAX), ruling(1, Clearance::Released)).unwrap_err();
    assert_eq!(refusal.to_string(), "customs desk has no room for more parcels (limit 4)");
    assert_eq!(desk.in_force(ParcelId::new(u32::MAX)), None);
    assert_eq!(desk.history(ParcelId::new(u32::MAX)).count(), 0);
}

#[test]
fn the_last_connection_number_is_kept_as_well() {
    let mut desk = CustomsDesk::new(PLENTY, 1);
    for onward in [ConnectionId::new(u16::MAX), ConnectionId::new(0)] {
        let transit = Ruling { onward: Some(onward), ..ruling(u64::from(!onward.get()), Clearance::Transit) };
        assert_eq!(desk.accept(ParcelId::new(0), transit), Ok(Accepted::Applied(transit)));
        assert_eq!(desk.in_force(ParcelId::new(0)), Some(transit));
    }
}
