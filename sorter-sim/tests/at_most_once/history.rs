//! One history: faults, then none, then everything has to come to an end.

use sorter_plc::exchange::SessionState;

use crate::draws::Draws;
use crate::machine::Pace;
use crate::stats::{Happened, Stats};
use crate::weather::Weather;
use crate::world::World;

/// Ticks within which everything drains once the faults have stopped.
const PATIENCE: u64 = 1_500;

pub(crate) fn run(seed: u64, mut world: World, stats: &mut Stats) {
    world.draws = Draws::new(seed);
    world.weather = Weather::draw(&mut world.draws);
    if world.draws.permille(100) {
        world.wrap_items();
    }
    let ticks = 60 + world.draws.below(140);
    for _ in 0..ticks {
        tick(&mut world);
    }
    world.weather = Weather::default();
    world.machine.pace = Pace::Ending;
    let end = world.tick + PATIENCE;
    while !is_drained(&mut world) {
        assert!(world.tick < end, "not drained: {:?} {:?}", world.exchange.state(), world.machine);
        world.calm_tick();
        world.watch_heartbeat();
    }
    // PLANT is read every ten ticks.
    for _ in 0..15 {
        world.calm_tick();
    }
    assert_eq!(world.exchange.session(), world.plc.session());
    world.ledger.settle(world.machine.boot, world.memory.last_event);
    let told = world.memory.plant.map(|image| (image.inducted, image.unexpected, image.left, image.lost));
    let image = world.machine.image();
    assert_eq!(told, Some((image.inducted, image.unexpected, image.left, image.lost)));
    world.close_books();
    stats.add(&world.ledger.stats);
}

fn tick(world: &mut World) {
    let weather = world.weather;
    world.tick += 1;
    if world.draws.permille(weather.plc_restart) {
        world.restart_plc();
    }
    if world.draws.permille(weather.host_restart) {
        world.restart_host();
    }
    if world.draws.permille(weather.plc_stall) {
        world.count(Happened::PlcStall);
        world.plc_stands = world.tick + 1 + u64::from(world.draws.below(20));
    }
    if world.draws.permille(weather.host_stall) {
        world.count(Happened::HostStall);
        world.host_stands = world.tick + 1 + u64::from(world.draws.below(20));
    }
    if world.draws.permille(weather.flood) {
        world.machine.flood = true;
    }
    if world.draws.permille(weather.glitch) {
        world.count(Happened::EncoderGlitch);
        world.machine.glitch = true;
    }
    world.deliver_double();
    world.deliver_late();
    let scans = match world.draws.below(1_000) {
        luck if luck >= weather.jitter => 1,
        luck => 2 * (luck % 2),
    };
    let scan_first = world.draws.permille(500);
    if scan_first {
        (0..scans).for_each(|_| world.plc_scan());
    }
    if world.tick >= world.host_stands {
        world.host_cycle();
    }
    if !scan_first {
        (0..scans).for_each(|_| world.plc_scan());
    }
    world.watch_heartbeat();
}

fn is_drained(world: &mut World) -> bool {
    world.exchange.state() == SessionState::Live
        && world.is_connected()
        && world.machine.is_empty()
        && world.nothing_waits()
}
