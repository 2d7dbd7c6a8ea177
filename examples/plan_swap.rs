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
//! decision comes from exactly one version and carries it; that versions never go back.
//!
//! Run it with `cargo run --release -p sorter-examples --example plan_swap`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use sorter_core::address::{Country, Destinations, Postcode};
use sorter_core::barcode::{CodeBook, make};
use sorter_core::chute::ChuteReport;
use sorter_core::clearance::Clearance;
use sorter_core::engine::{Assigned, Engine, EngineBuilder, EngineConfig, Fate, OrderEnd, Scan, Worker};
use sorter_core::ids::{ChuteId, HubId, ItemId, PlanVersion, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest::Announcement;
use sorter_core::plan::{PlanSource, diff};
use sorter_core::units::{Grams, Micros, Millimetres};

/// Parcels that the worker sorts; the new plan is asked for after the first third.
const PARCELS: u32 = 60_000;

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
    for (version, count) in decisions {
        println!("{count} decisions by {version}");
    }
    println!("now in force: {} version {}", engine.plan().name(), engine.plan().version().get());
    Ok(())
}

/// Sorts every parcel and counts its decisions by plan version.
fn sort_all(
    mut worker: Worker,
    ask: &Sender<()>,
    told: &Receiver<bool>,
) -> anyhow::Result<BTreeMap<PlanVersion, u32>> {
    let mut decisions = BTreeMap::new();
    let mut newest = PlanVersion::new(1);
    for number in 0..PARCELS {
        if number == PARCELS / 3 {
            ask.send(())?;
        }
        if number == PARCELS * 2 / 3 {
            anyhow::ensure!(told.recv()?, "the new plan was refused");
        }
        let version = sort_one(&mut worker, number)?;
        anyhow::ensure!(version >= newest, "{version} after {newest}");
        newest = version;
        *decisions.entry(version).or_default() += 1;
    }
    anyhow::ensure!(newest == PlanVersion::new(2), "the new plan was never seen");
    Ok(decisions)
}

/// Decides one parcel and discharges it where it was decided to go.
fn sort_one(worker: &mut Worker, number: u32) -> anyhow::Result<PlanVersion> {
    let item = ItemId::new(u16::try_from(number % 50_000)? + 1);
    let at = Micros::from_millis(u64::from(number) * 200);
    let code = make::s10(*b"LP", number, *b"SG");
    worker.entered(item, at, true);
    let decision = worker.decide(&Scan {
        item,
        at,
        codes: &[&code],
        known: None,
        held: Assigned::NOTHING,
        reach: Millimetres::new(5_000),
    });
    let held = decision.assigned;
    let chute = held.chute.ok_or_else(|| anyhow::anyhow!("{item} has no chute: {}", held.reason))?;
    worker.commit(item, at, &decision.identity, &held);
    worker.order_ended(item, at, chute, &held, OrderEnd::WithItem);
    worker.finish(item, at, &held, Fate::Discharged(chute));
    change_full_container(worker, chute, at);
    Ok(decision.plan)
}

/// What the people on the floor do: a full container goes, an empty one comes.
fn change_full_container(worker: &mut Worker, chute: ChuteId, at: Micros) {
    if worker.chutes().get(chute).is_some_and(|state| state.free() == 0) {
        worker.chute_changed(chute, at, ChuteReport::default());
        worker.chute_changed(chute, at, ChuteReport { container: true, ..ChuteReport::default() });
    }
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
