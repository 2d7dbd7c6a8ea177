//! The book against a slow model: a plain list that is searched from end to end for every question.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::barcode::make;
use crate::ids::ConnectionId;

const CHUTES: u16 = 3;
const PLATES: usize = 16;
/// Three on each of two lanes.
const DEPARTURES: usize = 6;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Arrive(u16),
    Open { chute: u16, plate: usize, outbound: bool, lane: Option<u16>, departure: Option<usize> },
    Rebind(usize, usize),
    Fill(usize),
    FillUp(usize),
    Close(usize),
    Seal(usize, u32),
    Empty(usize),
    Load { container: usize, departure: usize, most: Option<u32> },
    Depart(usize, Option<usize>),
    Retime(usize, u64),
}

/// A container as the model sees it.
#[derive(Clone, Debug)]
struct Plain {
    chute: u16,
    plate: Option<usize>,
    outbound: bool,
    lane: Option<u16>,
    departure: Option<usize>,
    state: ContainerState,
    empty: bool,
    count: u32,
    gone: bool,
}

struct Model {
    list: Vec<Plain>,
    departures: Vec<Departure>,
    left: [bool; DEPARTURES],
    left_behind: u64,
}

fn departure(index: usize) -> Departure {
    let cut_off = 100 + 100 * (index as u64 % 3);
    Departure {
        id: DepartureId::new(index as u32 * 10),
        connection: ConnectionId::new(index as u16),
        lane: lane(index as u16 / 3),
        opens: Micros::ZERO,
        closing: Micros::new(cut_off - 20),
        cut_off: Micros::new(cut_off),
        departs: Micros::new(cut_off + 40),
    }
}

fn lane(index: u16) -> LaneId {
    LaneId::new(index)
}

fn plate(index: usize) -> LicencePlate {
    LicencePlate::parse(&make::sscc(3, index as u64)).unwrap()
}

impl Model {
    fn new() -> Self {
        let departures = (0..DEPARTURES).map(departure).collect();
        Self { list: Vec::new(), departures, left: [false; DEPARTURES], left_behind: 0 }
    }

    /// Does what the operation says, if it is allowed, and tells whether it is.
    fn apply(&mut self, operation: Operation, at: u64) -> bool {
        if self.allowed(operation, at) != Some(true) {
            return false;
        }
        match operation {
            Operation::Arrive(chute) => self.list.push(Plain {
                chute,
                plate: None,
                outbound: false,
                lane: None,
                departure: None,
                state: ContainerState::Arrived,
                empty: true,
                count: 0,
                gone: false,
            }),
            Operation::Open { chute, plate, outbound, lane, departure } => {
                let lane = lane.or(departure.map(|departure| departure as u16 / 3));
                let it = self.list.iter_mut().find(|it| it.chute == chute && it.state.at_chute()).unwrap();
                *it = Plain { plate: Some(plate), outbound, lane, departure, ..it.clone() };
                it.state = ContainerState::Open;
            }
            Operation::Rebind(id, departure) => {
                let it = &mut self.list[id];
                it.departure = Some(departure);
                it.lane = Some(departure as u16 / 3);
                if it.empty && it.state == ContainerState::Closed {
                    it.state = ContainerState::Open;
                }
            }
            Operation::Fill(id) | Operation::FillUp(id) => {
                let it = &mut self.list[id];
                it.empty = false;
                it.state = match (it.state, operation) {
                    (ContainerState::Closed, _) => ContainerState::Closed,
                    (ContainerState::Full, _) | (_, Operation::FillUp(_)) => ContainerState::Full,
                    _ => ContainerState::Filling,
                };
            }
            Operation::Close(id) => self.list[id].state = ContainerState::Closed,
            Operation::Seal(id, count) => {
                let it = &mut self.list[id];
                (it.state, it.count, it.empty) = (ContainerState::Swapped, count, count == 0);
            }
            Operation::Empty(id) => {
                (self.list[id].gone, self.list[id].departure) = (true, None);
            }
            Operation::Load { container, .. } => self.list[container].state = ContainerState::Loaded,
            Operation::Depart(departure, next) => {
                self.left[departure] = true;
                for it in self.list.iter_mut().filter(|it| it.departure == Some(departure)) {
                    if it.state == ContainerState::Loaded {
                        it.gone = true;
                    } else {
                        self.left_behind += u64::from(it.state == ContainerState::Swapped);
                        it.departure = next;
                    }
                }
            }
            Operation::Retime(departure, by) => {
                let it = &mut self.departures[departure];
                it.departs = Micros::new(it.departs.get() + by);
            }
        }
        true
    }

