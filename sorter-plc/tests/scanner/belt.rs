//! A belt with parcels, a tunnel that triggers and reads with every fault that is known of tunnels, and the
//! truth about who carried which code. It shares nothing with the binder but the values at the border.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sorter_core::ids::{EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Millimetres, Pulses};
use sorter_plc::contract::{Event, EventRecord, ScanData, ScanRecord, Seq, Status};
use sorter_plc::scanner::{Binder, BinderConfig, Latch, ReadCode, Telegram, TelegramFormat, TriggerNumber};

/// Where the tunnel of the standard line is.
const TUNNEL: i64 = 3_000;
const PULSE: i64 = 10;
/// The encoder at travel 0: it wraps while the first parcels pass.
const ZERO: u32 = u32::MAX - 700;

/// What goes wrong at one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    /// The trigger does not see its edge: what is read comes with the trigger before.
    LostTrigger,
    /// The scanner triggers and nothing is sent.
    LostTelegram,
    /// It lies askew, and the trigger sees two edges.
    Askew,
    /// Somebody triggers in the gap behind it, holding a code into the tunnel or not.
    Foreign {
        code: bool,
    },
    /// The telegram comes this much of belt travel later than it should.
    Late(i64),
    /// The telegram comes twice.
    Twice,
    /// The induction does not see the parcel.
    NotInducted,
}

#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Free belt in front of it.
    pub(super) gap: i64,
    pub(super) length: i64,
    /// How far it slipped between induction and tunnel.
    pub(super) slip: i64,
    /// Places of its labels, in per mille of its length.
    pub(super) labels: Vec<i64>,
    /// Error of the positions that the tunnel gives.
    pub(super) error: i64,
    /// Belt travel from its trailing edge until its telegram comes.
    pub(super) delay: i64,
    pub(super) fault: Fault,
}

pub(super) fn parcels(
    gap: std::ops::Range<i64>,
    faults: impl Strategy<Value = Fault> + Clone + 'static,
) -> impl Strategy<Value = Vec<Parcel>> {
    let labels = prop::collection::vec(0..=1_000_i64, 0..3);
    let parcel = (gap, 300..1_200_i64, -15..=15_i64, labels, -10..=10_i64, 60..280_i64, faults);
    let parcel = parcel.prop_map(|(gap, length, slip, labels, error, delay, fault)| Parcel {
        gap,
        length: length / PULSE * PULSE,
        slip,
        labels,
        error,
        delay,
        fault,
    });
    prop::collection::vec(parcel, 1..40).prop_map(pushed)
}

/// No parcel slips through the one in front of it: it touches it, and is pushed along.
fn pushed(mut parcels: Vec<Parcel>) -> Vec<Parcel> {
    let mut ahead = None;
    for parcel in &mut parcels {
        if let Some(slip) = ahead {
            parcel.slip = parcel.slip.max(slip - parcel.gap);
        }
        ahead = Some(parcel.slip);
    }
    parcels
}

/// One telegram with the belt travel at which the host has it.
struct Sent {
    at: i64,
    telegram: Telegram,
}

/// A label as the tunnel sees it.
#[derive(Clone)]
struct Label {
    text: String,
    place: i64,
    owner: Option<u16>,
    error: i64,
}

pub(super) struct Belt {
    parcels: Vec<Parcel>,
    /// The tracked leading edge of each, at the tunnel.
    edges: Vec<i64>,
    positions: bool,
}

/// What became of a belt.
pub(super) struct Outcome {
    /// The codes of each item that was handed over; an empty list is a no-read.
    pub(super) read: BTreeMap<u16, Vec<String>>,
    /// Every label that came in time with a telegram of its own, tracked parcel, which no other parcel is
    /// anywhere near.
    pub(super) clear: Vec<(u16, String)>,
}

fn count(place: i64) -> EncoderCount {
    let pulses = (2 * place + PULSE).div_euclid(2 * PULSE);
    EncoderCount::new(ZERO).advanced_by(Pulses::new(i32::try_from(pulses).unwrap()))
}

