//! Arbitrary records, sensible or not: what must hold for every PLC that the contract can describe.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sorter_core::balance::Balance;
use sorter_core::barcode::CodeBook;
use sorter_core::clearance::Clearance;
use sorter_core::ids::{ChuteId, DiverterId, EyeId};
use sorter_core::journal::{self, Body, LateSyncs, RecordKind, SimulatedDisk};
use sorter_core::units::{EncoderCount, Micros, MmPerSecond, Pulses, Share};
use sorter_plc::contract::{
    BeltEntry, CodeBytes, Ending, Event, ORDER_SLOTS, OrderOp, Refusal, ScanData, Seq, StateBits,
};
use sorter_plc::controller::Counters;

use super::plc::*;

/// Something that happens between two polls, or a poll.
#[derive(Clone, Debug)]
enum Op {
    Induct(u16),
    TurnUp(u16, u8),
    Discharge(u16, u16),
    Miss(u16, u16),
    Leave(u16),
    Lose(u16),
    /// About the order that was sent so many before the last one.
    Refuse(u16, Refusal, usize),
    End(u16, Ending, usize),
    /// About the item of an order that was sent, so that it fits.
    RefuseLast(Refusal, usize),
    EndLast(Ending, usize),
    DischargeLast(usize),
    MissLast(usize),
    Scan(u16, u8, u8, ScanData),
    Read(u16, u32),
    Chute(u16, u8),
    Customs(u32, Clearance),
    Travel(u32),
    Ack(u16),
    NonsenseAck(u16),
    State(u16),
    Machine(u32, u32, i32),
    /// The end of an order that was taken in an earlier session.
    RefuseOld(u16, Refusal),
    EndOld(u16, Ending),
    /// The event at which the next image stands, counted from the last one.
    Stand(u16),
    Session(bool),
    Restart,
    /// A belt with some of the known items, by the bits of a mask, and with others.
    Resync(u64, Vec<Entry>),
    Poll,
    /// So many milliseconds pass, in which a journal may write.
    Pass(u64),
}

/// An entry of a BELT snapshot: of a known item where there is one with this number and the count is not off.
#[derive(Clone, Debug)]
struct Entry {
    number: u16,
    off: bool,
    ordered: Option<u16>,
    fired: bool,
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop::sample::select(vec![
        Refusal::Late,
        Refusal::UnknownItem,
        Refusal::NoSuchChute,
        Refusal::TableFull,
        Refusal::ChuteNotAvailable,
        Refusal::NotRunning,
        Refusal::AlreadyFired,
    ])
}

fn ending() -> impl Strategy<Value = Ending> {
    prop::sample::select(vec![
        Ending::Replaced,
        Ending::Cancelled,
        Ending::ChuteNotAvailable,
        Ending::ItemGone,
        Ending::BeltStopped,
    ])
}

fn bytes() -> impl Strategy<Value = CodeBytes> {
    prop_oneof![
        (1_u32..40).prop_map(|parcel| CodeBytes::new(&code(parcel)).unwrap()),
        prop::collection::vec(any::<u8>(), 0..=32).prop_map(|bytes| CodeBytes::new(&bytes).unwrap()),
    ]
}

fn data() -> impl Strategy<Value = ScanData> {
    prop_oneof![
        bytes().prop_map(ScanData::Code),
        bytes().prop_map(ScanData::Continuation),
        Just(ScanData::NoCode),
    ]
}

fn clearance() -> impl Strategy<Value = Clearance> {
    prop::sample::select(Clearance::ALL.to_vec())
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let ordered = || prop::option::of(prop_oneof![8 => 0_u16..20, 1 => any::<u16>()]);
    let entry = (0_u16..12, any::<bool>(), ordered(), any::<bool>());
    let entry = entry.prop_map(|(number, off, ordered, fired)| Entry { number, off, ordered, fired });
    prop::collection::vec(entry, 0..12)
}

