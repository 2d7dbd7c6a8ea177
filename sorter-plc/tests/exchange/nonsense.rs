//! Answers that no PLC would give.

use proptest::prelude::*;
use sorter_core::units::Micros;
use sorter_plc::codec::OrderImage;
use sorter_plc::contract::{ORDER_SLOTS, Order, Seq};
use sorter_plc::controller::Inputs;
use sorter_plc::exchange::{Exchange, ExchangeConfig, Mode};
use sorter_plc::host::{Host, Resync};
use sorter_plc::register_map::BlockId;
use sorter_plc::request::Request;

use super::plc::Plc;
use super::rig::divert;

/// Orders as much as it may, and checks what it is told.
#[derive(Default)]
struct Greedy {
    sent: Seq,
    acknowledged: Seq,
    last_event: Option<Seq>,
    polls: u64,
}

impl Host for Greedy {
    fn plc_restarted(&mut self, _now: Micros) {}

    fn poll(&mut self, _now: Micros, inputs: &Inputs<'_>, orders: &mut Vec<Order>) {
        self.polls += 1;
        let ack = inputs.status.order_ack;
        let ahead = self.acknowledged.distance_to(ack);
        assert!(ahead <= self.acknowledged.distance_to(self.sent), "{ack} was never sent, {} was", self.sent);
        self.acknowledged = ack;
        for event in inputs.events {
            if let Some(last) = self.last_event {
                assert!(
                    event.seq == last.next() || event.seq.get() <= 16 || last.distance_to(event.seq) <= 15
                );
            }
            self.last_event = Some(event.seq);
        }
        while inputs.accepts_orders && usize::from(ack.distance_to(self.sent)) < ORDER_SLOTS {
            self.sent = self.sent.next();
            orders.push(divert(self.sent, 1));
        }
    }

    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        *self = Self { polls: self.polls, ..Self::default() };
    }
}

/// What becomes of one answer.
#[derive(Clone, Debug)]
enum Answer {
    /// As the PLC gives it.
    Right,
    /// With one word changed.
    Word(usize, u16),
    /// With one word changed, and the last word like the first, so that it looks whole.
    Whole(usize, u16),
    /// Nothing but chance.
    Noise(Vec<u16>),
    /// The answer before this one.
    Stale,
    Cut,
    Refused,
    Rejected,
}

fn answer() -> impl Strategy<Value = Answer> {
    let small = prop_oneof![0_u16..40, any::<u16>(), 65_500_u16..65_535];
    prop_oneof![
        12 => Just(Answer::Right),
        6 => (0_usize..125, small.clone()).prop_map(|(place, word)| Answer::Word(place, word)),
        6 => (5_usize..28, small).prop_map(|(place, word)| Answer::Whole(place, word)),
        1 => prop::collection::vec(any::<u16>(), 0..130).prop_map(Answer::Noise),
        2 => Just(Answer::Stale),
        1 => Just(Answer::Cut),
        1 => Just(Answer::Refused),
        1 => Just(Answer::Rejected),
    ]
}

/// Plays answers in turn, after a session has been brought up, and gives the number of polls.
fn play(mode: Mode, answers: &[Answer], seed: u64) -> u64 {
    let mut exchange = Exchange::new(ExchangeConfig { mode, ..ExchangeConfig::default() }, seed).unwrap();
    let (mut plc, mut host) = (Plc::new(), Greedy::default());
    let (mut now, mut stale, mut next) = (Micros::ZERO, Vec::new(), 0);
    plc.put_on_belt(30);
    while next < answers.len() {
        now = now + Micros::from_millis(10);
        plc.induct((now.get() / 10_000 % 60_000) as u16 + 1);
        exchange.begin_cycle(now, &mut host).unwrap();
        let mut asked = 0;
        while let Some(request) = exchange.next_request() {
            asked += 1;
            assert!(asked < 20, "a cycle has an end");
            let span = match request {
                Request::Read(span) => span,
                Request::Cycle { order, .. } => {
                    assert!(OrderImage::decode(order).is_ok());
                    plc.write(order);
                    sorter_plc::request::Span { block: BlockId::Status, offset: 0, words: 121 }
                }
            };
            if span.block == BlockId::Status {
                plc.scan();
            }
            let right = plc.read(span).unwrap();
            let answer =
                if now < Micros::from_millis(300) { &Answer::Right } else { &answers[next % answers.len()] };
            next += usize::from(now >= Micros::from_millis(300));
            let words = match answer {
                Answer::Right => right,
                Answer::Stale => std::mem::replace(&mut stale, right),
                Answer::Word(place, word) | Answer::Whole(place, word) => {
                    let mut words = right;
                    if let Some(place) = words.get_mut(*place) {
                        *place = *word;
                    }
                    if matches!(answer, Answer::Whole(..)) {
                        *words.last_mut().unwrap() = words[0];
                    }
                    words
                }
                Answer::Noise(words) => words.clone(),
                Answer::Cut => {
                    exchange.cut(now);
                    break;
                }
                Answer::Refused => {
                    exchange.refused(now, span.block);
                    break;
                }
                Answer::Rejected => {
                    exchange.rejected(now, span.block);
                    break;
                }
            };
            stale.clone_from(&words);
            let told = exchange.answered(now, &words, &mut host);
            if let Err(fault) = told {
                assert!(!fault.to_string().is_empty());
            }
        }
    }
    host.polls
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_panics_or_makes_an_order_believed_that_was_not_sent(
        answers in prop::collection::vec(answer(), 1..300),
        seed in any::<u64>(),
    ) {
        play(Mode::Control, &answers, seed);
    }

    #[test]
    fn no_answer_panics_while_listening(
        answers in prop::collection::vec(answer(), 1..300),
        seed in any::<u64>(),
    ) {
        play(Mode::Listen, &answers, seed);
    }
}

#[test]
fn the_nonsense_reaches_a_live_session() {
    assert!(play(Mode::Control, &vec![Answer::Right; 50], 1) > 30);
}
