use std::time::Duration;

use sorter_core::units::Micros;
use tokio::time::Instant;

use super::*;

/// A rig whose next request is struck by a fault.
fn struck_by(fault: WireFault) -> Rig {
    let rig = Rig::plain();
    assert!(rig.server.faults().ask(fault));
    rig
}

/// What comes for one request, up to a long silence or the end.
async fn all_that_comes(rig: &mut Rig, pdu: &[u8]) -> Vec<u8> {
    rig.send(9, pdu).await;
    let mut bytes = Vec::new();
    while let Ok(Ok(byte)) = timeout(LONG, rig.client.read_u8()).await {
        bytes.push(byte);
    }
    bytes
}

/// The right answer to [`WRITE_SEVEN`].
const DONE: [u8; 12] = [0, 9, 0, 0, 0, 6, 1, 16, 0, 4, 0, 1];

#[test]
fn a_lost_request_does_nothing_and_a_lost_answer_hides_what_was_done() {
    in_virtual_time(async {
        for (fault, word) in [(WireFault::Drop, 4), (WireFault::Silence, 7)] {
            let mut rig = struck_by(fault);
            assert!(all_that_comes(&mut rig, &WRITE_SEVEN).await.is_empty());
            assert_eq!(rig.word(4), word);
            assert_eq!(rig.ask(&WRITE_SEVEN).await, DONE[7..]);
            assert_eq!(rig.server.faults().count(fault), 1);
        }
    });
}

#[test]
fn a_delayed_answer_is_whole_and_late() {
    in_virtual_time(async {
        let mut rig = struck_by(WireFault::Delay);
        rig.server.faults().set_longest_delay(Micros::from_secs(4));
        let begin = Instant::now();
        assert_eq!(rig.ask(&WRITE_SEVEN).await, DONE[7..]);
        assert!((1..=4_001).contains(&begin.elapsed().as_millis()), "{:?}", begin.elapsed());
        assert_eq!(rig.word(4), 7);
    });
}

#[test]
fn a_split_answer_comes_byte_by_byte() {
    in_virtual_time(async {
        let mut rig = struck_by(WireFault::Split);
        rig.server.faults().set_longest_delay(Micros::from_secs(60));
        rig.send(9, &WRITE_SEVEN).await;
        let mut pieces = Vec::new();
        let mut room = [0; 64];
        while pieces.len() < DONE.len() {
            let begin = Instant::now();
            let count = rig.client.read(&mut room).await.unwrap();
            pieces.push((count, room[0]));
            assert!(begin.elapsed() < Duration::from_secs(6));
        }
        assert_eq!(pieces, DONE.map(|byte| (1, byte)));
    });
}

#[test]
fn an_answer_may_come_twice_or_after_the_next() {
    in_virtual_time(async {
        let mut rig = struck_by(WireFault::Duplicate);
        assert_eq!(all_that_comes(&mut rig, &WRITE_SEVEN).await, [DONE, DONE].concat());
        let mut rig = struck_by(WireFault::Reorder);
        assert!(all_that_comes(&mut rig, &WRITE_SEVEN).await.is_empty());
        let both = all_that_comes(&mut rig, &READ_TWO).await;
        assert_eq!(both[7..13], [3, 4, 0, 7, 0, 5]);
        assert_eq!(both[13..], DONE);
    });
}

#[test]
fn a_cut_ends_the_connection_before_after_or_inside_the_answer() {
    in_virtual_time(async {
        let (mut before, mut after, mut inside) = (0, 0, 0);
        for seed in 0..40 {
            let faults = WireFaults::new(seed, FaultRates::NONE);
            assert!(faults.ask(WireFault::Cut));
            let mut rig = Rig::new(ServerProfile::default(), faults);
            let bytes = all_that_comes(&mut rig, &WRITE_SEVEN).await;
            assert!(bytes.len() < DONE.len() && DONE.starts_with(&bytes));
            match (rig.word(4), bytes.len()) {
                (4, 0) => before += 1,
                (7, 0) => after += 1,
                (7, _) => inside += 1,
                (word, count) => panic!("register holds {word} after {count} bytes"),
            }
            assert!(matches!(rig.ended.await, Ok(Ended::Cut)));
            assert_eq!(rig.server.counters().cut, 1);
        }
        assert!(before > 0 && after > 0 && inside > 0, "{before} {after} {inside}");
    });
}