    /// `None` when the container is not there.
    fn allowed(&self, operation: Operation, at: u64) -> Option<bool> {
        use ContainerState::{Arrived, Closed, Loaded, Open, Swapped};
        let gone = |departure: usize| self.left[departure] || self.departures[departure].departs.get() <= at;
        let closed = |departure: usize| self.departures[departure].cut_off.get() <= at;
        let at_chute = |chute: u16| self.list.iter().find(|it| it.chute == chute && it.state.at_chute());
        Some(match operation {
            Operation::Arrive(chute) => at_chute(chute).is_none(),
            Operation::Open { chute, plate, outbound, lane, departure } => {
                let bound = departure.is_none_or(|departure| {
                    let fits = lane.is_none_or(|lane| lane == departure as u16 / 3);
                    outbound && fits && !closed(departure) && !gone(departure)
                });
                let taken = self.list.iter().any(|it| it.plate == Some(plate) && !it.gone);
                at_chute(chute)?.state == Arrived && !taken && bound
            }
            Operation::Rebind(id, departure) => {
                let it = self.list.get(id)?;
                let reopened = it.empty && matches!(it.state, Open | Closed);
                let lost = it.departure.is_none() && it.plate.is_some() && !it.gone;
                let late = closed(departure) && (reopened || it.state.takes_orders());
                let fits = it.outbound && it.lane.is_none_or(|lane| lane == departure as u16 / 3);
                (reopened || lost) && fits && !late && !gone(departure)
            }
            Operation::Fill(id) | Operation::FillUp(id) | Operation::Close(id) => {
                !matches!(self.list.get(id)?.state, Arrived | Swapped | Loaded)
            }
            Operation::Seal(id, _) => self.list.get(id)?.state.at_chute(),
            Operation::Empty(id) => {
                let it = self.list.get(id)?;
                it.state == Swapped && !it.gone
            }
            Operation::Load { container, departure, most } => {
                let it = self.list.get(container)?;
                let room = most.is_none_or(|most| self.loaded(departure) + it.count <= most);
                it.state == Swapped && !it.gone && it.departure == Some(departure) && !gone(departure) && room
            }
            Operation::Depart(departure, next) => {
                let fits =
                    next.is_none_or(|next| next / 3 == departure / 3 && next != departure && !gone(next));
                !self.left[departure] && self.departures[departure].departs.get() <= at && fits
            }
            Operation::Retime(departure, _) => !self.left[departure],
        })
    }

    fn loaded(&self, departure: usize) -> u32 {
        let on = |it: &&Plain| it.departure == Some(departure) && it.state == ContainerState::Loaded;
        self.list.iter().filter(on).map(|it| it.count).sum()
    }

