//! Whatever is wrong with an answer, the connection is closed and nothing of it is used.

use std::time::Duration;

use sorter_core::units::Micros;
use sorter_plc::link::{Consequence, FrameFault, Function, LinkConfig, LinkError, LinkFault, Registers};
use sorter_plc::register_map::BlockId;
use tokio::time::Instant;

use super::server::{
    Asked, CYCLE, STATUS, Server, connected, counted, echo, exchange, frame, pass, starts_afresh, words,
    words_of,
};

/// Reads STATUS with this answer, which must end the connection.
async fn refused(make: impl FnOnce(&Asked) -> Vec<u8>) -> LinkError {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, make)).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.consequence(), Consequence::Reconnect, "{error}");
    assert_eq!(error.block(), Some(BlockId::Status));
    starts_afresh(&mut link, &mut far, &mut server).await;
    error
}

#[tokio::test(start_paused = true)]
async fn takes_an_answer_that_is_right_in_every_field() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    for first in 0..5 {
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, first))).await;
        assert_eq!(outcome.unwrap(), counted(first));
    }
    assert!(link.is_connected());
}

#[tokio::test(start_paused = true)]
async fn writes_the_order_block_before_it_reads_status() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    let serve = async {
        let asked = server.expect(16).await;
        assert_eq!(asked.data[..5], [0, 128, 0, 96, 192]);
        assert_eq!(asked.data[5..9], [0x10, 0x00, 0x10, 0x01]);
        server.send(&echo(&asked)).await;
        let asked = server.expect(3).await;
        assert_eq!(asked.data, [0, 0, 0, 121]);
        server.send(&words(&asked, 9)).await;
    };
    let (outcome, ()) = exchange(&mut link, &CYCLE, serve).await;
    assert_eq!(outcome.unwrap(), counted(9));
}

/// Row a of the reference: a late answer is never taken for the next one.
#[tokio::test(start_paused = true)]
async fn drops_the_socket_after_a_deadline_and_never_takes_the_late_answer() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let begun = Instant::now();
    let (outcome, asked) = exchange(&mut link, &STATUS, server.expect(3)).await;
    let error = outcome.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_millis(100));
    assert_eq!(
        error.to_string(),
        "unit 17, function 3 on 121 registers at 0 (STATUS): no whole answer came within 100 ms"
    );
    assert!(!link.is_connected());
    use tokio::io::AsyncWriteExt;
    assert!(server.stream.write_all(&words(&asked, 0)).await.is_err(), "there is nobody to take it");
    starts_afresh(&mut link, &mut far, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn drops_the_socket_when_the_caller_drops_the_future() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let mut answer = Vec::new();
    tokio::select! {
        biased;
        _ = link.request(&STATUS, &mut answer) => unreachable!("nothing answers"),
        () = pass(Duration::from_millis(5)) => {}
    }
    server.expect(3).await;
    starts_afresh(&mut link, &mut far, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn takes_an_answer_at_the_last_moment() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    let serve = async {
        let asked = server.expect(3).await;
        pass(Duration::from_millis(99)).await;
        server.send(&words(&asked, 1)).await;
    };
    let (outcome, ()) = exchange(&mut link, &STATUS, serve).await;
    assert_eq!(outcome.unwrap(), counted(1));
}

/// Row b: a peer that closes, at any point of the answer.
#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_a_dead_link_wherever_the_answer_ends() {
    for kept in [0, 1, 6, 7, 8, 9, 100, 250] {
        let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
        let serve = async {
            let asked = server.expect(3).await;
            server.send(&words(&asked, 0)[..kept]).await;
            drop(server);
        };
        let (outcome, ()) = exchange(&mut link, &STATUS, serve).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Transport(_)), "{kept}: {error}");
        assert!(!link.is_connected());
        link.connect().await.unwrap();
        let mut server = far.next().await;
        let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 2))).await;
        assert_eq!(outcome.unwrap(), counted(2));
    }
}

#[tokio::test(start_paused = true)]
async fn notices_that_the_server_closed_an_idle_connection() {
    let (mut link, _far, server) = connected(LinkConfig::default()).await;
    drop(server);
    pass(Duration::from_secs(10)).await;
    let (outcome, ()) = exchange(&mut link, &STATUS, async {}).await;
    assert!(matches!(outcome.unwrap_err().fault, LinkFault::Transport(_)));
    assert!(!link.is_connected());
}

/// Row c: fewer or more registers than asked.
#[tokio::test(start_paused = true)]
async fn refuses_another_number_of_registers() {
    for count in [0, 1, 120, 122, 125] {
        let error = refused(|asked| words_of(asked, 0, count)).await;
        assert!(
            matches!(error.fault, LinkFault::Length { expected: 121, received } if received == usize::from(count)),
            "{error}"
        );
    }
}

/// Row d: the confirmation of a write names another address or count.
#[tokio::test(start_paused = true)]
async fn refuses_a_wrong_echo() {
    for (address, count) in [(129, 96), (0, 96), (128, 95), (128, 0), (96, 128)] {
        let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
        let serve = server.answer(16, |asked| {
            let [a, b] = u16::to_be_bytes(address);
            let [c, d] = u16::to_be_bytes(count);
            frame(asked, &[16, a, b, c, d])
        });
        let (outcome, ()) = exchange(&mut link, &CYCLE, serve).await;
        let error = outcome.unwrap_err();
        let LinkFault::Echo { expected, received } = error.fault else { panic!("{error}") };
        assert_eq!(expected, Registers { address: 128, count: 96 });
        assert_eq!(received, Registers { address, count });
        starts_afresh(&mut link, &mut far, &mut server).await;
    }
}

