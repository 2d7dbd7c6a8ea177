//! Streams in which nothing goes wrong, with each variant of the link that the contract leaves open.

use sorter_core::ids::ChuteId;
use sorter_plc::exchange::ExchangeConfig;
use sorter_plc::link::{Function23, LinkConfig, UnitId};
use sorter_plc::register_map::{BaseAddresses, WordOrder};

use crate::audit::{self, Detours};
use crate::books::{Fate, Log};
use crate::hall::{self, Parcel, ROOMY};
use crate::run::{Folder, HostSide, Left, Setup};

/// What the two sides are told.
#[derive(Clone, Copy, Default)]
struct Variant<'a> {
    name: &'a str,
    options: &'a [&'a str],
    setup: Setup,
}

/// Runs a stream to its end, and audits it: every parcel is in a chute of its outlet.
fn run(parcels: u32, variant: Variant<'_>) -> (Left, Log) {
    let parcels = hall::stream(parcels);
    let folder = Folder::new(variant.name);
    let plc = folder.start("log.csv", &parcels, variant.options);
    let host = HostSide::start(&plc, &hall::engine(&parcels, ROOMY), variant.setup);
    let (summary, log) = plc.done();
    let left = host.stop();
    audit::one_session(&parcels, &left, &summary, &log, Detours::None);
    everything_is_in_its_chute(&parcels, &left, &log);
    assert_eq!((left.counters.late_orders, left.counters.refused, left.counters.missed), (0, 0, 0));
    assert_eq!((left.counters.host_lost, summary.get("host_lost")), (0, 0));
    println!(
        "{}: {} | {} orders, {} cycles, round trip {}, {} missed ticks",
        variant.name,
        left.balance,
        log.orders.len(),
        left.link.stats.cycles,
        left.link.stats.round_trip,
        left.link.stats.missed,
    );
    (left, log)
}

/// Every parcel was decided once, by what it is, and is in the chute that was decided.
fn everything_is_in_its_chute(parcels: &[Parcel], left: &Left, log: &Log) {
    for line in &log.items {
        let note = &left.diary.decided[&line.item];
        let chute = note.chute.map(ChuteId::get);
        assert_eq!(chute.map(Fate::Discharged), Some(line.fate), "{line:?}: {note:?}");
        let index = line.index.expect("nothing is thrown on");
        assert_eq!(note.reason, parcels[index].reason(), "{line:?}");
    }
    let all = parcels.len() as u64;
    assert_eq!((left.tally.decisions, left.tally.commits), (all, all));
    assert_eq!(
        log.endings("discharged"),
        parcels.len(),
        "each parcel needed one order, which was carried out"
    );
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn all_of_ten_thousand_items_are_ordered_once_and_end_in_their_chutes() {
    let (_, log) = run(10_000, Variant { name: "ten_thousand", ..Variant::default() });
    assert_eq!(log.orders.len(), 10_000, "no order was given twice");
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_plc_without_function_23_is_driven_by_16_and_3() {
    run(1_500, Variant { name: "no_fc23", options: &["--no-fc23"], ..Variant::default() });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn function_23_need_not_be_tried() {
    let link = LinkConfig { function_23: Function23::Never, ..LinkConfig::default() };
    let setup = Setup { link, ..Setup::default() };
    run(1_500, Variant { name: "never_fc23", setup, ..Variant::default() });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_plc_that_puts_the_low_word_first_is_understood() {
    let exchange = ExchangeConfig { word_order: WordOrder::LowFirst, ..ExchangeConfig::default() };
    let setup = Setup { exchange, ..Setup::default() };
    // The encoder passes its wrap in this run, and the item numbers theirs.
    let options = ["--word-order", "low", "--encoder-start", "4294950000", "--first-item", "65000"];
    run(1_500, Variant { name: "low_first", options: &options, setup });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn counts_and_numbers_may_wrap_on_the_way() {
    let options = ["--encoder-start", "4294950000", "--first-item", "65000"];
    run(1_500, Variant { name: "wraps", options: &options, ..Variant::default() });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn blocks_may_stand_elsewhere_and_the_unit_may_have_a_number() {
    let bases = BaseAddresses { status: 40_000, order: 300, scan: 2_000, plant: 100, belt: 60_000 };
    let options = [
        "--unit",
        "17",
        "--status-base",
        "40000",
        "--order-base",
        "300",
        "--scan-base",
        "2000",
        "--plant-base",
        "100",
        "--belt-base",
        "60000",
    ];
    let link = LinkConfig { bases, unit: UnitId::new(17), ..LinkConfig::default() };
    let setup = Setup { link, ..Setup::default() };
    run(1_500, Variant { name: "elsewhere", options: &options, setup });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn chutes_without_an_eye_count_as_reached_after_their_transfer_time() {
    run(1_500, Variant { name: "unverified", options: &["--unverified", "9"], ..Variant::default() });
}

#[test]
#[ignore = "needs the PLC side in C, run by .ci/peers"]
fn a_plc_that_tells_no_boot_and_spaces_its_parcels_unevenly_is_driven_too() {
    let options = ["--boot", "0", "--jitter", "400", "--pitch", "900"];
    run(1_000, Variant { name: "no_boot", options: &options, ..Variant::default() });
}
