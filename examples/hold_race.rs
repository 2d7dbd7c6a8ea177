//! Customs change their mind while a worker sorts: no parcel that they hold is committed to a way out.
//!
//! ```text
//!   customs   hold release hold release hold ...        each on every parcel, over and over
//!                │     │     │      │
//!   worker    decide commit discharge · decide commit discharge · ...
//! ```
//!
//! Shows: a hold that comes before the commit wins, and the parcel is decided again; one that comes after it is a
//! recall; a recalled parcel comes back and is sorted once more under the same identity.
//!
//! A third record is kept beside the engine: the begin and the end of each ruling and of each commit, in one
//! order. A parcel that was held from before the begin of its commit until after its end must not be committed.
//!
//! Run it with `cargo run --release -p sorter-examples --example hold_race -- 200`; the number is how many
//! rounds customs make over all parcels. Exits with 1 when a parcel was committed against customs, or when either side was never
//! the first.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sorter_core::address::Destinations;
use sorter_core::barcode::{CodeBook, CodeKey, make};
use sorter_core::chute::ChuteReport;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::{
    Assigned, Commit, Engine, EngineBuilder, EngineConfig, Fate, HallRules, Identity, OrderEnd, Scan, Worker,
};
use sorter_core::ids::{ChuteId, HubId, ItemId, ParcelId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::{ChuteRole, PlanSource};
use sorter_core::state_word::Life;
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};

const PARCELS: u32 = 64;
/// Rounds of customs over all parcels.
const ROUNDS: u32 = 4_000;
/// Parcels that are decided before the first of them is committed.
const ON_BELT: usize = 16;

/// What one of the two threads does to a parcel.
#[derive(Clone, Copy)]
enum Event {
    RulingBegins(u32, Clearance),
    RulingEnds(u32),
    CommitBegins(u32),
    /// And whether the parcel may leave now.
    CommitEnds(u32, bool),
}

/// The third record.
type Record = Mutex<Vec<Event>>;

fn note(record: &Record, event: Event) {
    record.lock().unwrap_or_else(PoisonError::into_inner).push(event);
}

