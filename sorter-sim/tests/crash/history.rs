//! One history: things go down and come back, and in the end everything comes to rest.

use sorter_core::units::Micros;

use crate::draws::Draws;
use crate::site::{Fixtures, UNKNOWN_AFTER};
use crate::stats::{Happened, Stats};
use crate::verdict;
use crate::world::World;

/// Within which time everything comes to rest once nothing goes down any more.
const PATIENCE: Micros = Micros::from_secs(240);

pub(crate) fn run(seed: u64, fixtures: &Fixtures, stats: &mut Stats) {
    let mut world = World::new(fixtures, Draws::new(seed));
    while !world.is_drained() {
        assert!(world.now < PATIENCE, "not at rest: {}", world.describe());
        world.tick();
    }
    // What is unknown by now has to be declared lost.
    let end = world.now + UNKNOWN_AFTER + Micros::from_secs(1);
    while world.now < end || !world.is_drained() {
        assert!(world.now < PATIENCE, "not at rest again: {}", world.describe());
        world.tick();
    }
    verdict::check(&mut world);
    let mut host = world.host.take().expect("the host is up at the end");
    world.close_books(&mut host);
    let (late, no_space) = world.late_syncs(&host);
    world.stats.count_many(Happened::LateSync, late);
    world.stats.count_many(Happened::NoSpace, no_space);
    stats.add(&world.stats);
}
