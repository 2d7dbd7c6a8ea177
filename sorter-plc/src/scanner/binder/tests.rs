//! The standard line: induction at 0 m, tunnel at 3 m, first photo-eye behind it at 5 m, pulses of 10 mm.

use std::collections::BTreeMap;

use sorter_core::ids::{ChuteId, EyeId, ItemId};
use sorter_core::layout::Layout;
use sorter_core::units::{EncoderCount, Grams, Millimetres, Pulses};

use super::*;
use crate::contract::{BeltEntry, StateBits};
use crate::scanner::{Latch, ReadCode};

mod by_number;

/// A PLC, a tunnel and a binder; places are millimetres of belt travel since the start.
struct Rig {
    binder: Binder,
    /// Where the tunnel is.
    tunnel: i64,
    /// The encoder at travel 0.
    zero: u32,
    travel: i64,
    backlog: u16,
    events: Vec<EventRecord>,
    telegrams: Vec<Telegram>,
    records: Vec<ScanRecord>,
}

impl Rig {
    fn new(binding: Binding, pattern: &str) -> Self {
        Self::on(&Layout::line_100(), binding, pattern)
    }

    fn on(layout: &Layout, binding: Binding, pattern: &str) -> Self {
        let config = BinderConfig { binding, ..BinderConfig::default() };
        let format = TelegramFormat::new(pattern).unwrap();
        let binder = Binder::new(config, &format, layout).unwrap();
        // The encoder wraps while the first items pass.
        Self {
            binder,
            tunnel: i64::from(layout.scanner().get()),
            zero: u32::MAX - 200,
            travel: 0,
            backlog: 0,
            events: Vec::new(),
            telegrams: Vec::new(),
            records: Vec::new(),
        }
    }

    fn count(&self, place: i64) -> EncoderCount {
        EncoderCount::new(self.zero).advanced_by(Pulses::new(i32::try_from(place / 10).unwrap()))
    }

    fn status(&self) -> Status {
        Status {
            encoder: self.count(self.travel),
            event_backlog: self.backlog,
            state: StateBits(StateBits::RUNNING),
            ..Status::default()
        }
    }

    fn event(&mut self, item: u16, place: i64, event: Event) {
        let encoder = self.count(place);
        self.events.push(EventRecord { seq: Seq::NONE, item: ItemId::new(item), encoder, event });
    }

    /// An item whose leading edge is at the tunnel at this travel.
    fn item(&mut self, item: u16, edge: i64, length: i64) {
        let length = Pulses::new(i32::try_from(length / 10).unwrap());
        self.event(item, edge - self.tunnel, Event::Inducted { eye: EyeId::new(0), length });
    }

    /// A telegram of a trigger at this travel, with codes and their positions.
    fn telegram(&mut self, number: u32, edge: i64, codes: &[(&str, i32)]) {
        let latch = Some(Latch::Encoder(self.count(edge)));
        let mut telegram = Telegram::new(TriggerNumber::new(number), latch);
        for (code, position) in codes {
            let position = (*position >= -9_000).then_some(Millimetres::new(*position));
            telegram.push(ReadCode::new(code.as_bytes(), position).unwrap()).unwrap();
        }
        self.telegrams.push(telegram);
    }

    /// Moves the belt in steps of 20 mm; what was told before is seen in the first one.
    fn run_to(&mut self, travel: i64) {
        while self.travel < travel {
            self.jump_to((self.travel + 20).min(travel));
        }
    }

    /// Moves the belt within one cycle.
    fn jump_to(&mut self, travel: i64) {
        self.travel = travel;
        let events = std::mem::take(&mut self.events);
        self.binder.observe(&self.status(), &events);
        for telegram in std::mem::take(&mut self.telegrams) {
            self.binder.take(&telegram);
        }
        self.binder.drained();
        self.binder.bind(&mut self.records);
    }

    /// What was handed over, by item.
    fn read(&self) -> BTreeMap<u16, Vec<String>> {
        let mut read: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for record in &self.records {
            let text = match record.data {
                ScanData::Code(code) => String::from_utf8_lossy(code.as_slice()).into_owned(),
                ScanData::Continuation(code) => format!("+{}", code.as_slice().len()),
                ScanData::NoCode => "no read".to_owned(),
                ScanData::Measured { length, weight, .. } => format!("{length} {weight}"),
            };
            let texts = read.entry(record.item.get()).or_default();
            assert_eq!(usize::from(record.index), texts.len(), "{:?}", self.records);
            texts.push(text);
        }
        for record in &self.records {
            assert_eq!(usize::from(record.count), read[&record.item.get()].len(), "one set for each item");
        }
        read
    }