    /// The book has exactly what the list has, and no container is in two places.
    fn agrees_with(&self, yard: &Yard) {
        assert_eq!(yard.iter().count(), self.list.len());
        for (record, it) in yard.iter().zip(&self.list) {
            assert_eq!((record.state, record.empty, record.count), (it.state, it.empty, it.count));
            assert_eq!((record.plate, record.lane), (it.plate.map(plate), it.lane.map(lane)));
            assert_eq!(record.departure, it.departure.map(|departure| self.departures[departure]));
            let place = match (it.gone, it.state) {
                (true, _) => Place::Gone { departure: record.departure_id() },
                (_, ContainerState::Swapped) => Place::InYard,
                (_, ContainerState::Loaded) => Place::OnVehicle { departure: record.departure_id().unwrap() },
                _ => Place::AtChute { sorter: SorterId::new(0), chute: ChuteId::new(it.chute) },
            };
            assert_eq!(record.place(), place);
        }
        for chute in 0..CHUTES {
            let there: Vec<_> = (0..self.list.len())
                .filter(|id| self.list[*id].chute == chute && self.list[*id].state.at_chute())
                .collect();
            let standing = yard.standing(SorterId::new(0), ChuteId::new(chute));
            assert_eq!(standing.map(|record| record.id.index()).into_iter().collect::<Vec<_>>(), there);
        }
        assert_eq!(yard.all_standing().count(), self.list.iter().filter(|it| it.state.at_chute()).count());
        for index in 0..PLATES {
            let live = yard.iter().filter(|it| it.plate == Some(plate(index)) && it.left.is_none());
            let live: Vec<_> = live.map(|it| it.id).collect();
            assert!(live.len() <= 1, "{live:?} have one plate");
            let latest = self.list.iter().rposition(|it| it.plate == Some(index));
            let found = yard.by_plate(&plate(index)).map(|it| it.id);
            assert_eq!(found.is_some(), latest.is_some());
            assert!(live.is_empty() || found == live.first().copied());
        }
        for index in 0..DEPARTURES {
            let bound = self.list.iter().enumerate().filter(|(_, it)| it.departure == Some(index));
            let found: Vec<_> = yard.of_departure(departure(index).id).map(|it| it.id.index()).collect();
            assert_eq!(found, bound.map(|(id, _)| id).collect::<Vec<_>>());
            let pieces = self.loaded(index);
            assert_eq!(yard.loaded_on(departure(index).id), (pieces, Grams::new(pieces * 100)));
        }
    }
}

/// Gives the operation to the book. Tells whether it was taken, and what left.
fn perform(yard: &mut Yard, model: &Model, operation: Operation, at: u64) -> (bool, Option<DepartureReport>) {
    let (sorter, at) = (SorterId::new(0), Micros::new(at));
    let id = |index: usize| ContainerId::new(index as u32);
    let departure = |index: usize| model.departures[index];
    let taken = match operation {
        Operation::Arrive(chute) => {
            yard.arrive(sorter, ChuteId::new(chute), ContainerKind::RollCage, at).is_ok()
        }
        Operation::Open { chute, plate: index, outbound, lane: to, departure: with } => {
            let (lane, departure) = (to.map(lane), with.map(departure));
            let binding = Binding { outbound, lane, departure, ..Binding::default() };
            yard.open(sorter, ChuteId::new(chute), plate(index), binding, at).is_ok()
        }
        Operation::Rebind(index, with) => yard.rebind(id(index), departure(with), at).is_ok(),
        Operation::Fill(index) => yard.fill(id(index)).is_ok(),
        Operation::FillUp(index) => yard.fill_up(id(index)).is_ok(),
        Operation::Close(index) => yard.close(id(index)).is_ok(),
        Operation::Seal(index, count) => yard.seal(id(index), count, Grams::new(count * 100), 7, at).is_ok(),
        Operation::Empty(index) => yard.empty(id(index), at).is_ok(),
        Operation::Load { container, departure: with, most } => {
            let capacity = most.map(|most| (most, Grams::new(u32::MAX)));
            yard.load(id(container), departure(with).id, capacity, at).is_ok()
        }
        Operation::Depart(with, next) => {
            let report = yard.depart(&departure(with), next.map(departure), at).ok();
            return (report.is_some(), report);
        }
        Operation::Retime(with, by) => {
            let before = departure(with);
            yard.retime(&Departure { departs: Micros::new(before.departs.get() + by), ..before });
            yard.departed(before.id).is_none()
        }
    };
    (taken, None)
}

