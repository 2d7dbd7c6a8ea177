//! Row g of the reference: exceptions leave the connection usable.

use sorter_plc::link::{Consequence, Exception, LinkConfig, LinkFault};
use sorter_plc::register_map::BlockId;

use super::server::{CYCLE, STATUS, connected, counted, exception, exchange, frame, starts_afresh, words};

#[tokio::test(start_paused = true)]
async fn keeps_the_connection_after_any_exception_and_names_the_block() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    for code in 0..=255 {
        let (outcome, ()) =
            exchange(&mut link, &STATUS, server.answer(3, |asked| exception(asked, code))).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Exception(it) if it == Exception::new(code)), "{error}");
        assert_eq!(error.block(), Some(BlockId::Status));
        let expected = match code {
            1..=3 => Consequence::Stop,
            5 | 6 => Consequence::NextCycle,
            _ => Consequence::BackOff,
        };
        assert_eq!(error.consequence(), expected);
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 8))).await;
        assert_eq!(outcome.unwrap(), counted(8));
    }
}

#[tokio::test(start_paused = true)]
async fn reads_nothing_in_a_cycle_whose_write_was_refused() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    for code in [1, 2, 3, 5, 6, 0x0A, 0x0B] {
        let (outcome, ()) =
            exchange(&mut link, &CYCLE, server.answer(16, |asked| exception(asked, code))).await;
        assert_eq!(outcome.unwrap_err().block(), Some(BlockId::Order));
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 8))).await;
        assert_eq!(outcome.unwrap(), counted(8));
    }
}

#[tokio::test(start_paused = true)]
async fn an_exception_without_a_code_ends_the_connection() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| frame(asked, &[0x83]))).await;
    assert_eq!(outcome.unwrap_err().consequence(), Consequence::Reconnect);
    starts_afresh(&mut link, &mut far, &mut server).await;
}
