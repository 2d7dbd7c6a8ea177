//! Function 23 is used after a probe, which runs only when the exchange allows it.

use std::time::Duration;

use sorter_plc::link::{Function, Function23, Link, LinkConfig, LinkFault};

use super::server::{
    CYCLE, Far, PROBE, PipeDial, STATUS, Server, connected, counted, echo, exception, exchange, pass, words,
    words_of,
};

/// A cycle as functions 16 and 3.
async fn in_two(link: &mut Link<PipeDial>, server: &mut Server) {
    let serve = async {
        server.answer(16, echo).await;
        server.answer(3, |asked| words(asked, 1)).await;
    };
    let (outcome, ()) = exchange(link, &PROBE, serve).await;
    assert_eq!(outcome.unwrap(), counted(1));
}

/// A cycle as function 23.
async fn in_one(link: &mut Link<PipeDial>, server: &mut Server) {
    let (outcome, ()) = exchange(link, &CYCLE, server.answer(23, |asked| words(asked, 2))).await;
    assert_eq!(outcome.unwrap(), counted(2));
}

async fn reconnected(link: &mut Link<PipeDial>, far: &mut Far) -> Server {
    assert!(!link.is_connected());
    link.connect().await.unwrap();
    far.next().await
}

/// A link that has found function 23.
async fn probed() -> (Link<PipeDial>, Far, Server) {
    let (mut link, far, mut server) = connected(LinkConfig::default()).await;
    let serve = async {
        let asked = server.expect(23).await;
        assert_eq!(asked.data[..9], [0, 0, 0, 121, 0, 128, 0, 96, 192]);
        assert_eq!(asked.data[9..13], [0x10, 0x00, 0x10, 0x01]);
        server.send(&words(&asked, 6)).await;
    };
    let (outcome, ()) = exchange(&mut link, &PROBE, serve).await;
    assert_eq!(outcome.unwrap(), counted(6));
    assert!(link.uses_function_23());
    (link, far, server)
}

#[tokio::test(start_paused = true)]
async fn does_not_try_it_before_it_may() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    let serve = async {
        server.answer(16, echo).await;
        server.answer(3, |asked| words(asked, 1)).await;
    };
    let (outcome, ()) = exchange(&mut link, &CYCLE, serve).await;
    assert_eq!(outcome.unwrap(), counted(1));
    assert!(!link.uses_function_23());
}

#[tokio::test(start_paused = true)]
async fn never_tries_it_when_told_so() {
    let config = LinkConfig { function_23: Function23::Never, ..LinkConfig::default() };
    let (mut link, _far, mut server) = connected(config).await;
    in_two(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn remembers_over_connections_that_it_is_there() {
    let (mut link, mut far, mut server) = probed().await;
    in_one(&mut link, &mut server).await;
    link.disconnect();
    let mut server = reconnected(&mut link, &mut far).await;
    in_one(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn any_exception_to_the_probe_means_absent_and_the_cycle_goes_on() {
    for code in [1, 2, 3, 4, 5, 6, 0x0A, 0x0B, 0x55] {
        let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
        let serve = async {
            server.answer(23, |asked| exception(asked, code)).await;
            server.answer(16, echo).await;
            server.answer(3, |asked| words(asked, 3)).await;
        };
        let (outcome, ()) = exchange(&mut link, &PROBE, serve).await;
        assert_eq!(outcome.unwrap(), counted(3));
        in_two(&mut link, &mut server).await;
        link.disconnect();
        let mut server = reconnected(&mut link, &mut far).await;
        in_two(&mut link, &mut server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_probe_means_absent() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let (outcome, _) = exchange(&mut link, &PROBE, server.expect(23)).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.fault, LinkFault::Deadline(_)), "{error}");
    assert_eq!(error.asked.unwrap().function, Function::READ_WRITE);
    let mut server = reconnected(&mut link, &mut far).await;
    in_two(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_after_the_probe_means_absent() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let serve = async {
        server.expect(23).await;
        drop(server);
    };
    let (outcome, ()) = exchange(&mut link, &PROBE, serve).await;
    assert!(matches!(outcome.unwrap_err().fault, LinkFault::Transport(_)));
    let mut server = reconnected(&mut link, &mut far).await;
    in_two(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn a_short_answer_to_the_probe_means_absent() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let (outcome, ()) = exchange(&mut link, &PROBE, server.answer(23, |asked| words_of(asked, 0, 74))).await;
    assert!(matches!(outcome.unwrap_err().fault, LinkFault::Length { expected: 121, received: 74 }));
    let mut server = reconnected(&mut link, &mut far).await;
    in_two(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn falls_back_when_it_is_suddenly_an_illegal_function() {
    let (mut link, mut far, mut server) = probed().await;
    let serve = async {
        server.answer(23, |asked| exception(asked, 1)).await;
        server.answer(16, echo).await;
        server.answer(3, |asked| words(asked, 4)).await;
    };
    let (outcome, ()) = exchange(&mut link, &CYCLE, serve).await;
    assert_eq!(outcome.unwrap(), counted(4));
    link.disconnect();
    let mut server = reconnected(&mut link, &mut far).await;
    in_two(&mut link, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn other_exceptions_say_nothing_about_the_function() {
    let (mut link, _far, mut server) = probed().await;
    for code in [2, 3, 4, 5, 6, 0x0A, 0x0B] {
        let (outcome, ()) =
            exchange(&mut link, &CYCLE, server.answer(23, |asked| exception(asked, code))).await;
        assert!(matches!(outcome.unwrap_err().fault, LinkFault::Exception(_)));
        in_one(&mut link, &mut server).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_lost_answer_does_not_give_it_up() {
    let (mut link, mut far, mut server) = probed().await;
    for _ in 0..5 {
        let (outcome, _) = exchange(&mut link, &CYCLE, server.expect(23)).await;
        assert!(matches!(outcome.unwrap_err().fault, LinkFault::Deadline(_)));
        server = reconnected(&mut link, &mut far).await;
        in_one(&mut link, &mut server).await;
    }
}

/// A PLC that was replaced by one that is silent on function 23, while its reads go on.
#[tokio::test(start_paused = true)]
async fn gives_it_up_when_it_fails_twice_while_reads_work() {
    let (mut link, mut far, mut server) = probed().await;
    for _ in 0..2 {
        let (outcome, _) = exchange(&mut link, &CYCLE, server.expect(23)).await;
        assert!(matches!(outcome.unwrap_err().fault, LinkFault::Deadline(_)));
        server = reconnected(&mut link, &mut far).await;
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 5))).await;
        assert_eq!(outcome.unwrap(), counted(5));
        pass(Duration::from_millis(10)).await;
    }
    in_two(&mut link, &mut server).await;
}