    fn expect(&self, expected: &[(u16, &[&str])]) {
        let expected: BTreeMap<u16, Vec<String>> = expected
            .iter()
            .map(|(item, texts)| (*item, texts.iter().map(|text| (*text).to_owned()).collect()))
            .collect();
        assert_eq!(self.read(), expected);
    }
}

/// Codes without positions.
const NOWHERE: i32 = -10_000;

fn by_count() -> Rig {
    Rig::new(Binding::ByCount, "trigger;encoder;codes@")
}

#[test]
fn a_code_goes_to_the_item_at_its_place() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 3_800, 300);
    rig.run_to(3_500);
    rig.telegram(1, 3_010, &[("A", 200)]);
    rig.run_to(4_300);
    rig.telegram(2, 3_790, &[("B", 20), ("B2", 310)]);
    rig.run_to(6_000);
    rig.expect(&[(1, &["A"]), (2, &["B", "B2"])]);
    let seqs: Vec<u16> = rig.records.iter().map(|record| record.seq.get()).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

#[test]
fn a_long_code_is_continued_and_a_ninth_shows_that_there_are_too_many() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_500);
    let long = "X".repeat(64);
    rig.telegram(1, 3_000, &[(&long, 50)]);
    rig.run_to(4_500);
    assert_eq!(rig.read()[&1], ["X".repeat(32), "+32".to_owned()]);
    rig.item(2, 8_000, 400);
    rig.run_to(8_500);
    let many: Vec<String> = (0..16).map(|n| format!("C{n}")).collect();
    let codes: Vec<(&str, i32)> = many.iter().map(|code| (code.as_str(), 100)).collect();
    rig.telegram(2, 8_000, &codes[..8]);
    rig.telegram(3, 8_100, &codes[8..]);
    rig.run_to(10_000);
    assert_eq!(rig.read()[&2].len(), 9);
}

#[test]
fn a_parcel_askew_has_two_triggers_and_one_set_of_records() {
    let mut rig = by_count();
    rig.item(1, 3_000, 600);
    rig.run_to(3_700);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.telegram(2, 3_300, &[("A", -200), ("A2", 150)]);
    rig.run_to(6_000);
    rig.expect(&[(1, &["A", "A2"])]);
}

#[test]
fn touching_parcels_under_one_trigger_keep_their_codes_apart_by_position() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 3_410, 400);
    rig.run_to(4_000);
    rig.telegram(1, 3_000, &[("A", 150), ("between", 405), ("B", 600)]);
    rig.run_to(6_000);
    rig.expect(&[(1, &["A"]), (2, &["B"])]);
    assert_eq!((rig.binder.counters().ambiguous_codes, rig.binder.counters().moved_codes), (1, 1));
}

#[test]
fn touching_parcels_without_positions_are_both_a_no_read() {
    let mut rig = Rig::new(Binding::ByCount, "trigger;encoder;codes");
    rig.item(1, 3_000, 400);
    rig.item(2, 3_410, 400);
    rig.item(3, 4_400, 400);
    rig.run_to(4_000);
    rig.telegram(1, 3_000, &[("A", NOWHERE), ("B", NOWHERE)]);
    rig.run_to(5_000);
    rig.telegram(2, 4_400, &[("C", NOWHERE)]);
    rig.run_to(7_000);
    rig.expect(&[(1, &["no read"]), (2, &["no read"]), (3, &["C"])]);
}

#[test]
fn in_a_gap_a_code_goes_to_the_nearer_item_unless_both_are_within_the_tolerance() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 3_560, 400);
    rig.run_to(4_000);
    rig.telegram(1, 3_000, &[("near 1", 470), ("middle", 480), ("near 2", 490), ("beyond", 1_070)]);
    rig.run_to(6_000);
    rig.expect(&[(1, &["near 1"]), (2, &["near 2"])]);
    assert_eq!((rig.binder.counters().ambiguous_codes, rig.binder.counters().foreign_codes), (1, 1));
}