fn number(index: usize) -> u16 {
    u16::try_from(index + 1).unwrap()
}

impl Belt {
    pub(super) fn new(mut parcels: Vec<Parcel>, positions: bool) -> Self {
        let mut place = TUNNEL;
        let mut edges = Vec::new();
        for index in 0..parcels.len() {
            // What nobody tracks cannot be told from its neighbour when it is as near as the window reaches.
            let untracked = |at: usize| parcels.get(at).is_some_and(|p| p.fault == Fault::NotInducted);
            let foreign = index > 0 && matches!(parcels[index - 1].fault, Fault::Foreign { .. });
            let apart = untracked(index) || (index > 0 && untracked(index - 1));
            let least = if foreign {
                800
            } else if apart {
                300
            } else {
                0
            };
            parcels[index].gap = parcels[index].gap.max(least);
            place += parcels[index].gap;
            edges.push(place / PULSE * PULSE);
            place += parcels[index].length;
        }
        Self { parcels, edges, positions }
    }

    fn true_edge(&self, index: usize) -> i64 {
        self.edges[index] + self.parcels[index].slip
    }

    fn true_end(&self, index: usize) -> i64 {
        self.true_edge(index) + self.parcels[index].length
    }

    fn labels(&self) -> Vec<Label> {
        let mut labels = Vec::new();
        for (index, parcel) in self.parcels.iter().enumerate() {
            for (n, share) in parcel.labels.iter().enumerate() {
                let place = self.true_edge(index) + share * parcel.length / 1_000;
                let owner = (parcel.fault != Fault::NotInducted).then(|| number(index));
                labels.push(Label {
                    text: format!("P{}.{n}", number(index)),
                    place,
                    owner,
                    error: parcel.error,
                });
            }
            if parcel.fault == (Fault::Foreign { code: true }) {
                let place = self.true_end(index) + 400;
                labels.push(Label { text: format!("F{index}"), place, owner: None, error: 0 });
            }
        }
        labels.sort_by_key(|label| label.place);
        labels
    }

    /// The edges that the trigger sees: place, parcel, and whether it is the parcel's own leading edge.
    fn triggers(&self) -> Vec<(i64, usize)> {
        let mut triggers = Vec::new();
        for (index, parcel) in self.parcels.iter().enumerate() {
            let touches = index > 0 && self.true_edge(index) - self.true_end(index - 1) < 30;
            if parcel.fault != Fault::LostTrigger && !(touches && self.positions) {
                triggers.push((self.true_edge(index), index));
            }
            if parcel.fault == Fault::Askew {
                triggers.push((self.true_edge(index) + parcel.length / 2, index));
            }
            if matches!(parcel.fault, Fault::Foreign { .. }) {
                triggers.push((self.true_end(index) + 400, index));
            }
        }
        triggers
    }

