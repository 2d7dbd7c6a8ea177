//! How a link ends.

use std::io;
use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::cycle::{Panel, PausedBeat, run_link};
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_plc::link::{Dial, Link, LinkConfig};
use tokio::io::DuplexStream;
use tokio::time::Instant;

use super::plc::{Counting, Scene, pass};

#[tokio::test(start_paused = true)]
async fn takes_the_permit_back_in_a_last_cycle_before_it_closes() {
    let scene = Scene::new(Duration::from_millis(1));
    scene.run_for(Duration::from_millis(1003)).await;
    let served = scene.server.plc.borrow_mut().take_served();
    let written: Vec<(u16, u16)> = served.iter().filter_map(|it| it.written).collect();
    let [.., before, last] = written[..] else { panic!("{written:?}") };
    assert_eq!(before.1, 1);
    assert_eq!(last.1, 0);
    assert_eq!(before.0, last.0, "the session is kept for a host that comes back");
    assert_eq!(served.last().unwrap().at, Duration::from_millis(1011));
    assert_eq!(scene.panel.state(), SessionState::Disconnected);
}

#[tokio::test(start_paused = true)]
async fn switches_act_on_the_next_cycle() {
    let scene = Scene::new(Duration::from_millis(1));
    let switch = async {
        for permit in [1_u16, 0, 1] {
            scene.panel.set_permit(permit == 1);
            pass(Duration::from_millis(500)).await;
            let served = scene.server.plc.borrow_mut().take_served();
            assert_eq!(served.iter().rev().find_map(|it| it.written).unwrap().1, permit);
        }
        scene.panel.stop();
    };
    tokio::join!(scene.run(), switch);
}

/// Never gets through, or is refused.
struct NoWay {
    refuses: bool,
}

impl Dial for NoWay {
    type Stream = DuplexStream;

    async fn dial(&mut self) -> io::Result<DuplexStream> {
        if self.refuses {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn ends_at_once_while_it_dials_or_backs_off() {
    for refuses in [false, true] {
        let panel = Panel::new(Counting::default());
        let mut link = Link::new(NoWay { refuses }, LinkConfig::default(), 1);
        let mut exchange = Exchange::new(ExchangeConfig::default(), 1).unwrap();
        let mut beat = PausedBeat::new(Micros::from_millis(10), Micros::ZERO);
        let stop = async {
            pass(Duration::from_millis(30_500)).await;
            panel.stop();
            Instant::now()
        };
        let ((), told) = tokio::join!(run_link(&mut link, &mut exchange, &panel, &mut beat), stop);
        assert_eq!(told.elapsed(), Duration::ZERO);
        let stats = panel.stats();
        assert_eq!((stats.cycles, stats.connects), (0, 0));
        assert!((13..40).contains(&stats.refused_connects), "{stats:?}");
    }
}
