//! Records on their way from a worker to the writer, and the news that they are durable.

use loom::sync::Arc;
use loom::thread;

use super::super::atomic::{AtomicU64, Ordering};
use super::super::record_ring::{RECORD_WORDS, RecordRing};

/// A ring, as it is or with one weakness.
trait Ring: Send + Sync + 'static {
    fn push(&self, pushed: u64, taken: &mut u64, words: &[u64; RECORD_WORDS]) -> bool;
    fn pushed(&self) -> u64;
    fn read(&self, number: u64) -> [u64; RECORD_WORDS];
    fn take(&self, count: u64);
    fn publish_durable(&self, count: u64);
    fn durable(&self) -> u64;
}

impl Ring for RecordRing {
    fn push(&self, pushed: u64, taken: &mut u64, words: &[u64; RECORD_WORDS]) -> bool {
        self.push(pushed, taken, words)
    }

    fn pushed(&self) -> u64 {
        self.pushed()
    }

    fn read(&self, number: u64) -> [u64; RECORD_WORDS] {
        self.read(number)
    }

    fn take(&self, count: u64) {
        self.take(count);
    }

    fn publish_durable(&self, count: u64) {
        self.publish_durable(count);
    }

    fn durable(&self) -> u64 {
        self.durable()
    }
}

/// What a copy of the ring does differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weakness {
    /// Its counts are published with Relaxed.
    Relaxed,
    /// The count comes before the words.
    CountFirst,
    /// The producer does not ask whether a slot was given back.
    NeverFull,
}

/// A copy of the ring with room for one record.
struct Weak {
    weakness: Weakness,
    slot: [AtomicU64; RECORD_WORDS],
    pushed: AtomicU64,
    taken: AtomicU64,
    durable: AtomicU64,
}

impl Weak {
    fn new(weakness: Weakness) -> Self {
        Self {
            weakness,
            slot: std::array::from_fn(|_| AtomicU64::new(0)),
            pushed: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            durable: AtomicU64::new(0),
        }
    }

    /// ORDERING: that of the protocol, unless this is the weakness.
    fn release(&self) -> Ordering {
        if self.weakness == Weakness::Relaxed { Ordering::Relaxed } else { Ordering::Release }
    }
}

impl Ring for Weak {
    fn push(&self, pushed: u64, taken: &mut u64, words: &[u64; RECORD_WORDS]) -> bool {
        // ORDERING: Acquire. Pairs with the store in `take`.
        *taken = self.taken.load(Ordering::Acquire);
        if pushed != *taken && self.weakness != Weakness::NeverFull {
            return false;
        }
        if self.weakness == Weakness::CountFirst {
            self.pushed.store(pushed + 1, self.release());
        }
        for (to, from) in self.slot.iter().zip(words) {
            // ORDERING: Relaxed. Published by the store below.
            to.store(*from, Ordering::Relaxed);
        }
        self.pushed.store(pushed + 1, self.release());
        true
    }

    fn pushed(&self) -> u64 {
        // ORDERING: Acquire. Pairs with the store in `push`.
        self.pushed.load(Ordering::Acquire)
    }

    fn read(&self, _number: u64) -> [u64; RECORD_WORDS] {
        // ORDERING: Relaxed. The load of `pushed` has shown the words.
        std::array::from_fn(|word| self.slot[word].load(Ordering::Relaxed))
    }

    fn take(&self, count: u64) {
        self.taken.store(count, self.release());
    }

    fn publish_durable(&self, count: u64) {
        self.durable.store(count, self.release());
    }

    fn durable(&self) -> u64 {
        // ORDERING: Acquire. Pairs with the store in `publish_durable`.
        self.durable.load(Ordering::Acquire)
    }
}

/// The words of record `number`.
fn words(number: u64) -> [u64; RECORD_WORDS] {
    std::array::from_fn(|word| 100 * (number + 1) + word as u64)
}

/// A worker pushes three records through a ring with room for one or two, and the writer takes them out.
fn pushed_and_taken<R: Ring>(ring: fn() -> R) {
    loom::model(move || {
        let ring = Arc::new(ring());
        let worker = Arc::clone(&ring);
        let worker = thread::spawn(move || {
            let (mut pushed, mut taken) = (0, 0);
            for _ in 0..3 {
                // A record for which there is no room is not in the ring; the next has its number.
                pushed += u64::from(worker.push(pushed, &mut taken, &words(pushed)));
            }
            pushed
        });
        let mut taken = 0;
        let mut take = || {
            for number in taken..ring.pushed() {
                assert_eq!(ring.read(number), words(number), "a record is read as it was pushed");
                ring.take(number + 1);
                taken = number + 1;
            }
            taken
        };
        take();
        take();
        let pushed = worker.join().expect("the worker has no reason to panic");
        assert_eq!(take(), pushed, "each record is taken once");
    });
}

#[test]
fn a_record_is_read_as_it_was_pushed_through_a_ring_with_one_slot() {
    pushed_and_taken(|| RecordRing::new(1));
}

#[test]
fn a_record_is_read_as_it_was_pushed_through_a_ring_with_two_slots() {
    pushed_and_taken(|| RecordRing::new(2));
}

#[test]
#[should_panic(expected = "a record is read as it was pushed")]
fn control_a_count_that_does_not_release_the_words_shows_old_ones() {
    pushed_and_taken(|| Weak::new(Weakness::Relaxed));
}

#[test]
#[should_panic(expected = "a record is read as it was pushed")]
fn control_a_count_before_the_words_shows_old_ones() {
    pushed_and_taken(|| Weak::new(Weakness::CountFirst));
}

#[test]
#[should_panic(expected = "a record is read as it was pushed")]
fn control_a_producer_that_does_not_ask_for_room_writes_over_what_is_read() {
    pushed_and_taken(|| Weak::new(Weakness::NeverFull));
}

/// The writer writes a record to its disk and says so; whoever hears of it finds it there.
fn written_and_told<R: Ring>(ring: fn() -> R) {
    loom::model(move || {
        let ring = Arc::new(ring());
        let disk = Arc::new(AtomicU64::new(0));
        let (writer, file) = (Arc::clone(&ring), Arc::clone(&disk));
        let writer = thread::spawn(move || {
            // ORDERING: Relaxed. Published by the count of durable records.
            file.store(1, Ordering::Relaxed);
            writer.publish_durable(1);
        });
        if ring.durable() == 1 {
            // ORDERING: Relaxed. The count has shown it.
            assert_eq!(disk.load(Ordering::Relaxed), 1, "what is durable is on the disk");
        }
        writer.join().expect("the writer has no reason to panic");
        assert_eq!(ring.durable(), 1);
    });
}

#[test]
fn an_order_goes_out_after_its_record_is_on_the_disk() {
    written_and_told(|| RecordRing::new(1));
}

#[test]
#[should_panic(expected = "what is durable is on the disk")]
fn control_a_count_of_durable_records_that_releases_nothing_comes_too_early() {
    written_and_told(|| Weak::new(Weakness::Relaxed));
}