/// Row e: a byte count that is not that of the data.
#[tokio::test(start_paused = true)]
async fn refuses_a_wrong_byte_count() {
    for bytes in [0, 1, 120, 240, 241, 243, 244, 255] {
        refused(|asked| {
            let mut frame = words(asked, 0);
            frame[8] = bytes;
            frame
        })
        .await;
    }
}

/// Row f: the unit of the answer is another one.
#[tokio::test(start_paused = true)]
async fn refuses_another_unit() {
    for unit in [0, 1, 16, 255] {
        let error = refused(|asked| words(&Asked { unit, ..asked.clone() }, 0)).await;
        assert!(matches!(error.fault, LinkFault::Header(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_another_transaction() {
    for by in [1, 2, 255, 256, 65_535] {
        let error = refused(|asked| {
            let transaction = asked.transaction.wrapping_add(by);
            words(&Asked { transaction, ..asked.clone() }, 0)
        })
        .await;
        assert!(matches!(error.fault, LinkFault::Header(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_another_function_and_an_exception_of_another_function() {
    for function in [1, 4, 6, 16, 23, 43, 0x55, 0x83 + 1, 0x90, 0xFF] {
        let error = refused(|asked| {
            let mut frame = words(asked, 0);
            frame[7] = function;
            frame
        })
        .await;
        // Some cannot even be read as what they claim to be.
        let named =
            matches!(error.fault, LinkFault::Function { .. } | LinkFault::Transport(_) | LinkFault::Frame(_));
        assert!(named, "{function}: {error}");
    }
    let error = refused(|asked| frame(asked, &[0x97, 2])).await;
    assert!(
        matches!(error.fault, LinkFault::Function { received } if received == Function::READ_WRITE),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn refuses_another_protocol_and_lengths_that_are_none() {
    for (place, value) in [(2, 1), (3, 1), (4, 1), (4, 255), (5, 0), (5, 1), (5, 3), (5, 244), (5, 246)] {
        refused(|asked| {
            let mut frame = words(asked, 0);
            frame[place] = value;
            frame
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_garbage() {
    for byte in [0x00, 0x0A, 0x41, 0x83, 0xFF] {
        refused(|_| vec![byte; 300]).await;
    }
    refused(|_| b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec()).await;
}

#[tokio::test(start_paused = true)]
async fn refuses_half_a_frame_then_silence() {
    for kept in [1, 5, 7, 8, 9, 10, 250] {
        let error = refused(|asked| words(asked, 0)[..kept].to_vec()).await;
        assert!(matches!(error.fault, LinkFault::Deadline(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_bytes_do_not_extend_the_deadline() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let begun = Instant::now();
    let serve = drip(&mut server, Duration::from_millis(3));
    let (outcome, sent) = exchange(&mut link, &STATUS, serve).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.fault, LinkFault::Deadline(_)), "{error}");
    assert_eq!(begun.elapsed().as_millis() / 3, 34, "the server notices one byte later");
    assert!((33..36).contains(&sent), "{sent}");
    starts_afresh(&mut link, &mut far, &mut server).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_single_bytes_within_the_deadline_is_right() {
    let (mut link, _far, mut server) = connected(LinkConfig::default()).await;
    let serve = drip(&mut server, Duration::ZERO);
    let (outcome, _) = exchange(&mut link, &STATUS, serve).await;
    assert_eq!(outcome.unwrap(), counted(3));
}

/// Answers in single bytes with pauses between them; how many were taken.
async fn drip(server: &mut Server, pause: Duration) -> usize {
    use tokio::io::AsyncWriteExt;
    let asked = server.expect(3).await;
    for (sent, byte) in words(&asked, 3).into_iter().enumerate() {
        if !pause.is_zero() {
            pass(pause).await;
        }
        if server.stream.write_all(&[byte]).await.is_err() {
            return sent;
        }
    }
    usize::MAX
}

#[tokio::test(start_paused = true)]
async fn each_transaction_of_a_cycle_has_its_own_deadline() {
    let config = LinkConfig { deadline: Micros::from_millis(100), ..LinkConfig::default() };
    let (mut link, _far, mut server) = connected(config).await;
    let serve = async {
        let asked = server.expect(16).await;
        pass(Duration::from_millis(80)).await;
        server.send(&echo(&asked)).await;
        let asked = server.expect(3).await;
        pass(Duration::from_millis(80)).await;
        server.send(&words(&asked, 4)).await;
    };
    let (outcome, ()) = exchange(&mut link, &CYCLE, serve).await;
    assert_eq!(outcome.unwrap(), counted(4));
}

#[tokio::test(start_paused = true)]
async fn refuses_an_answer_with_something_behind_it() {
    let error = refused(|asked| [words(asked, 0), vec![0]].concat()).await;
    assert!(matches!(error.fault, LinkFault::Frame(FrameFault::Trailing { bytes: 1 })), "{error}");
    let error = refused(|asked| [words(asked, 0), words(asked, 0)].concat()).await;
    assert!(matches!(error.fault, LinkFault::Frame(FrameFault::Trailing { bytes: 251 })), "{error}");
}

/// An answer that is right for a request that was not made yet cannot be told from a quick server, but for its time.
#[tokio::test(start_paused = true)]
async fn writes_nothing_when_something_came_unasked() {
    let (mut link, mut far, mut server) = connected(LinkConfig::default()).await;
    let mut next = None;
    let serve = server.answer(3, |asked| {
        next = Some(Asked { transaction: asked.transaction + 1, ..asked.clone() });
        words(asked, 0)
    });
    exchange(&mut link, &STATUS, serve).await.0.unwrap();
    server.send(&words(&next.unwrap(), 0)).await;
    let (outcome, ()) = exchange(&mut link, &STATUS, async {}).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.fault, LinkFault::Frame(FrameFault::Unasked)), "{error}");
    starts_afresh(&mut link, &mut far, &mut server).await;
}
