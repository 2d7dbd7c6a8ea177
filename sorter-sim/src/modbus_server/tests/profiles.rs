use std::time::Duration;

use sorter_core::units::Micros;
use tokio::time::Instant;
use tokio_modbus::client::{Reader, Writer, tcp};
use tokio_modbus::slave::{Slave, SlaveContext};
use tokio_modbus::{ExceptionCode, prelude::Client};

use super::*;

#[test]
fn a_client_that_is_not_ours_reads_and_writes() {
    in_virtual_time(async {
        let Rig { bank, client, .. } = Rig::plain();
        let mut client = tcp::attach_slave(client, Slave(17));
        assert_eq!(client.read_holding_registers(10, 3).await.unwrap(), Ok(vec![10, 11, 12]));
        client.write_single_register(5, 0xABCD).await.unwrap().unwrap();
        let image: Vec<u16> = (1_000..1_100).collect();
        client.write_multiple_registers(100, &image).await.unwrap().unwrap();
        assert_eq!(bank.borrow().words()[5], 0xABCD);
        assert_eq!(bank.borrow().words()[100..], image[..]);
        let read = client.read_write_multiple_registers(4, 2, 4, &[77]).await.unwrap();
        assert_eq!(read, Ok(vec![77, 0xABCD]));
        assert_eq!(
            client.read_holding_registers(199, 2).await.unwrap(),
            Err(ExceptionCode::IllegalDataAddress)
        );
        assert_eq!(client.read_coils(0, 1).await.unwrap(), Err(ExceptionCode::IllegalFunction));
        assert_eq!(
            client.read_holding_registers(0, 126).await.unwrap(),
            Err(ExceptionCode::IllegalDataValue)
        );
        client.set_slave(Slave(255));
        assert_eq!(client.read_holding_registers(0, 1).await.unwrap(), Ok(vec![0]));
        client.disconnect().await.unwrap();
    });
}

#[test]
fn quantities_and_ranges_out_of_bounds_are_exceptions_and_change_nothing() {
    in_virtual_time(async {
        let mut rig = Rig::plain();
        for (pdu, answer) in [
            (&[3, 0, 0, 0, 0][..], [0x83, 3]),
            (&[3, 0, 0, 0, 126], [0x83, 3]),
            (&[3, 0xFF, 0xFF, 0, 2], [0x83, 2]),
            (&[16, 0, 4, 0, 0, 0], [0x90, 3]),
            (&[16, 0, 4, 0, 1, 2, 0], [0x90, 3]),
            (&[16, 0xFF, 0xFF, 0, 2, 4, 0, 1, 0, 2], [0x90, 2]),
            (&[23, 0, 4, 0, 0, 0, 4, 0, 1, 2, 0, 7], [0x97, 3]),
            (&[23, 0, 4, 0, 1, 0, 4, 0, 0, 0], [0x97, 3]),
            (&[6, 1, 0, 0, 7], [0x86, 2]),
            (&[1, 0, 0, 0, 1], [0x81, 1]),
            (&[2, 0, 0, 0, 1], [0x82, 1]),
            (&[4, 0, 0, 0, 1], [0x84, 1]),
            (&[5, 0, 0, 0xFF, 0], [0x85, 1]),
            (&[15, 0, 0, 0, 1, 1, 1], [0x8F, 1]),
        ] {
            assert_eq!(rig.ask(pdu).await, answer, "{pdu:?}");
        }
        assert_eq!(rig.word(4), 4);
        assert_eq!(rig.server.counters().exceptions, 14);
    });
}

#[test]
fn a_frame_of_eight_bytes_costs_no_more_than_another() {
    in_virtual_time(async {
        let mut rig = Rig::plain();
        let begin = Instant::now();
        for _ in 0..1_000 {
            assert_eq!(rig.ask(&[3]).await, [0x83, 3]);
        }
        assert_eq!(rig.ask(&READ_TWO).await, [3, 4, 0, 4, 0, 5]);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    });
}

#[test]
fn bytes_that_are_no_modbus_close_the_connection_after_what_came_before_is_answered() {
    in_virtual_time(async {
        let mut rig = Rig::plain();
        let bytes = [adu(1, 1, &READ_TWO), b"GET / HTTP/1.1\r\n".to_vec()].concat();
        send(&mut rig.client, &bytes).await;
        assert_eq!(rest(&mut rig.client).await.len(), 13);
        assert!(matches!(rig.ended.await, Ok(Ended::Malformed(_))));
        assert_eq!(rig.server.counters().malformed, 1);
    });
}