#[test]
fn a_trigger_without_parcel_gives_its_codes_to_nobody() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_700);
    rig.telegram(1, 3_000, &[("A", 100)]);
    // Somebody reached into the tunnel with another parcel, close behind.
    rig.telegram(2, 3_470, &[("foreign", 0), ("foreign too", -200)]);
    rig.run_to(8_000);
    rig.expect(&[(1, &["A"])]);
    assert_eq!(rig.binder.counters().without_parcel, 1);
}

#[test]
fn a_parcel_that_nobody_inducted_gets_its_codes_when_an_eye_sees_it() {
    let mut rig = by_count();
    rig.run_to(3_500);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.run_to(5_100);
    let length = Pulses::new(40);
    rig.event(9, 5_000, Event::Unexpected { eye: EyeId::new(1), length });
    rig.run_to(6_000);
    rig.expect(&[(9, &["A"])]);
}

#[test]
fn a_telegram_waits_for_the_events_that_tell_of_its_item() {
    let mut rig = by_count();
    rig.backlog = 3;
    rig.run_to(3_500);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.run_to(5_000);
    rig.item(1, 3_000, 400);
    rig.backlog = 0;
    rig.run_to(5_020);
    rig.expect(&[(1, &["A"])]);
}

#[test]
fn nothing_is_bound_while_events_wait_that_may_tell_of_a_neighbour() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_480);
    rig.backlog = 1;
    rig.telegram(1, 3_000, &[("A", 100), ("on the next one", 440)]);
    rig.run_to(4_200);
    rig.expect(&[]);
    rig.item(2, 3_410, 400);
    rig.backlog = 0;
    rig.run_to(6_000);
    rig.expect(&[(1, &["A"])]);
    assert_eq!(rig.binder.counters().ambiguous_codes, 1);
}

#[test]
fn a_late_telegram_still_counts_until_reads_are_given_up_and_never_afterwards() {
    for (at, read) in [(6_500, true), (7_500, false)] {
        let mut rig = by_count();
        rig.item(1, 3_000, 400);
        rig.run_to(at);
        rig.telegram(1, 3_000, &[("A", 100)]);
        rig.run_to(12_000);
        rig.expect(if read { &[(1, &["A"])] } else { &[] });
        assert_eq!(rig.binder.counters().silent_items, u64::from(!read));
        assert_eq!(rig.binder.counters().late_codes, u64::from(!read));
    }
}

#[test]
fn a_repeated_telegram_and_one_out_of_order_change_nothing() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 3_800, 400);
    rig.run_to(4_400);
    rig.telegram(8, 3_800, &[("B", 100)]);
    rig.telegram(7, 3_000, &[("A", 100)]);
    rig.telegram(8, 3_800, &[("B", 100)]);
    rig.run_to(8_000);
    rig.expect(&[(1, &["A"]), (2, &["B"])]);
    let counters = rig.binder.counters();
    assert_eq!((counters.duplicates, counters.out_of_order), (1, 1));
}

#[test]
fn a_no_read_is_handed_over_as_one_and_silence_is_not() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 4_000, 400);
    rig.run_to(4_500);
    rig.telegram(1, 3_000, &[]);
    rig.run_to(12_000);
    rig.expect(&[(1, &["no read"])]);
    assert_eq!(rig.binder.counters().silent_items, 1);
}

#[test]
fn a_count_that_cannot_be_is_refused() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_500);
    rig.telegram(1, 9_000, &[("A", 100)]);
    rig.telegram(2, -90_000, &[("A", 100)]);
    rig.run_to(12_000);
    rig.expect(&[]);
    let counters = rig.binder.counters();
    assert_eq!((counters.ahead, counters.late), (1, 1));
}

#[test]
fn what_the_plc_measured_goes_out_with_the_codes_and_its_no_reads_do_not() {
    let mut rig = by_count();
    let measured = ScanData::Measured {
        length: Millimetres::new(400),
        width: Millimetres::ZERO,
        height: Millimetres::ZERO,
        weight: Grams::new(900),
    };
    let record =
        |item: u16, data| ScanRecord { seq: Seq::NONE, item: ItemId::new(item), index: 1, count: 2, data };
    rig.item(1, 3_000, 400);
    rig.run_to(3_500);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.binder.take_records(&[record(1, ScanData::NoCode), record(1, measured)], &mut rig.records);
    rig.run_to(5_000);
    rig.binder.take_records(&[record(5, measured)], &mut rig.records);
    rig.expect(&[(1, &["A", "400 mm 900 g"]), (5, &["400 mm 900 g"])]);
}

