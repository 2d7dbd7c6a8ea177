//! What the loop does when its link fails.

use std::time::Duration;

use sorter_plc::cycle::IncidentKind;
use sorter_plc::exchange::{Mode, SessionState};
use sorter_plc::link::{Consequence, LinkConfig};

use super::plc::{Scene, Served, pass};

const SECOND: Duration = Duration::from_secs(1);

/// Runs a scene; after a second, when it is live, does something, and gives what was asked from then on for so long.
async fn after_a_second(scene: &Scene, act: impl FnOnce(), then: Duration) -> Vec<Served> {
    let mut seen = Vec::new();
    let watch = async {
        pass(SECOND).await;
        if scene.mode == Mode::Control {
            assert_eq!(scene.panel.state(), SessionState::Live);
        }
        scene.server.plc.borrow_mut().take_served();
        act();
        pass(then).await;
        seen = scene.server.plc.borrow_mut().take_served();
        scene.panel.stop();
    };
    tokio::join!(scene.run(), watch);
    seen
}

#[tokio::test(start_paused = true)]
async fn reads_before_it_writes_and_keeps_the_session_after_a_cut() {
    let scene = Scene::new(Duration::from_millis(1));
    let seen = after_a_second(&scene, || scene.cut.notify_one(), Duration::from_millis(100)).await;
    let first_read = seen.iter().position(|it| it.function == 3 && it.address == 0).unwrap();
    assert!(seen[..first_read].iter().all(|it| it.at <= SECOND + Duration::from_millis(10)), "{seen:?}");
    let sessions: Vec<u16> = seen.iter().filter_map(|it| it.written).map(|(session, _)| session).collect();
    assert!(sessions.len() >= 8, "{seen:?}");
    assert!(sessions.iter().all(|it| *it == sessions[0] && *it != 0), "{sessions:?}");
    assert_eq!(scene.panel.counters().sessions, 1);
    assert_eq!(scene.panel.counters().cuts, 2, "the cut and the end");
    assert_eq!(scene.panel.stats().connects, 2);
}

#[tokio::test(start_paused = true)]
async fn comes_back_within_a_cycle_when_the_server_does() {
    let scene = Scene::new(Duration::from_millis(1));
    let gone = || {
        scene.listens.set(false);
        scene.cut.notify_one();
    };
    let watch = async {
        pass(5 * SECOND).await;
        scene.listens.set(true);
    };
    let (seen, ()) = tokio::join!(after_a_second(&scene, gone, 8 * SECOND), watch);
    let back = seen.iter().find(|it| it.at > 5 * SECOND).unwrap().at;
    assert!(back < 7 * SECOND + Duration::from_millis(10), "at most the longest wait later: {back:?}");
    assert_eq!(scene.panel.state(), SessionState::Disconnected, "after the end");
    assert_eq!(scene.panel.counters().sessions, 1);
    assert!(scene.panel.stats().offline > 300);
}

#[tokio::test(start_paused = true)]
async fn a_busy_plc_costs_a_cycle_and_nothing_else() {
    for code in [5, 6] {
        let scene = Scene::new(Duration::from_millis(1));
        let busy = || scene.server.plc.borrow_mut().exceptions = vec![code; 3];
        let seen = after_a_second(&scene, busy, Duration::from_millis(100)).await;
        assert!(seen.len() >= 9, "each tick is used: {seen:?}");
        let stats = scene.panel.stats();
        assert_eq!((stats.broken, stats.connects), (3, 1));
        assert_eq!(scene.panel.counters().refused, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_its_plc_is_backed_off_from_without_closing() {
    for code in [4, 0x0A, 0x0B] {
        let scene = Scene::new(Duration::from_millis(1));
        let lost = || scene.server.plc.borrow_mut().exceptions = vec![code; 3];
        let seen = after_a_second(&scene, lost, SECOND).await;
        let gaps: Vec<u128> =
            seen.windows(2).map(|pair| (pair[1].at - pair[0].at).as_millis()).take(3).collect();
        assert!(gaps[0] <= 10, "the first time at once: {gaps:?}");
        assert!((50..=75).contains(&gaps[1]) && (100..=140).contains(&gaps[2]), "{gaps:?}");
        assert_eq!(scene.panel.stats().connects, 1);
        assert!(scene.panel.stats().offline >= 13);
    }
}

#[tokio::test(start_paused = true)]
async fn registers_that_are_not_there_stop_all_writing_until_they_are() {
    for code in [1, 2, 3] {
        let scene = Scene { link: LinkConfig::default(), ..Scene::new(Duration::from_millis(1)) };
        // Function 23 with exception 01 is only fallen back from; the write that follows is rejected.
        let answers = if code == 1 { vec![1, 1] } else { vec![code] };
        let rejects = || scene.server.plc.borrow_mut().exceptions = answers.clone();
        let seen = after_a_second(&scene, rejects, Duration::from_millis(1500)).await;
        let rejected = seen[answers.len() - 1].at;
        let next = seen[answers.len()];
        assert_eq!(next.function, 3, "it is looked at before it is written to");
        assert!(next.at - rejected >= SECOND - Duration::from_millis(10), "{code}: {next:?}");
        let faults = std::iter::from_fn(|| scene.panel.take_incident())
            .filter(|it| {
                matches!(&it.what, IncidentKind::Link(error) if error.consequence() == Consequence::Stop)
            })
            .count();
        assert_eq!(faults, 1);
        assert_eq!(scene.panel.counters().setup_faults, 1);
        assert_eq!(scene.panel.stats().connects, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_listening_exchange_writes_nothing() {
    let scene = Scene { mode: Mode::Listen, ..Scene::new(Duration::from_millis(1)) };
    let seen = after_a_second(&scene, || {}, SECOND).await;
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|it| it.function == 3), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn incidents_are_told_in_words_and_the_oldest_go_first() {
    let scene = Scene::new(Duration::from_millis(1));
    after_a_second(&scene, || scene.server.delay.set(Duration::from_millis(200)), 200 * SECOND).await;
    let incidents: Vec<String> =
        std::iter::from_fn(|| scene.panel.take_incident()).map(|it| it.to_string()).collect();
    assert_eq!(incidents.len(), 64);
    assert!(scene.panel.dropped_incidents() > 0);
    let expected = "unit 1, function 3 on 121 registers at 0 (STATUS): no whole answer came within 100 ms";
    assert!(incidents.iter().any(|it| it == expected), "{incidents:?}");
    assert!(scene.panel.take_incident().is_none());
}