#[test]
fn a_request_may_come_byte_by_byte() {
    in_virtual_time(async {
        let mut rig = Rig::plain();
        for byte in adu(3, 1, &READ_TWO) {
            send(&mut rig.client, &[byte]).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(receive(&mut rig.client).await.unwrap()[7..], [3, 4, 0, 4, 0, 5]);
    });
}

#[test]
fn function_23_writes_first_or_reads_first() {
    in_virtual_time(async {
        assert_eq!(Rig::plain().ask(&WRITE_AND_READ).await, [23, 2, 0, 7]);
        let mut rig = Rig::named("fc23-read-first");
        assert_eq!(rig.ask(&WRITE_AND_READ).await, [23, 2, 0, 4]);
        assert_eq!(rig.word(4), 7);
    });
}

#[test]
fn function_23_is_absent_in_every_way_that_devices_have() {
    in_virtual_time(async {
        for (profile, answer) in [("no-fc23", [0x97, 1]), ("fc23-exception-03", [0x97, 3])] {
            let mut rig = Rig::named(profile);
            assert_eq!(rig.ask(&WRITE_AND_READ).await, answer);
            // Whatever its form, it is the function that is not there.
            assert_eq!(rig.ask(&[23]).await, answer);
            assert_eq!(rig.word(4), 4);
        }
        let mut rig = Rig::named("fc23-silent");
        rig.send(1, &WRITE_AND_READ).await;
        assert!(rig.is_silent().await);
        assert_eq!(rig.ask(&READ_TWO).await, [3, 4, 0, 4, 0, 5]);
        let mut rig = Rig::named("fc23-reset");
        rig.send(1, &WRITE_AND_READ).await;
        assert!(rest(&mut rig.client).await.is_empty());
        assert!(matches!(rig.ended.await, Ok(Ended::Reset)));
    });
}

#[test]
fn unknown_functions_are_silent_or_reset() {
    in_virtual_time(async {
        let mut rig = Rig::named("unknown-silent");
        rig.send(1, &[43, 14, 1, 0]).await;
        assert!(rig.is_silent().await);
        assert_eq!(rig.ask(&READ_TWO).await.len(), 6);
        let mut rig = Rig::named("unknown-reset");
        rig.send(1, &[43, 14, 1, 0]).await;
        assert!(rest(&mut rig.client).await.is_empty());
    });
}

#[test]
fn limits_of_quantities_are_those_of_the_device() {
    in_virtual_time(async {
        let write =
            |count: u8| [&[16, 0, 0, 0, count, count * 2][..], &vec![0; usize::from(count) * 2]].concat();
        let mut rig = Rig::named("write-100");
        assert_eq!(rig.ask(&write(100)).await, [16, 0, 0, 0, 100]);
        assert_eq!(rig.ask(&write(101)).await, [0x90, 3]);
        let mut rig = Rig::named("read-45");
        assert_eq!(rig.ask(&[3, 0, 0, 0, 45]).await.len(), 92);
        assert_eq!(rig.ask(&[3, 0, 0, 0, 46]).await, [0x83, 3]);
        let mut rig = Rig::named("read-126");
        assert_eq!(rig.ask(&[3, 0, 0, 0, 126]).await[..2], [3, 252]);
        assert_eq!(rig.ask(&[3, 0, 0, 0, 127]).await, [0x83, 3]);
        let mut rig = Rig::named("short-reply");
        assert_eq!(rig.ask(&[3, 0, 0, 0, 100]).await.len(), 2 + 74);
    });
}

#[test]
fn a_write_may_be_echoed_wrong() {
    in_virtual_time(async {
        assert_eq!(Rig::plain().ask(&WRITE_SEVEN).await, [16, 0, 4, 0, 1]);
        assert_eq!(Rig::named("wrong-echo-address").ask(&WRITE_SEVEN).await, [16, 0, 5, 0, 1]);
        assert_eq!(Rig::named("wrong-echo-count").ask(&WRITE_SEVEN).await, [16, 0, 4, 0, 0]);
    });
}

#[test]
fn foreign_units_get_no_answer_and_a_gateway_answers_as_255() {
    in_virtual_time(async {
        let mut rig = Rig::named("unit-1");
        send(&mut rig.client, &adu(1, 2, &READ_TWO)).await;
        assert!(rig.is_silent().await);
        assert_eq!(rig.ask(&READ_TWO).await.len(), 6);
        assert_eq!(rig.server.counters().foreign_units, 1);
        let mut rig = Rig::named("unit-echo-255");
        rig.send(1, &READ_TWO).await;
        assert_eq!(receive(&mut rig.client).await.unwrap()[6], 255);
        rig.send(1, &[99]).await;
        assert_eq!(receive(&mut rig.client).await.unwrap()[6..], [255, 0xE3, 1]);
    });
}

/// Sends three requests in one piece and gives the transactions of the answers.
async fn pipelined(rig: &mut Rig) -> Vec<u8> {
    let bytes: Vec<u8> = (1..=3).flat_map(|transaction| adu(transaction, 1, &READ_TWO)).collect();
    send(&mut rig.client, &bytes).await;
    let mut transactions = Vec::new();
    while let Some(answer) = receive(&mut rig.client).await {
        transactions.push(answer[1]);
    }
    transactions
}

#[test]
fn requests_that_come_together_are_answered_in_order_lost_or_reversed() {
    in_virtual_time(async {
        assert_eq!(pipelined(&mut Rig::plain()).await, [1, 2, 3]);
        let mut rig = Rig::named("pipelined-lost");
        assert_eq!(pipelined(&mut rig).await, [1]);
        assert_eq!(rig.server.counters().lost_pipelined, 2);
        assert_eq!(pipelined(&mut Rig::named("pipelined-reversed")).await, [3, 2, 1]);
    });
}

#[test]
fn one_request_is_served_at_each_scan() {
    in_virtual_time(async {
        let mut rig = Rig::named("scan");
        // The grid begins with the first request.
        rig.ask(&READ_TWO).await;
        let begin = Instant::now();
        tokio::time::advance(Duration::from_millis(3)).await;
        let mut times = Vec::new();
        for _ in 0..3 {
            rig.ask(&READ_TWO).await;
            times.push(begin.elapsed().as_millis());
        }
        assert_eq!(times, [10, 20, 30]);
    });
}

#[test]
fn what_a_scan_answers_is_read_at_the_scan() {
    in_virtual_time(async {
        let mut rig = Rig::named("scan");
        rig.send(1, &READ_TWO).await;
        tokio::time::advance(Duration::from_millis(5)).await;
        rig.bank.borrow_mut().words_mut()[4] = 99;
        assert_eq!(receive(&mut rig.client).await.unwrap()[9..], [0, 99, 0, 5]);
    });
}

#[test]
fn a_slow_device_takes_its_time_for_each_answer_and_holds_up_only_its_own_clients() {
    in_virtual_time(async {
        let mut rig = Rig::named("slow");
        let (mut other, _ended) = connect(&rig.server);
        let begin = Instant::now();
        send(&mut other, &adu(5, 1, &READ_TWO)).await;
        rig.ask(&READ_TWO).await;
        assert_eq!(receive(&mut other).await.unwrap()[1], 5);
        assert_eq!(begin.elapsed(), Duration::from_millis(200));
    });
}

#[test]
fn an_idle_client_is_closed_and_a_busy_one_is_not() {
    in_virtual_time(async {
        let mut rig = Rig::named("idle-close");
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(9)).await;
            assert_eq!(rig.ask(&READ_TWO).await.len(), 6);
        }
        let begin = Instant::now();
        let mut rest = Vec::new();
        rig.client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::from_secs(10));
        assert!(matches!(rig.ended.await, Ok(Ended::Idle)));
        assert_eq!(rig.server.counters().idle_closed, 1);
    });
}

#[test]
fn a_client_that_takes_no_answers_is_closed_too() {
    in_virtual_time(async {
        let idle_close = Some(Micros::from_secs(1));
        let profile = ServerProfile { idle_close, ..ServerProfile::default() };
        let mut rig = Rig::new(profile, WireFaults::none());
        let requests: Vec<u8> = (0..100).flat_map(|n| adu(n, 1, &[3, 0, 0, 0, 125])).collect();
        send(&mut rig.client, &requests).await;
        assert!(matches!(rig.ended.await, Ok(Ended::Idle)));
    });
}
