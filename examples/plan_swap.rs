//! A new sort plan is published while a worker decides.
//!
//! ```text
//!   this thread ── publish(tuesday) ──┐
//!                                     ▼
//!   worker      decide decide decide  │  decide decide decide
//!               plan 1 plan 1 plan 1  │  plan 2 plan 2 plan 2
//! ```
//!
//! Shows: what changes between two plans before one is published; that publishing stops no decision; that each
//! decision comes from exactly one version and carries it; that versions never go back; that the chutes which
//! differ change over as soon as people have changed their containers, and what runs off meanwhile.
//!
//! Run it with `cargo run --release -p sorter-examples --example plan_swap`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use sorter_core::address::{Country, Destinations, Postcode};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::chute::ChuteReport;
use sorter_core::clearance::Clearance;
use sorter_core::engine::{
    Assigned, Commit, Engine, EngineBuilder, EngineConfig, Fate, HallRules, OrderEnd, Scan, Worker,
};
use sorter_core::ids::{ChuteId, HubId, ItemId, PlanVersion, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::{PlanSource, diff};
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};

/// Parcels that the worker sorts; the new plan is asked for after the first third.
const PARCELS: u32 = 60_000;
/// Parcels between two rounds of the people on the floor.
const ROUND: u32 = 50;

fn main() -> anyhow::Result<()> {
    let monday = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/monday.toml"))?;
    let tuesday = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/tuesday.toml"))?;
    print_diff(&monday, &tuesday)?;

    let engine = engine(&monday)?;
    let (ask, asked) = channel();
    let (tell, told) = channel();
    let decisions = thread::scope(|scope| {
        let worker = engine.worker(SorterId::new(0));
        let sorting = scope.spawn(move || sort_all(worker, &ask, &told));
        let published = asked.recv().map(|()| engine.publish(&tuesday));
        // The worker goes on deciding meanwhile; it only learns that there is a version to look out for.
        tell.send(published.is_ok_and(|result| result.is_ok())).ok();
        sorting.join().expect("the worker does not panic")
    })?;
    for (version, count) in &decisions.by_version {
        println!("{count} decisions by {version}");
    }
    println!("{} passes ended without a chute", decisions.ran_off);
    println!("now in force: {} version {}", engine.plan().name(), engine.plan().version().get());
    Ok(())
}

/// What the worker decided.
#[derive(Default)]
struct Decisions {
    by_version: BTreeMap<PlanVersion, u32>,
    /// Decisions for no chute: the parcel runs off and comes back.
    ran_off: u32,
}

/// Sorts every parcel and counts its decisions by plan version.
fn sort_all(mut worker: Worker, ask: &Sender<()>, told: &Receiver<bool>) -> anyhow::Result<Decisions> {
    let mut decisions = Decisions::default();
    let mut newest = PlanVersion::new(1);
    let mut waiting: VecDeque<u32> = (0..PARCELS).collect();
    let mut turn = 0;
    while let Some(number) = waiting.pop_front() {
        if turn == PARCELS / 3 {
            ask.send(())?;
        }
        if turn == PARCELS * 2 / 3 {
            anyhow::ensure!(told.recv()?, "the new plan was refused");
        }
        let at = Micros::from_millis(u64::from(turn) * 200);
        let (version, sorted) = sort_one(&mut worker, number, turn, at)?;
        anyhow::ensure!(version >= newest, "{version} after {newest}");
        newest = version;
        *decisions.by_version.entry(version).or_default() += 1;
        if !sorted {
            decisions.ran_off += 1;
            waiting.push_back(number);
        }
        turn += 1;
        if turn % ROUND == 0 {
            change_containers(&mut worker, at);
        }
    }
    anyhow::ensure!(newest == PlanVersion::new(2), "the new plan was never seen");
    anyhow::ensure!(worker.changing().next().is_none(), "a chute still changes over");
    println!("{} chutes changed over", worker.tally().changeovers);
    Ok(decisions)
}