    fn sent(&self) -> (Vec<Sent>, Vec<(u16, String)>) {
        let (labels, triggers) = (self.labels(), self.triggers());
        let (mut sent, mut clear) = (Vec::new(), Vec::new());
        for (n, (place, index)) in triggers.iter().copied().enumerate() {
            let parcel = &self.parcels[index];
            let until = triggers.get(n + 1).map_or(i64::MAX, |(next, _)| *next);
            let latch = self.positions.then(|| Latch::Encoder(count(place)));
            let trigger = TriggerNumber::new(u32::try_from(n).unwrap());
            let mut telegram = Telegram::new(trigger, latch);
            // The reading field begins a little in front of the trigger.
            let field = if self.positions { place - 60 } else { place };
            let own = place < self.true_end(index);
            let late = if let Fault::Late(late) = parcel.fault { late } else { 0 };
            let end = if own { self.true_end(index) } else { place + 100 };
            let mut at = end.max(place) + parcel.delay + late;
            if self.positions && parcel.labels.len() != 1 {
                // Most scanners wait for what they read; others tell of places that the belt has yet to reach.
                let read = labels.iter().filter(|label| field <= label.place && label.place < until);
                at = read.map(|label| label.place + 1).fold(at, i64::max);
            }
            for label in labels.iter().filter(|label| field <= label.place && label.place < until) {
                // Without positions, a gate that the parcel opens closes behind it.
                if !self.positions && own && label.place > self.true_end(index) {
                    continue;
                }
                let position = i32::try_from(label.place - place + label.error).unwrap();
                let position = self.positions.then_some(Millimetres::new(position));
                let code = ReadCode::new(label.text.as_bytes(), position).unwrap();
                let taken = telegram.push(code).is_ok();
                let in_time = at <= end + 280 && parcel.fault != Fault::LostTelegram;
                let owner = label.owner.filter(|owner| taken && own && *owner == number(index));
                if let Some(owner) = owner.filter(|_| in_time && self.is_alone(label.place, index)) {
                    clear.push((owner, label.text.clone()));
                }
            }
            if parcel.fault == Fault::LostTelegram {
                continue;
            }
            sent.push(Sent { at, telegram });
            if parcel.fault == Fault::Twice {
                sent.push(Sent { at: at + 7, telegram });
            }
        }
        sent.sort_by_key(|sent| sent.at);
        (sent, clear)
    }

    /// Whether no other parcel is anywhere near a place.
    fn is_alone(&self, place: i64, index: usize) -> bool {
        let near = |other: usize| self.true_edge(other) - 150 <= place && place <= self.true_end(other) + 150;
        (0..self.parcels.len()).all(|other| other == index || !near(other))
    }

    /// Lets the belt run past the tunnel, in cycles of 25 mm.
    pub(super) fn run(&self, config: BinderConfig) -> Outcome {
        let pattern = if self.positions { "trigger;encoder;codes@" } else { "trigger;codes" };
        let format = TelegramFormat::new(pattern).unwrap();
        let mut binder = Binder::new(config, &format, &Layout::line_100()).unwrap();
        let (sent, clear) = self.sent();
        let (mut sent, mut inducted) = (sent.into_iter().peekable(), 0);
        let mut records: Vec<ScanRecord> = Vec::new();
        let last = self.true_end(self.parcels.len() - 1) + 12_000;
        for travel in (0..last).step_by(25) {
            let mut events = Vec::new();
            while inducted < self.edges.len() && self.edges[inducted] - TUNNEL <= travel {
                let parcel = &self.parcels[inducted];
                let length = Pulses::new(i32::try_from(parcel.length / PULSE).unwrap());
                if parcel.fault != Fault::NotInducted {
                    events.push(EventRecord {
                        seq: Seq::NONE,
                        item: ItemId::new(number(inducted)),
                        encoder: count(self.edges[inducted] - TUNNEL),
                        event: Event::Inducted { eye: EyeId::new(0), length },
                    });
                }
                inducted += 1;
            }
            binder.observe(&Status { encoder: count(travel), ..Status::default() }, &events);
            while let Some(sent) = sent.next_if(|sent| sent.at <= travel) {
                assert!(binder.has_room());
                binder.take(&sent.telegram);
            }
            binder.drained();
            binder.bind(&mut records);
        }
        Outcome { read: gather(&records), clear }
    }
}

/// One set of records for each item, in order and complete.
fn gather(records: &[ScanRecord]) -> BTreeMap<u16, Vec<String>> {
    let mut read: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    let mut seen: BTreeMap<u16, (u8, u8)> = BTreeMap::new();
    let mut seq = Seq::NONE;
    for record in records {
        assert_eq!(record.seq, seq.next());
        seq = record.seq;
        let item = record.item.get();
        let (next, count) = seen.entry(item).or_insert((0, record.count));
        assert_eq!((record.index, record.count), (*next, *count), "item {item} has one whole set");
        *next += 1;
        let codes = read.entry(item).or_default();
        if let ScanData::Code(code) = record.data {
            codes.push(String::from_utf8(code.as_slice().to_vec()).unwrap());
        }
    }
    assert!(seen.values().all(|(next, count)| next == count));
    read
}
