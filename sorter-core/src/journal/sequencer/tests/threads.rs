//! Real threads that change the same parcels.

use std::sync::Arc;
use std::thread;

use super::*;
use crate::journal::ParcelImage;
use crate::sync::state_array::StateArray;

const THREADS: u8 = 3;
const STEPS: u64 = 4_000;
const PARCELS: u32 = 4;

/// Parcels that threads change by compare-and-swap, each step recorded right after.
fn ledger() -> Arc<StateArray> {
    let ledger = StateArray::new(PARCELS as usize);
    (0..PARCELS).for_each(|parcel| ledger.publish(ParcelId::new(parcel), word(1)));
    Arc::new(ledger)
}

fn load(ledger: &StateArray, parcel: u32) -> StateWord {
    ledger.load(ParcelId::new(parcel)).expect("it was published")
}

/// Changes parcels and hands out what a record of each step has to say.
fn change(ledger: &StateArray, cycle: u64, seed: u64, mut push: impl FnMut(usize, (u64, u64), u64)) {
    for step in 0..STEPS {
        let identity = seed << 32 | step;
        let parcel = (identity.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62) as u32;
        let mut before = load(ledger, parcel);
        loop {
            let number = (before.to_bits() >> 27) % cycle + 1;
            let next = word(u32::try_from(number).expect("there are few steps"));
            match ledger.replace(ParcelId::new(parcel), before, next) {
                Ok(()) => break push(parcel as usize, (before.to_bits(), next.to_bits()), identity),
                Err(other) => before = other,
            }
        }
    }
}

/// Runs the threads and gives what was collected, with the words in the end.
fn race(cycle: u64) -> (Vec<Entry>, Vec<u64>, Sequencer) {
    let (book, mut drain) = Book::new(BookConfig { lane: STEPS as usize });
    let ledger = ledger();
    let mut threads = Vec::new();
    for sorter in 0..THREADS {
        let (ledger, mut lane) =
            (Arc::clone(&ledger), book.lane(SorterId::new(sorter)).expect("it is the first"));
        threads.push(thread::spawn(move || {
            change(&ledger, cycle, sorter.into(), |parcel, step, identity| {
                lane.push(&record(SorterId::new(sorter), parcel, step, identity));
            });
        }));
    }
    let (customs, posted) = (Arc::clone(&ledger), book.clone());
    threads.push(thread::spawn(move || {
        change(&customs, cycle, THREADS.into(), |parcel, step, identity| {
            posted.post(record(Record::HUB, parcel, step, identity));
        });
    }));
    let parcel = ParcelImage { word: word(1).to_bits(), ..ParcelImage::NOTHING };
    let image = Image { parcels: vec![parcel; PARCELS as usize], ..Image::default() };
    let mut sequencer = Sequencer::new(image, true);
    if cycle > u64::from(u16::MAX) {
        // Looks come without a pause here, so that a thread can be interrupted for thousands of them.
        sequencer.jump_after = u32::MAX;
    }
    let mut out = Vec::new();
    let whole = (usize::from(THREADS) + 1) * STEPS as usize;
    while out.len() < whole {
        sequencer.collect(&mut drain, usize::MAX, &mut out);
        thread::yield_now();
    }
    threads.into_iter().for_each(|thread| thread.join().expect("it has no reason to panic"));
    sequencer.collect(&mut drain, usize::MAX, &mut out);
    assert_eq!(out.len(), whole, "nothing is doubled");
    assert_eq!(book.health(), crate::journal::Health::Well);
    let words = (0..PARCELS).map(|parcel| load(&ledger, parcel).to_bits()).collect();
    (out, words, sequencer)
}

/// Each record once, each lane in its order, each parcel in one chain to its last word.
fn check(out: &[Entry], words: &[u64]) {
    let mut lanes: BTreeMap<u64, u64> = BTreeMap::new();
    let mut parcels: Vec<(RecordSeq, u64)> = vec![(RecordSeq::NONE, word(1).to_bits()); words.len()];
    for (number, entry) in (1..).zip(out) {
        assert_eq!(entry.seq, RecordSeq::new(number));
        let Body::Record(record) = &entry.body else { panic!("nobody wrote a note") };
        let place = &mut parcels[record.parcel.expect("every record is about one").index()];
        assert_eq!((entry.prev, bits(record.before)), *place);
        *place = (entry.seq, bits(record.word));
        let lane = lanes.entry(record.extra >> 32).or_default();
        if record.sorter != Record::HUB {
            assert_eq!(record.extra & 0xffff_ffff, *lane, "a lane keeps its order");
        }
        *lane += 1;
    }
    assert!(lanes.values().all(|count| *count == STEPS));
    assert!(parcels.iter().map(|(_, word)| word).eq(words), "the last words are those of the ledger");
}

#[test]
fn threads_that_race_for_parcels_are_brought_into_the_order_of_their_steps() {
    let (out, words, sequencer) = race(u64::from(u32::MAX));
    check(&out, &words);
    assert_eq!(
        sequencer.reordered(),
        0,
        "the words of a parcel are never equal, so the chain is that of its steps"
    );
}

#[test]
fn threads_that_race_with_words_that_come_again_leave_the_right_words() {
    let (out, words, _) = race(4);
    check(&out, &words);
}