/// Decides one parcel and discharges it where it was decided to go, or lets it run off.
fn sort_one(worker: &mut Worker, number: u32, turn: u32, at: Micros) -> anyhow::Result<(PlanVersion, bool)> {
    let item = ItemId::new(u16::try_from(turn % 50_000)? + 1);
    let code = make::s10(*b"LP", number, *b"SG");
    worker.entered(item, at, true, EncoderCount::default());
    let decision = worker.decide(&Scan {
        item,
        at,
        codes: &[&code],
        known: None,
        held: Assigned::NOTHING,
        reach: Millimetres::new(5_000),
    });
    let held = decision.assigned;
    let Some(chute) = held.chute else {
        worker.finish(item, at, &held, Fate::Left, Grams::new(400));
        return Ok((decision.plan, false));
    };
    anyhow::ensure!(worker.commit(item, at, &decision.identity, &held) == Commit::Done, "{item} was refused");
    worker.order_ended(item, at, chute, &held, OrderEnd::WithItem);
    worker.finish(item, at, &held, Fate::Discharged(chute), Grams::new(400));
    if worker.chutes().get(chute).is_some_and(|state| state.free() == 0) {
        change_container(worker, chute, at);
    }
    Ok((decision.plan, true))
}

/// What the people on the floor do in a changeover: containers that hold parcels of the old plan go.
fn change_containers(worker: &mut Worker, at: Micros) {
    worker.attend(at);
    let wanted: Vec<ChuteId> = worker.swaps_wanted(at).map(|(chute, _)| chute).collect();
    for chute in wanted {
        change_container(worker, chute, at);
    }
}

/// The container at a chute goes, an empty one comes.
fn change_container(worker: &mut Worker, chute: ChuteId, at: Micros) {
    worker.chute_changed(chute, at, ChuteReport::default());
    worker.chute_changed(chute, at, ChuteReport { container: true, ..ChuteReport::default() });
}

/// An engine that expects parcels to all of Germany.
fn engine(plan: &PlanSource) -> anyhow::Result<Arc<Engine>> {
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: CodeBook::standard(),
        destinations: Destinations::with_capacity(1_000),
        expected_parcels: PARCELS as usize,
        late_parcels: 0,
        seed: 1,
        rules: HallRules::default(),
    });
    for number in 0..PARCELS {
        let code = make::s10(*b"LP", number, *b"SG");
        let mut announcement = Announcement {
            country: "DE",
            postcode: &postcode(number),
            weight: Grams::new(400),
            clearance: Clearance::Released,
            ..Announcement::default()
        };
        announcement.codes.push(&code);
        builder.announce(&announcement)?;
    }
    Ok(builder.build(plan)?)
}

/// One of a thousand German postcodes, from 01067 in steps of 97.
fn postcode(number: u32) -> String {
    format!("{:05}", 1_067 + number % 1_000 * 97)
}

/// Tells where destinations move, before anything is published.
fn print_diff(before: &PlanSource, after: &PlanSource) -> anyhow::Result<()> {
    let mut destinations = Destinations::with_capacity(1_000);
    let germany = Country::parse("DE").ok_or_else(|| anyhow::anyhow!("Germany is served"))?;
    for number in 0..1_000 {
        destinations.get_or_add(germany, Postcode::normalise(germany, &postcode(number))?)?;
    }
    let layout = Layout::line_100();
    let before = before.compile(&layout, &destinations, PlanVersion::new(1))?;
    let after = after.compile(&layout, &destinations, PlanVersion::new(2))?;
    let change = diff(&before, &after, &destinations);
    println!("{} of {} destinations change", change.changed, change.changed + change.unchanged);
    for step in &change.moves {
        let name = |outlet: &Option<String>| outlet.clone().unwrap_or_else(|| "no outlet".to_owned());
        println!("  {} from {} to {}", step.destinations, name(&step.from), name(&step.to));
    }
    Ok(())
}