/// What happens to the link and to the PLC as a whole.
fn session_op() -> impl Strategy<Value = Op> {
    let number = || 0_u16..12;
    prop_oneof![
        2 => (number(), refusal()).prop_map(|(number, why)| Op::RefuseOld(number, why)),
        2 => (number(), ending()).prop_map(|(number, why)| Op::EndOld(number, why)),
        2 => (0_u16..6).prop_map(Op::Stand),
        1 => Just(Op::Session(false)),
        3 => Just(Op::Session(true)),
        1 => Just(Op::Restart),
        4 => (any::<u64>(), entries()).prop_map(|(mask, entries)| Op::Resync(mask, entries)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let number = || 0_u16..12;
    let chute = || prop_oneof![8 => 0_u16..20, 1 => any::<u16>()];
    let back = || 0_usize..6;
    prop_oneof![
        6 => number().prop_map(Op::Induct),
        1 => (number(), any::<u8>()).prop_map(|(number, eye)| Op::TurnUp(number, eye)),
        1 => (number(), chute()).prop_map(|(number, chute)| Op::Discharge(number, chute)),
        1 => (number(), chute()).prop_map(|(number, chute)| Op::Miss(number, chute)),
        1 => number().prop_map(Op::Leave),
        1 => number().prop_map(Op::Lose),
        1 => (number(), refusal(), back()).prop_map(|(number, why, order)| Op::Refuse(number, why, order)),
        1 => (number(), ending(), back()).prop_map(|(number, why, order)| Op::End(number, why, order)),
        3 => (refusal(), back()).prop_map(|(why, order)| Op::RefuseLast(why, order)),
        3 => (ending(), back()).prop_map(|(why, order)| Op::EndLast(why, order)),
        1 => back().prop_map(Op::DischargeLast),
        2 => back().prop_map(Op::MissLast),
        2 => (number(), 0_u8..3, 0_u8..4, data())
            .prop_map(|(number, index, count, data)| Op::Scan(number, index, count, data)),
        6 => (number(), 1_u32..40).prop_map(|(number, parcel)| Op::Read(number, parcel)),
        3 => (0_u16..=255, 0_u8..16).prop_map(|(chute, bits)| Op::Chute(chute % 24, bits)),
        2 => (1_u32..40, clearance()).prop_map(|(parcel, clearance)| Op::Customs(parcel, clearance)),
        6 => (0_u32..400).prop_map(Op::Travel),
        1 => any::<u32>().prop_map(Op::Travel),
        4 => any::<u16>().prop_map(Op::Ack),
        1 => (0_u16..=65_520).prop_map(Op::NonsenseAck),
        1 => any::<u16>().prop_map(Op::State),
        2 => Just(Op::State(StateBits::LIVE | StateBits::RUNNING)),
        1 => (0_u32..65_536, 0_u32..65_536, 0_i32..65_536)
            .prop_map(|(speed, scan, lead)| Op::Machine(speed, scan, lead)),
        4 => session_op(),
        10 => Just(Op::Poll),
        6 => (0_u64..8).prop_map(Op::Pass),
    ]
}

/// What the events said, told by the contract alone.
struct Told {
    /// The items on the belt: whether they were inducted, and at which encoder count.
    items: BTreeMap<u16, (bool, u32)>,
    balance: Balance,
    /// Whether the belt was compared since the last restart.
    compared: bool,
    /// The last order that the PLC took.
    taken: Seq,
    /// The items with the chutes that they were decided for, as far as that is on the disk of the journal.
    durable: BTreeSet<(u16, ChuteId)>,
    /// The items with the chutes that BELT had them ordered to.
    in_force: BTreeSet<(u16, ChuteId)>,
    /// Whether orders were taken at the last poll, and what was on the belt.
    polled: (bool, BTreeMap<u16, (bool, u32)>),
}

impl Told {
    fn new() -> Self {
        Self {
            items: BTreeMap::new(),
            balance: Balance::default(),
            compared: true,
            taken: Seq::NONE,
            durable: BTreeSet::new(),
            in_force: BTreeSet::new(),
            polled: (false, BTreeMap::new()),
        }
    }

    /// Reads what has come onto the disk.
    fn read(&mut self, entries: &[journal::Entry]) {
        for entry in entries {
            let Body::Record(record) = &entry.body else { continue };
            let number = record.item.get();
            match record.kind {
                RecordKind::Entered => self.durable.retain(|(item, _)| *item != number),
                RecordKind::Decided => self.durable.extend(record.chute.map(|chute| (number, chute))),
                _ => {}
            }
        }
    }

    fn enter(&mut self, number: u16, inducted: bool, at: u32) {
        // A number that is taken, or none, tells nothing about another item.
        if number != 0 && !self.items.contains_key(&number) {
            self.items.insert(number, (inducted, at));
            self.balance.inducted += u64::from(inducted);
            self.balance.unexpected += u64::from(!inducted);
        }
    }

    /// The belts are compared: an entry is about a known item when its number and its count are.
    fn compare(&mut self, belt: &[BeltEntry]) {
        let before = std::mem::take(&mut self.items);
        for (number, known) in &before {
            let same = |entry: &&BeltEntry| entry.item.get() == *number && entry.inducted_at.get() == known.1;
            match belt.iter().find(same) {
                Some(_) => drop(self.items.insert(*number, *known)),
                None => self.balance.unknown += 1,
            }
        }
        for entry in belt {
            let number = entry.item.get();
            if number != 0 && !self.items.contains_key(&number) {
                self.balance.found += 1;
                self.items.insert(number, (false, entry.inducted_at.get()));
            }
        }
        self.compared = true;
        self.taken = Seq::NONE;
    }

    fn end(&mut self, number: u16, count: impl FnOnce(&mut Balance) -> &mut u64) {
        if self.items.remove(&number).is_some() {
            *count(&mut self.balance) += 1;
        }
    }
}

fn sent_before_last(plc: &Plc, back: usize) -> Option<(u16, Seq, ChuteId)> {
    let order = plc.sent.iter().rev().nth(back)?;
    let chute = if let OrderOp::Divert { chute } = order.op { chute } else { ChuteId::new(0) };
    Some((order.item.get(), order.seq, chute))
}

fn apply(plc: &mut Plc, told: &mut Told, op: Op) {
    match op {
        Op::Induct(number) => {
            told.enter(number, true, plc.status.encoder.get());
            plc.induct(number);
        }
        Op::TurnUp(number, eye) => {
            // The eyes of this belt in pulses; each further number is the one at the exit.
            let position = [0, 400, 2_000, 4_000][usize::from(eye).min(3)];
            told.enter(number, false, plc.status.encoder.get().wrapping_sub(position));
            plc.event(item(number), Event::Unexpected { eye: EyeId::new(eye), length: Pulses::new(30) });
        }
        Op::Discharge(number, chute) => discharge(plc, told, number, ChuteId::new(chute)),
        Op::Miss(number, chute) => miss(plc, number, ChuteId::new(chute)),
        Op::Leave(number) => {
            told.end(number, |balance| &mut balance.left);
            plc.left(number);
        }
        Op::Lose(number) => {
            told.end(number, |balance| &mut balance.lost);
            plc.event(item(number), Event::Lost { eye: EyeId::new(1) });
        }
        Op::Refuse(number, why, back) => {
            let order = sent_before_last(plc, back).map_or(Seq::NONE, |(_, seq, _)| seq);
            plc.refused(number, why, order);
        }
        Op::End(number, why, back) => {
            let order = sent_before_last(plc, back).map_or(Seq::NONE, |(_, seq, _)| seq);
            plc.ended(number, why, order);
        }
        Op::Scan(number, index, count, data) => {
            plc.record(item(number), index, count, data);
        }
        Op::Read(number, parcel) => {
            plc.scan(number, parcel);
        }
        Op::Poll => poll(plc, told),
        Op::Pass(millis) => {
            let before = plc.sent.len();
            plc.now = plc.now + Micros::from_millis(millis);
            plc.write();
            check_sent(plc, told, before);
        }
        op => apply_to_machine(plc, told, op),
    }
}

fn apply_to_machine(plc: &mut Plc, told: &mut Told, op: Op) {
    match op {
        Op::Chute(chute, bits) => {
            let chute = ChuteId::new(chute);
            plc.image.full.set(chute, bits & 1 != 0);
            plc.image.half_full.set(chute, bits & 2 != 0);
            plc.image.not_available.set(chute, bits & 4 != 0);
            plc.image.container.set(chute, bits & 8 != 0);
            plc.show();
        }
        Op::Customs(parcel, clearance) => {
            let key = CodeBook::standard().parse(&code(parcel)).unwrap().key;
            if plc.engine.ledger().find(key).is_some() {
                rule(&plc.engine, &code(parcel), clearance);
            } else if parcel > 35 {
                plc.engine.announce(&announcement(&code(parcel), "DE", clearance)).unwrap();
            }
        }
        Op::Travel(step) => {
            plc.status.encoder = EncoderCount::new(plc.status.encoder.get().wrapping_add(step));
        }
        Op::Ack(share) => {
            let Some(last) = plc.sent.last().map(|order| order.seq) else { return };
            let open = told.taken.distance_to(last);
            for _ in 0..share % (open + 1) {
                told.taken = told.taken.next();
            }
            plc.status.order_ack = told.taken;
        }
        Op::NonsenseAck(ack) => plc.status.order_ack = Seq::new(ack).unwrap(),
        Op::State(state) => plc.status.state = StateBits(state),
        Op::Machine(speed, scan, lead) => {
            plc.status.belt_speed = MmPerSecond::new(speed);
            plc.status.scan_time = Micros::new(u64::from(scan) * 100);
            plc.status.minimum_lead = Pulses::new(lead);
        }
        Op::RefuseOld(number, why) => drop(plc.refused(number, why, Seq::NONE)),
        Op::EndOld(number, why) => drop(plc.ended(number, why, Seq::NONE)),
        op => apply_to_session(plc, told, op),
    }
}

fn apply_to_session(plc: &mut Plc, told: &mut Told, op: Op) {
    match op {
        Op::Stand(ahead) => {
            let last = u32::from(plc.last_event().get()) + u32::from(ahead);
            plc.image.at_event = u16::try_from(last).ok().and_then(Seq::new).unwrap_or(Seq::NONE);
        }
        Op::Session(open) => plc.accepts = open,
        Op::Restart => {
            // What was recorded before is told before.
            poll(plc, told);
            plc.restart();
            told.balance.unknown += told.items.len() as u64;
            told.items.clear();
            told.compared = false;
            told.taken = Seq::NONE;
        }
        Op::Resync(mask, entries) => {
            poll(plc, told);
            let belt = belt(told, mask, &entries);
            let compared = plc.resync(&belt);
            let kept = compared.kept.len() + compared.found.len();
            told.compare(&belt);
            // A PLC has no orders but those that it was given, and these were durable.
            let ordered = belt.iter().filter_map(|entry| Some((entry.item.get(), entry.ordered?)));
            told.in_force.extend(ordered);
            assert_eq!(kept, told.items.len(), "{belt:?}");
        }
        op => apply_to_order(plc, told, &op),
    }
}

/// A snapshot with the known items that the mask names, and with these entries.
fn belt(told: &Told, mask: u64, entries: &[Entry]) -> Vec<BeltEntry> {
    let known = told.items.iter().filter(|(number, _)| mask >> (*number % 32) & 1 == 1);
    let ordered = (mask >> 32 & 1 == 1).then_some(DE1);
    let known = known.map(|(number, (_, at))| entry(*number, *at, ordered));
    let others = entries.iter().map(|other| {
        let at = told.items.get(&other.number).map_or(7, |known| known.1);
        let at = if other.off { at.wrapping_add(1_000) } else { at };
        let ordered = other.ordered.map(ChuteId::new);
        BeltEntry { fired: other.fired, ..entry(other.number, at, ordered) }
    });
    if mask >> 33 & 1 == 1 { others.chain(known).collect() } else { known.chain(others).collect() }
}

fn apply_to_order(plc: &mut Plc, told: &mut Told, op: &Op) {
    let (Op::RefuseLast(_, back) | Op::EndLast(_, back) | Op::DischargeLast(back) | Op::MissLast(back)) = op
    else {
        return;
    };
    let Some((number, order, chute)) = sent_before_last(plc, *back) else { return };
    match op {
        Op::RefuseLast(why, _) => {
            plc.refused(number, *why, order);
        }
        Op::EndLast(why, _) => {
            plc.ended(number, *why, order);
        }
        Op::DischargeLast(_) => discharge(plc, told, number, chute),
        _ => miss(plc, number, chute),
    }
}

fn discharge(plc: &mut Plc, told: &mut Told, number: u16, chute: ChuteId) {
    told.end(number, |balance| &mut balance.discharged);
    plc.discharged(number, chute);
}

fn miss(plc: &mut Plc, number: u16, chute: ChuteId) {
    plc.event(item(number), Event::Missed { diverter: DiverterId::new(0), chute });
}

/// Checks every order that was sent since there were so many, against what was known at the last poll.
fn check_sent(plc: &mut Plc, told: &mut Told, before: usize) -> Seq {
    if let Some(scribe) = &mut plc.scribe {
        told.read(scribe.journal_mut().durable_by(plc.now));
    }
    let mut last = before.checked_sub(1).map_or(Seq::NONE, |last| plc.sent[last].seq);
    let (may_send, known) = &told.polled;
    for order in &plc.sent[before..] {
        assert!(may_send, "{order:?} while the PLC takes none");
        assert_eq!(order.seq, last.next());
        last = order.seq;
        // An item that has ended or was never inducted gets no order of any kind.
        let number = order.item.get();
        assert!(known.get(&number).is_some_and(|known| known.0), "{order:?}");
        if let (Some(_), OrderOp::Divert { chute }) = (&plc.scribe, order.op) {
            let known = told.durable.contains(&(number, chute)) || told.in_force.contains(&(number, chute));
            assert!(known, "{order:?} before its record is durable");
        }
    }
    last
}

/// Polls, and checks every order that was sent.
fn poll(plc: &mut Plc, told: &mut Told) {
    let before = plc.sent.len();
    let open = plc.accepts && told.compared && plc.controller.shadow().is_none();
    let may_send = open && plc.status.state.has(StateBits::LIVE | StateBits::RUNNING);
    told.polled = (may_send, told.items.clone());
    plc.poll();
    let last = check_sent(plc, told, before);
    assert!(usize::from(told.taken.distance_to(last)) <= ORDER_SLOTS);
    assert_eq!(plc.controller.items_on_belt(), told.items.len());
    assert_eq!(plc.controller.worker().balance(), told.balance);
    assert_eq!(told.balance.on_belt(), Some(told.items.len() as u64));
    assert!(!told.items.is_empty() || plc.all_reserved() == 0);
    plc.controller.next_due();
}

/// Applies all of them and empties the belt: nothing may be left then.
fn run(mut plc: Plc, ops: Vec<Op>) {
    plc.acks = false;
    let mut told = Told::new();
    for op in ops {
        apply(&mut plc, &mut told, op);
    }
    poll(&mut plc, &mut told);
    let on_belt: Vec<u16> = told.items.keys().copied().collect();
    for number in on_belt {
        apply(&mut plc, &mut told, Op::Leave(number));
    }
    apply(&mut plc, &mut told, Op::State(StateBits::LIVE | StateBits::RUNNING));
    plc.acknowledge_all();
    let sent = plc.sent.len();
    poll(&mut plc, &mut told);
    apply(&mut plc, &mut told, Op::Pass(1_000));
    assert_eq!(plc.sent.len(), sent);
    assert_eq!((plc.all_reserved(), plc.controller.items_on_belt()), (0, 0));
    assert_eq!(plc.controller.next_due(), None);
    assert_eq!(plc.controller.worker().tally().deviations, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_plc_says_the_books_stay_right(
        start in any::<u32>(),
        ops in prop::collection::vec(op(), 1..300),
    ) {
        run(Plc::new().at(start), ops);
    }

    #[test]
    fn whatever_a_plc_says_a_shadow_keeps_its_books_right_and_orders_nothing(
        start in any::<u32>(),
        ops in prop::collection::vec(op(), 1..300),
    ) {
        run(Plc::new().shadowed().at(start), ops);
    }

    #[test]
    fn whatever_a_plc_says_no_order_goes_out_before_its_record_is_durable(
        start in any::<u32>(),
        full in 0_u64..400,
        late in 0_u32..1_000_000,
        ops in prop::collection::vec(op(), 1..300),
    ) {
        let millis = Micros::from_millis;
        let late = LateSyncs { share: Share::from_ppm(late).unwrap(), most: millis(30) };
        let disk = SimulatedDisk { full: millis(full)..millis(full + 100), late, ..SimulatedDisk::default() };
        run(Plc::with_disk(disk, millis(2), millis(10)).at(start), ops);
    }

    #[test]
    fn a_journal_that_writes_at_once_changes_nothing(
        start in any::<u32>(),
        ops in prop::collection::vec(op(), 1..300),
    ) {
        let disk = SimulatedDisk { sync: Micros::ZERO, ..SimulatedDisk::default() };
        let mut plain = (Plc::new().at(start), Told::new());
        let mut journaled = (Plc::with_disk(disk, Micros::ZERO, Micros::ZERO).at(start), Told::new());
        for (plc, _) in [&mut plain, &mut journaled] {
            plc.acks = false;
        }
        for op in ops {
            for (plc, told) in [&mut plain, &mut journaled] {
                apply(plc, told, op.clone());
            }
            let ((one, _), (other, _)) = (&mut plain, &mut journaled);
            assert_eq!(one.sent, other.sent);
            assert_eq!(one.notes.0, other.notes.0);
            assert_eq!(one.notes.2, other.notes.2);
            assert_eq!(one.controller.next_due(), other.controller.next_due());
            let held = other.controller.counters();
            let counters = Counters { held_orders: 0, late_held_orders: 0, ..held };
            assert_eq!(one.controller.counters(), counters);
        }
        assert_eq!(plain.0.controller.worker().digest(), journaled.0.controller.worker().digest());
    }
}
