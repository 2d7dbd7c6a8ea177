//! A sorter with plant, PLC, link, exchange, controller and engine in virtual time.

use anyhow::{Result, ensure};
use nix::time::{ClockId, clock_gettime};
use sorter_core::units::Micros;
use sorter_plc::exchange::ExchangeConfig;
use sorter_sim::live::{self, LiveOptions, Transport};
use sorter_sim::run_options::RunOptions;
use sorter_sim::scenario::Scenario;

use super::machine::Load;
use super::{Effort, Sheet};
use crate::now;

/// Parcels that come to one sorter in ten seconds at design load: 265 a second over 72 sorters.
const PARCELS_IN_10_S: u64 = 37;
/// Simulated seconds for each second of effort.
const STRETCH: u64 = 60;

/// A scenario of one sorter at design load, in which parcels arrive for so many simulated seconds.
pub(super) fn scenario(seconds: u64) -> Scenario {
    let mut scenario = Scenario {
        parcels: u32::try_from(seconds * PARCELS_IN_10_S / 10).unwrap_or(u32::MAX),
        hubs: 1,
        sorters: 1,
        arrive_within: Some(Micros::from_secs(seconds)),
        ..Scenario::default()
    };
    scenario.plant.return_time = Micros::from_secs(10);
    scenario.plant.put_back_after = Micros::from_secs(20);
    scenario
}

/// Processor time of this process, in seconds: what its neighbours on the machine do not take part in.
fn cpu_s() -> f64 {
    let spent = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    spent.map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

pub(super) fn take(effort: Effort, sheet: &mut Sheet) -> Result<()> {
    sheet.title("virtual Modbus: one sorter with plant, PLC, link, exchange, controller and engine");
    let scenario = scenario((effort.seconds * STRETCH).min(3_600));
    let exchange = ExchangeConfig::default();
    let options = LiveOptions { transport: Transport::Memory, exchange, faults: Vec::new() };
    // The first run pays for reading the tables of the network, which is no part of the figure.
    let short = Scenario { parcels: 37, arrive_within: Some(Micros::from_secs(10)), ..scenario.clone() };
    let run = |scenario: &Scenario| {
        let (begun, cpu) = (now(), cpu_s());
        let outcome = live::run(scenario, &options, &RunOptions::default(), &|_| {})?;
        let links = outcome.summary.links.clone().unwrap_or_default();
        anyhow::Ok((begun.elapsed().as_secs_f64(), cpu_s() - cpu, links.cycles, outcome.summary))
    };
    let (short_wall, short_cpu, short_cycles, _) = run(&short)?;
    let before = Load::now();
    let (wall, cpu, cycles, summary) = run(&scenario)?;
    ensure!(summary.exit_code() == 0, "the run is {:?}", summary.verdict());
    let simulated = |cycles: u64| cycles as f64 * exchange.period.get() as f64 / 1e6;
    sheet.put("virtual_parcels", summary.parcels.inducted);
    sheet.put("virtual_cycles", cycles);
    sheet.put_rounded("virtual_simulated_s", simulated(cycles), 1);
    sheet.put_rounded("virtual_wall_s", wall, 2);
    sheet.put_rounded("virtual_times_real_time", simulated(cycles) / wall, 0);
    sheet.put_rounded("virtual_processor_s", cpu, 2);
    sheet.put_rounded("virtual_times_processor_time", simulated(cycles) / cpu, 0);
    let more = simulated(cycles - short_cycles.min(cycles));
    sheet.put_rounded("virtual_times_real_time_without_set_up", more / (wall - short_wall).max(1e-9), 0);
    sheet.put_rounded("virtual_times_processor_time_without_set_up", more / (cpu - short_cpu).max(1e-9), 0);
    Load::now().since(before).put("virtual", sheet);
    Ok(())
}