/// Points an operation at a container that exists, and most loads at the departure that it is bound to.
fn aimed(operation: Operation, model: &Model, by_chance: bool) -> Operation {
    let latest = |index: usize| model.list.len().checked_sub(1 + index).unwrap_or(index);
    match operation {
        Operation::Rebind(index, departure) => Operation::Rebind(latest(index), departure),
        Operation::Fill(index) => Operation::Fill(latest(index)),
        Operation::FillUp(index) => Operation::FillUp(latest(index)),
        Operation::Close(index) => Operation::Close(latest(index)),
        Operation::Seal(index, count) => Operation::Seal(latest(index), count),
        Operation::Empty(index) => Operation::Empty(latest(index)),
        Operation::Load { container, departure, most } => {
            let container = latest(container);
            let bound = model.list.get(container).and_then(|it| it.departure).filter(|_| !by_chance);
            Operation::Load { container, departure: bound.unwrap_or(departure), most }
        }
        operation => operation,
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    let container = || 0_usize..8;
    let with = || 0_usize..DEPARTURES;
    let some = proptest::option::weighted::<std::ops::Range<usize>>;
    prop_oneof![
        4 => (0..CHUTES).prop_map(Operation::Arrive),
        14 => (0..CHUTES, 0..PLATES, prop::bool::weighted(0.9), proptest::option::weighted(0.3, 0_u16..2), some(0.8, with()))
            .prop_map(|(chute, plate, outbound, lane, departure)| Operation::Open {
                chute, plate, outbound, lane, departure,
            }),
        2 => (container(), with()).prop_map(|(id, departure)| Operation::Rebind(id, departure)),
        3 => container().prop_map(Operation::Fill),
        1 => container().prop_map(Operation::FillUp),
        2 => container().prop_map(Operation::Close),
        4 => (container(), 0_u32..9).prop_map(|(id, count)| Operation::Seal(id, count)),
        1 => container().prop_map(Operation::Empty),
        9 => (container(), with(), proptest::option::weighted(0.3, 0_u32..12))
            .prop_map(|(container, departure, most)| Operation::Load { container, departure, most }),
        6 => (with(), some(0.7, with())).prop_map(|(departure, next)| Operation::Depart(departure, next)),
        1 => (with(), 0_u64..30).prop_map(|(departure, by)| Operation::Retime(departure, by)),
    ]
}

proptest! {
    #[test]
    fn any_order_of_operations_leaves_the_book_as_the_model_has_it(
        steps in vec((operations(), 0_u64..3, prop::bool::weighted(0.2)), 0..400),
    ) {
        let (mut yard, mut model, mut at) = (Yard::new(), Model::new(), 0);
        let mut reports = Vec::new();
        for (operation, pause, by_chance) in steps {
            at += pause;
            let operation = aimed(operation, &model, by_chance);
            let before = yard.counters();
            let (taken, report) = perform(&mut yard, &model, operation, at);
            reports.extend(report);
            prop_assert_eq!(taken, model.apply(operation, at), "{:?} at {}", operation, at);
            model.agrees_with(&yard);
            if !taken {
                prop_assert_eq!(before, yard.counters());
            }
        }
        let gone = |it: &&ContainerRecord| it.left.is_some() && it.departure.is_some();
        let sum: u32 = yard.iter().filter(gone).map(|it| it.count).sum();
        prop_assert_eq!(reports.iter().map(|report| report.pieces).sum::<u32>(), sum);
        let loaded: usize = reports.iter().map(|report| report.loaded.len()).sum();
        prop_assert_eq!(loaded as u64, yard.counters().departed);
        prop_assert_eq!(loaded, yard.iter().filter(gone).count());
        prop_assert_eq!(model.left_behind, yard.counters().left_behind);
    }
}