fn main() -> anyhow::Result<ExitCode> {
    let rounds = std::env::args().nth(1).map_or(Ok(ROUNDS), |given| given.parse())?;
    let engine = engine()?;
    let (record, ruled) = (Record::default(), AtomicU64::new(0));
    let worker = engine.worker(SorterId::new(0));
    let sorted = thread::scope(|scope| {
        let ruling = scope.spawn(|| rule_all(&engine, &record, &ruled, rounds));
        let sorted = sort_all(worker, &record, &ruled, || ruling.is_finished());
        ruling.join().expect("customs do not panic").and(sorted)
    })?;

    let events = record.into_inner().unwrap_or_else(PoisonError::into_inner);
    let violations = violations(&events);
    let left_out =
        (0..PARCELS).filter(|number| is_out_against_customs(&engine, ParcelId::new(*number))).count();
    println!("{rounds} rounds over {PARCELS} parcels: {} events in the record", events.len());
    println!("commits to a way out           {}", sorted.commits);
    println!("holds that came before         {}", sorted.holds);
    println!("recalls, holds that came after {}", engine.recalls().len());
    println!("violations                     {}", violations + left_out);
    // A race in which one side was never first shows nothing.
    let met = sorted.holds > 0 && !engine.recalls().is_empty();
    Ok(if met && violations + left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Holds and releases every parcel in turn.
fn rule_all(engine: &Engine, record: &Record, ruled: &AtomicU64, rounds: u32) -> anyhow::Result<()> {
    for round in 0..rounds {
        let status = if round % 2 == 0 { Clearance::HoldDocument } else { Clearance::Released };
        for number in 0..PARCELS {
            let code = CodeKey::pack(&code(number)).ok_or_else(|| anyhow::anyhow!("the code is good"))?;
            let at = Micros::new(u64::from(round) + 1);
            note(record, Event::RulingBegins(number, status));
            engine.set_clearance(code, Ruling { at, status, onward: None })?;
            note(record, Event::RulingEnds(number));
            ruled.fetch_add(1, Ordering::Relaxed);
            thread::yield_now();
        }
    }
    Ok(())
}

/// What the worker saw.
#[derive(Default)]
struct Sorted {
    commits: u64,
    holds: u64,
}

/// An item on the belt.
struct Item {
    number: u32,
    id: ItemId,
    known: Option<Identity>,
    held: Assigned,
}

/// Sorts every parcel that is not gone, over and over until customs have said everything.
///
/// In every other lap the items wait on the belt until customs have ruled about all of them once more; in the
/// others commits and rulings meet as they come.
fn sort_all(
    mut worker: Worker,
    record: &Record,
    ruled: &AtomicU64,
    over: impl Fn() -> bool,
) -> anyhow::Result<Sorted> {
    let mut sorted = Sorted::default();
    let mut lap = 0;
    while !over() {
        lap += 1;
        let at = Micros::from_millis(lap);
        for first in (0..PARCELS).step_by(ON_BELT) {
            let mut items = Vec::with_capacity(ON_BELT);
            for number in (first..PARCELS).take(ON_BELT) {
                if !is_gone(worker.engine(), ParcelId::new(number)) {
                    items.push(enter(&mut worker, number, at)?);
                }
            }
            let enough = ruled.load(Ordering::Relaxed) + u64::from(PARCELS);
            thread::yield_now();
            while lap % 2 == 0 && ruled.load(Ordering::Relaxed) < enough && !over() {
                thread::yield_now();
            }
            for item in items {
                pass(&mut worker, record, item, at, &mut sorted);
            }
        }
        thread::yield_now();
    }
    anyhow::ensure!(worker.tally().deviations == 0, "a step did not fit its state");
    anyhow::ensure!(worker.chutes().reserved() == 0, "a place is still reserved");
    Ok(sorted)
}

fn is_gone(engine: &Engine, parcel: ParcelId) -> bool {
    engine.ledger().state(parcel).is_some_and(|word| word.life() == Life::Discharged)
}

/// A parcel is put on the belt and decided.
fn enter(worker: &mut Worker, number: u32, at: Micros) -> anyhow::Result<Item> {
    let id = ItemId::new(u16::try_from(number)? + 1);
    worker.entered(id, at, true, EncoderCount::default());
    let mut item = Item { number, id, known: None, held: Assigned::NOTHING };
    decide(worker, &mut item, &[&code(number)], at);
    Ok(item)
}

fn decide(worker: &mut Worker, item: &mut Item, codes: &[&[u8]], at: Micros) {
    let (known, held, reach) = (item.known, item.held, Millimetres::new(5_000));
    let decision = worker.decide(&Scan { item: item.id, at, codes, known, held, reach });
    if let Some(chute) = held.chute.filter(|chute| decision.assigned.chute != Some(*chute)) {
        worker.order_ended(item.id, at, chute, &decision.assigned, OrderEnd::Replaced);
    }
    (item.known, item.held) = (Some(decision.identity), decision.assigned);
}

/// Takes an item to its point of no return and into its chute. What is lost to customs is decided again.
fn pass(worker: &mut Worker, record: &Record, mut item: Item, at: Micros, sorted: &mut Sorted) {
    let done = (0..100).any(|_| {
        let out = item.held.chute.is_some_and(|chute| leads_out(worker, chute));
        let Some(known) = item.known else { return false };
        note(record, Event::CommitBegins(item.number));
        let done = worker.commit(item.id, at, &known, &item.held) == Commit::Done;
        note(record, Event::CommitEnds(item.number, done && out));
        sorted.commits += u64::from(done && out);
        sorted.holds += u64::from(!done && out);
        if !done {
            decide(worker, &mut item, &[], at);
        }
        done
    });
    let chute = item.held.chute;
    if let Some(chute) = chute {
        worker.order_ended(item.id, at, chute, &item.held, OrderEnd::WithItem);
    }
    let fate = chute.filter(|_| done).map_or(Fate::Left, Fate::Discharged);
    worker.finish(item.id, at, &item.held, fate, Grams::new(400));
    if let Some(chute) =
        chute.filter(|chute| worker.chutes().get(*chute).is_some_and(|state| state.free() == 0))
    {
        worker.chute_changed(chute, at, ChuteReport::default());
        worker.chute_changed(chute, at, ChuteReport { container: true, ..ChuteReport::default() });
    }
}

fn leads_out(worker: &Worker, chute: ChuteId) -> bool {
    let role = worker.chutes().get(chute).map(|state| state.dock().role);
    matches!(role, Some(ChuteRole::Outbound | ChuteRole::Overflow))
}

/// Commits to a way out of parcels that were held all the time.
fn violations(events: &[Event]) -> usize {
    /// What the record says of one parcel so far.
    #[derive(Clone, Copy, Default)]
    struct Seen {
        held: bool,
        being_ruled: bool,
        held_throughout: bool,
    }
    let mut seen = [Seen::default(); PARCELS as usize];
    let mut found = 0;
    for event in events {
        match *event {
            Event::RulingBegins(number, status) => {
                let parcel = &mut seen[number as usize];
                (parcel.held, parcel.being_ruled) = (!status.free_to_leave(), true);
                parcel.held_throughout &= parcel.held;
            }
            Event::RulingEnds(number) => seen[number as usize].being_ruled = false,
            Event::CommitBegins(number) => {
                let parcel = &mut seen[number as usize];
                parcel.held_throughout = parcel.held && !parcel.being_ruled;
            }
            Event::CommitEnds(number, out) => {
                found += usize::from(out && seen[number as usize].held_throughout);
            }
        }
    }
    found
}

/// Whether a parcel lies in a way out without being recalled, although customs hold it.
fn is_out_against_customs(engine: &Engine, parcel: ParcelId) -> bool {
    let word = engine.ledger().state(parcel);
    word.is_some_and(|word| word.life() == Life::Discharged && !word.clearance().free_to_leave())
}

fn code(number: u32) -> [u8; 13] {
    make::s10(*b"LP", number, *b"SG")
}

/// An engine that expects parcels to Austria, all of them released.
fn engine() -> anyhow::Result<Arc<Engine>> {
    let plan = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/monday.toml"))?;
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(1),
        expected_parcels: PARCELS as usize,
        late_parcels: 0,
        seed: 1,
        rules: HallRules { recalls: 1_000_000, ..HallRules::default() },
    });
    for number in 0..PARCELS {
        let code = code(number);
        let mut announcement = Announcement {
            country: "AT",
            postcode: "1010",
            weight: Grams::new(400),
            clearance: Clearance::Released,
            ..Announcement::default()
        };
        announcement.codes.push(&code);
        builder.announce(&announcement)?;
    }
    Ok(builder.build(&plan)?)
}