#[test]
fn after_a_restart_of_the_plc_old_telegrams_bind_to_nothing() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_500);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.run_to(3_520);
    rig.binder.plc_restarted();
    rig.item(1, 3_600, 400);
    rig.run_to(12_000);
    rig.expect(&[]);
}

#[test]
fn a_belt_snapshot_brings_items_in_and_takes_items_out() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.item(2, 4_000, 400);
    rig.run_to(2_000);
    let entry = |item: u16, edge: i64, rig: &Rig| BeltEntry {
        item: ItemId::new(item),
        inducted_at: rig.count(edge - 3_000),
        ordered: None,
        fired: false,
    };
    let belt = [entry(2, 4_000, &rig), entry(3, 6_000, &rig)];
    let status = rig.status();
    rig.binder.resync(&Resync { belt: &belt, status: &status });
    rig.run_to(6_500);
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.telegram(2, 4_000, &[("B", 100)]);
    rig.telegram(3, 6_000, &[("C", 100)]);
    rig.run_to(12_000);
    rig.expect(&[(2, &["B"]), (3, &["C"])]);
}

#[test]
fn an_eye_in_front_of_the_tunnel_corrects_where_an_item_is() {
    let text = include_str!("../../../../sorter-core/layouts/line_100.toml")
        .replace("scanner_mm = 3000", "scanner_mm = 6000")
        .replace("scale_mm = 4000", "scale_mm = 6500");
    let layout = Layout::from_toml("moved.toml", &text).unwrap();
    for seen in [true, false] {
        let mut rig = Rig::on(&layout, Binding::ByCount, "trigger;encoder;codes@");
        rig.item(1, 6_000, 400);
        rig.run_to(5_400);
        if seen {
            // It slipped back by 300 mm.
            rig.event(1, 5_300, Event::Seen { eye: EyeId::new(1), deviation: Pulses::new(30) });
        }
        rig.run_to(6_800);
        rig.telegram(1, 6_300, &[("A", 380)]);
        rig.run_to(12_000);
        rig.expect(&[(1, if seen { &["A"] } else { &["no read"] })]);
    }
}

#[test]
fn an_item_that_ended_takes_nothing_more() {
    let mut rig = by_count();
    rig.item(1, 3_000, 400);
    rig.run_to(3_500);
    rig.event(1, 3_500, Event::Discharged { verified: true, chute: ChuteId::new(1) });
    rig.telegram(1, 3_000, &[("A", 100)]);
    rig.run_to(12_000);
    rig.expect(&[]);
}

#[test]
fn settings_that_contradict_each_other_are_refused_with_both_sides() {
    let layout = Layout::line_100();
    let check = |config: BinderConfig, pattern: &str, text: &str| {
        let format = TelegramFormat::new(pattern).unwrap();
        let error = Binder::new(config, &format, &layout).expect_err(text);
        assert_eq!(error.to_string(), text);
    };
    let base = BinderConfig::default();
    let mm = Millimetres::new;
    check(base, "trigger;codes", "telegrams carry neither encoder nor travel, which binding by count needs");
    let with_latch = "trigger;encoder;codes";
    check(
        BinderConfig { window: mm(20), ..base },
        with_latch,
        "window of 20 mm is narrower than the tolerance of 50 mm",
    );
    check(BinderConfig { settle: mm(-1), ..base }, with_latch, "settle is -1 mm, 0 mm or more is expected");
    check(
        BinderConfig { settle: mm(9_000), ..base },
        with_latch,
        "reads of the longest parcel are complete 10600 mm behind the tunnel and given up at 4000 mm",
    );
    check(
        BinderConfig { window: mm(2_990), ..base },
        with_latch,
        "reads of the longest parcel are complete 4990 mm behind the tunnel and given up at 4000 mm",
    );
    let by_number = |least: i32, most: i32, agreeing| BinderConfig {
        binding: Binding::ByNumber { from: From::LeadingEdge, least: mm(least), most: mm(most), agreeing },
        ..base
    };
    check(by_number(9, 8, 3), "trigger;codes", "greatest delay of 8 mm is below the least of 9 mm");
    check(
        by_number(1, 8, 1),
        "trigger;codes",
        "1 telegrams that agree prove nothing, at least 2 are expected",
    );
}
