//! Ticks are taken on the grid, and each link by itself.

use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::exchange::SessionState;
use sorter_plc::link::LinkConfig;
use tokio::task::LocalSet;

use super::plc::{Scene, pass};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_session_opens_and_every_tick_is_a_cycle() {
    let scene = Scene::new(Duration::from_millis(1));
    let watch = async {
        pass(10 * SECOND).await;
        assert_eq!(scene.panel.state(), SessionState::Live);
        scene.panel.stop();
    };
    tokio::join!(scene.run(), watch);
    let stats = scene.panel.stats();
    assert_eq!((stats.broken, stats.missed, stats.offline, stats.connects), (0, 0, 0, 1));
    assert!((1000..=1001).contains(&stats.cycles), "{stats:?}");
    assert_eq!(scene.panel.host().resyncs, 1);
    assert!(scene.panel.host().polls > 980);
    let longest = stats.round_trip.max().get();
    assert!((1000..1010).contains(&longest), "one function 23 at 1 ms: {longest}");
    assert_eq!(scene.panel.counters().sessions, 1);
}

#[tokio::test(start_paused = true)]
async fn every_request_stands_on_the_grid_and_no_stall_makes_a_burst() {
    let scene = Scene::new(Duration::ZERO);
    let stall = async {
        pass(SECOND).await;
        scene.server.delay.set(Duration::from_millis(95));
        pass(Duration::from_millis(20)).await;
        scene.server.delay.set(Duration::ZERO);
        pass(SECOND).await;
        scene.panel.stop();
    };
    tokio::join!(scene.run(), stall);
    let served = scene.server.plc.borrow_mut().take_served();
    let cycles: Vec<u128> =
        served.iter().filter(|it| it.written.is_some()).map(|it| it.at.as_micros()).collect();
    // Only an answer that followed the slow one in the same cycle may stand beside the grid.
    let beside = cycles.iter().filter(|at| *at % 10_000 != 0).count();
    assert!(beside <= 1, "{cycles:?}");
    let closest = cycles.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
    assert!(closest >= 5_000, "{closest}");
    let stats = scene.panel.stats();
    assert!((8..=10).contains(&stats.missed), "{stats:?}");
    assert_eq!(stats.broken, 0);
}

/// One PLC that answers in 200 ms beside one that answers in 1 ms, on the same thread.
#[tokio::test(start_paused = true)]
async fn a_slow_link_misses_its_own_ticks_and_no_other() {
    LocalSet::new()
        .run_until(async {
            let patient = LinkConfig { deadline: Micros::from_millis(500), ..LinkConfig::default() };
            let slow = Scene { link: patient, ..Scene::new(Duration::from_millis(200)) };
            let quick = Scene::new(Duration::from_millis(1));
            tokio::join!(slow.run_for(60 * SECOND), quick.run_for(60 * SECOND));
            let (slow_stats, quick_stats) = (slow.panel.stats(), quick.panel.stats());
            assert_eq!((quick_stats.missed, quick_stats.broken, quick_stats.offline), (0, 0, 0));
            assert!(quick_stats.cycles >= 6000, "{quick_stats:?}");
            assert_eq!(slow_stats.broken, 0, "slow is not broken");
            // 21 ticks a cycle, and once a second 20 more for PLANT.
            assert!((230..=250).contains(&slow_stats.cycles), "{slow_stats:?}");
            let ticks = slow_stats.cycles + slow_stats.missed;
            assert!((5980..=6030).contains(&ticks), "each tick is a cycle or missed: {ticks}");
            assert_eq!(slow.panel.counters().sessions, 1);
        })
        .await;
}