#[test]
fn wrong_answers_are_wrong_in_the_field_that_they_are_named_after() {
    in_virtual_time(async {
        for seed in 0..40 {
            for fault in [
                WireFault::WrongTransaction,
                WireFault::WrongUnit,
                WireFault::WrongLength,
                WireFault::Exception,
                WireFault::Garbage,
            ] {
                let faults = WireFaults::new(seed, FaultRates::NONE);
                assert!(faults.ask(fault));
                let mut rig = Rig::new(ServerProfile::default(), faults);
                let bytes = all_that_comes(&mut rig, &WRITE_SEVEN).await;
                assert_ne!(bytes, DONE, "{fault:?} {seed}");
                match fault {
                    WireFault::WrongTransaction => assert_eq!(bytes[2..], DONE[2..]),
                    WireFault::WrongUnit => assert_eq!((&bytes[..6], &bytes[7..]), (&DONE[..6], &DONE[7..])),
                    WireFault::WrongLength if bytes.len() == DONE.len() => {
                        assert_eq!((&bytes[..5], &bytes[6..]), (&DONE[..5], &DONE[6..]));
                    }
                    WireFault::WrongLength => assert!(bytes.starts_with(&DONE) || DONE.starts_with(&bytes)),
                    WireFault::Exception => {
                        assert_eq!((bytes.len(), bytes[7]), (9, 0x90));
                        assert_eq!(rig.word(4), 4);
                    }
                    _ => assert!((1..=64).contains(&bytes.len())),
                }
                assert_eq!(rig.server.faults().count(fault), 1);
                // The server itself goes on as if nothing had been.
                assert_eq!(all_that_comes(&mut rig, &WRITE_SEVEN).await, DONE);
            }
        }
    });
}

#[test]
fn a_torn_read_is_half_old_and_half_new() {
    in_virtual_time(async {
        let mut rig = struck_by(WireFault::Tear);
        rig.send(9, &[3, 0, 0, 0, 100]).await;
        tokio::time::advance(Duration::ZERO).await;
        tokio::task::yield_now().await;
        rig.bank.borrow_mut().words_mut().fill(0xAAAA);
        let answer = receive(&mut rig.client).await.unwrap();
        let words: Vec<u16> =
            answer[9..].chunks(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]])).collect();
        let seam = words.iter().position(|word| *word == 0xAAAA).expect("the second half is new");
        assert!((1..100).contains(&seam));
        assert!(words[..seam].iter().zip(0..).all(|(word, old)| *word == old));
        assert!(words[seam..].iter().all(|word| *word == 0xAAAA));
    });
}

#[test]
fn a_torn_write_is_done_in_two_halves_and_answered_once() {
    in_virtual_time(async {
        let mut rig = struck_by(WireFault::Tear);
        let pdu = [&[16, 0, 10, 0, 20, 40][..], &[0xBB; 40]].concat();
        rig.send(9, &pdu).await;
        tokio::task::yield_now().await;
        let written = |rig: &Rig| rig.bank.borrow().words().iter().filter(|word| **word == 0xBBBB).count();
        assert!((1..20).contains(&written(&rig)));
        assert_eq!(receive(&mut rig.client).await.unwrap()[7..], [16, 0, 10, 0, 20]);
        assert_eq!(written(&rig), 20);
    });
}

#[test]
fn the_same_seed_spoils_the_same_conversation_in_the_same_way() {
    let conversation = |seed| {
        let mut heard = Vec::new();
        in_virtual_time(async {
            let rates: FaultRates = "all=0.05,cut=0".parse().unwrap();
            let mut rig = Rig::new(ServerProfile::default(), WireFaults::new(seed, rates));
            for _ in 0..200 {
                heard.push(all_that_comes(&mut rig, &READ_TWO).await);
            }
            heard.push(rig.server.faults().counts().map(|(_, count)| count as u8).collect());
            // Switched off, all is well again; an answer that was held back comes with the next.
            rig.server.faults().set_rates(FaultRates::NONE);
            all_that_comes(&mut rig, &READ_TWO).await;
            assert_eq!(rig.ask(&READ_TWO).await, [3, 4, 0, 4, 0, 5]);
        });
        heard
    };
    let heard = conversation(5);
    assert_eq!(heard, conversation(5));
    assert_ne!(heard, conversation(6));
    assert!(heard.last().unwrap().iter().sum::<u8>() > 60);
}

#[test]
fn a_link_that_goes_down_cuts_everybody_at_once_and_turns_away_until_it_is_up() {
    in_virtual_time(async {
        let mut rig = Rig::named("slow");
        rig.send(1, &READ_TWO).await;
        tokio::time::advance(Duration::from_millis(50)).await;
        rig.server.faults().set_link_down(true);
        let begin = Instant::now();
        assert!(rest(&mut rig.client).await.is_empty());
        let (mut refused, ended) = connect(&rig.server);
        assert!(rest(&mut refused).await.is_empty());
        assert!(matches!(ended.await, Ok(Ended::Cut)));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        rig.server.faults().set_link_down(false);
        (rig.client, rig.ended) = connect(&rig.server);
        assert_eq!(rig.ask(&READ_TWO).await.len(), 6);
        let counters = rig.server.counters();
        assert_eq!((counters.cut, counters.turned_away, counters.connections), (1, 1, 2));
    });
}
