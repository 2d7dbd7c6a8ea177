//! The event store against a plain list.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Record(u32),
    /// Acknowledges so many numbers after the last acknowledged one, right or wrong.
    Ack(u16),
    Open,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_u32..120).prop_map(Step::Record),
        4 => prop_oneof![0_u16..18, Just(65_519_u16)].prop_map(Step::Ack),
        1 => Just(Step::Open),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 1..120)
}

/// Every event ever recorded, and where the session stands in that list.
#[derive(Default)]
struct Model {
    events: Vec<u32>,
    acknowledged: usize,
    /// The first number of the session is that of this place.
    first: usize,
    published: usize,
    session: bool,
    overflow: bool,
}

impl Model {
    fn record(&mut self, number: u32) {
        self.overflow |= self.events.len() - self.acknowledged >= event_store::LIMIT;
        if !self.overflow {
            self.events.push(number);
        }
    }

    fn publish(&mut self) {
        if self.session {
            self.published = self.events.len().min(self.acknowledged + EVENT_SLOTS).max(self.published);
        }
    }

    fn seq(&self, place: usize) -> Seq {
        (self.first..place).fold(Seq::NONE, |seq, _| seq.next())
    }
}

proptest! {
    #[test]
    fn the_event_store_is_a_list_with_two_fingers(steps in steps()) {
        let (mut store, mut model) = (EventStore::new(HIGH), Model::default());
        let mut number = 0;
        for step in steps {
            match step {
                Step::Record(count) => for _ in 0..count {
                    number += 1;
                    let kept = store.record(&seen(number));
                    model.record(number);
                    prop_assert_eq!(kept, !model.overflow);
                },
                Step::Ack(distance) => {
                    let ack = (0..distance).fold(model.seq(model.acknowledged), |seq, _| seq.next());
                    let place = model.acknowledged + usize::from(distance);
                    let inside = place <= model.published.max(model.acknowledged) && model.session;
                    if model.session {
                        prop_assert_eq!(store.acknowledge(ack.get(), &mut Vec::new()), inside, "{}", ack);
                    }
                    if inside {
                        model.acknowledged = place;
                    }
                }
                Step::Open if !model.session => {
                    store.open();
                    model.session = true;
                    (model.first, model.published) = (model.acknowledged, model.acknowledged);
                }
                Step::Close if model.session => {
                    store.close();
                    (model.session, model.overflow) = (false, false);
                }
                Step::Open | Step::Close => {}
            }
            store.publish();
            model.publish();
            prop_assert_eq!(store.overflow(), model.overflow);
            if !model.session {
                prop_assert_eq!(store.published(), Seq::NONE);
                prop_assert_eq!(store.backlog(), model.events.len() - model.acknowledged);
                continue;
            }
            prop_assert_eq!(store.published(), model.seq(model.published));
            prop_assert_eq!(store.recorded(), model.seq(model.events.len()));
            prop_assert_eq!(store.backlog(), model.events.len() - model.published);
            for place in model.acknowledged..model.published {
                let seq = model.seq(place + 1);
                let record = store.window()[slot(seq, EVENT_SLOTS)].record(HIGH).unwrap();
                prop_assert_eq!((record.seq, record.encoder.get()), (seq, model.events[place]));
            }
        }
    }
}
