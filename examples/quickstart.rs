//! Three parcels of a manifest; one of them is scanned, committed and discharged.
//!
//! Shows: what an embedder sets up before the day, the calls for one item at the scanner, at the point of no
//! return and at the chute, and what the engine says about it afterwards.
//!
//! Run it with `cargo run --release -p sorter-examples --example quickstart`.

use std::sync::Arc;

use sorter_core::address::Destinations;
use sorter_core::barcode::CodeBook;
use sorter_core::engine::{Assigned, Commit, EngineBuilder, EngineConfig, Fate, HallRules, OrderEnd, Scan};
use sorter_core::event_log::Keep;
use sorter_core::ids::{HubId, ItemId, SorterId};
use sorter_core::layout::Layout;
use sorter_core::manifest;
use sorter_core::plan::PlanSource;
use sorter_core::units::{EncoderCount, Grams, Micros, Millimetres};

const MANIFEST: &str = "codes,country,postcode,weight_g,clearance
LP263072004SG LP00239506206926,DE,10115,420,released
RB123456785GB,AT,1010,180,released
354123455501152989,FR,75001,950,hold_inspect
";

fn main() -> anyhow::Result<()> {
    // Before the day: announced parcels and a checked sort plan make an engine.
    let codes = CodeBook::standard();
    let mut builder = EngineBuilder::new(EngineConfig {
        hub: HubId::new(0),
        layout: Arc::new(Layout::line_100()),
        codes: codes.clone(),
        destinations: Destinations::with_capacity(3),
        expected_parcels: 3,
        late_parcels: 100,
        seed: 1,
        rules: HallRules::default(),
    });
    let announced = manifest::read(MANIFEST.as_bytes(), "day.csv", &codes, std::io::sink(), |row| {
        builder.announce_row(row).map(|_| ())
    })?;
    let plan = PlanSource::read(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/monday.toml"))?;
    let engine = builder.build(&plan)?;
    println!("{announced}");

    // At the scanner: which chute? The item is 5 m from the induction; the engine asks no clock.
    let mut worker = engine.worker(SorterId::new(0));
    worker.keep(Keep::Last(1_000));
    let item = ItemId::new(1);
    worker.entered(item, Micros::ZERO, true, EncoderCount::default());
    let decision = worker.decide(&Scan {
        item,
        at: Micros::from_millis(2_000),
        codes: &[b"LP263072004SG\r\n"],
        known: None,
        held: Assigned::NOTHING,
        reach: Millimetres::new(5_000),
    });
    let held = decision.assigned;
    let chute = held.chute.ok_or_else(|| anyhow::anyhow!("no chute: {}", held.reason))?;
    println!("{item} goes to {chute} by {}: {}", decision.plan, held.reason);

    // Where its order can no longer be replaced with certainty: does the decision still stand?
    let at = Micros::from_millis(3_500);
    anyhow::ensure!(worker.commit(item, at, &decision.identity, &held) == Commit::Done);

    // The PLC reports the discharge: the order ends, its reserved place becomes a filled one.
    let at = Micros::from_millis(4_800);
    worker.order_ended(item, at, chute, &held, OrderEnd::WithItem);
    worker.finish(item, at, &held, Fate::Discharged(chute), Grams::new(420));
    println!("{}", worker.balance());

    for code in [&b"LP00239506206926"[..], b"354123455501152989"] {
        let explanation = engine.explain(code).ok_or_else(|| anyhow::anyhow!("not announced"))?;
        println!("{}", explanation.with_workers([&worker]));
    }
    Ok(())
}
