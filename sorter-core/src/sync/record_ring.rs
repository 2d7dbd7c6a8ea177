//! The way of journal records from one worker to the writer: a ring with one producer and one consumer.
//!
//! # Protocol
//! A record is [`RECORD_WORDS`] words. The producer writes the words of the next slot and then publishes the new
//! count of pushed records with Release. The consumer loads that count with Acquire, reads the slots below it, and
//! gives them back by publishing its own count with Release, which the producer loads with Acquire before it writes
//! a slot again. A slot is therefore never written and read at the same time. Both counts only grow.
//!
//! The consumer also publishes how many records are durable ([`Watermark`]).

use super::atomic::{AtomicU64, Ordering};

/// Words of one record.
pub const RECORD_WORDS: usize = 8;

/// A count that one side raises and others read, on cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
pub struct Watermark(AtomicU64);

impl Watermark {
    /// A count that stands at zero.
    pub fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Raises the count. Only one side does.
    pub fn publish(&self, count: u64) {
        // ORDERING: Release. Pairs with the Acquire in `get`: whoever sees the count sees what was done before.
        self.0.store(count, Ordering::Release);
    }

    /// The count.
    pub fn get(&self) -> u64 {
        // ORDERING: Acquire. Pairs with the Release in `publish`.
        self.0.load(Ordering::Acquire)
    }
}

impl Default for Watermark {
    fn default() -> Self {
        Self::new()
    }
}

/// A ring of records with one producer and one consumer.
#[derive(Debug)]
pub struct RecordRing {
    slots: Box<[[AtomicU64; RECORD_WORDS]]>,
    pushed: Watermark,
    taken: Watermark,
    durable: Watermark,
}

impl RecordRing {
    /// A ring with room for at least `capacity` records; the number is rounded up to a power of two.
    pub fn new(capacity: usize) -> Self {
        let slots = capacity.max(1).next_power_of_two();
        let empty = || std::array::from_fn(|_| AtomicU64::new(0));
        Self {
            slots: (0..slots).map(|_| empty()).collect(),
            pushed: Watermark::new(),
            taken: Watermark::new(),
            durable: Watermark::new(),
        }
    }

    /// Records that it has room for.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Adds a record as number `pushed`, which is how many were added before. Only the producer calls it.
    ///
    /// `taken` is what the producer knows of the consumer; it is looked up again only when the ring seems full.
    /// Gives `false`, and adds nothing, when the ring is full.
    pub fn push(&self, pushed: u64, taken: &mut u64, words: &[u64; RECORD_WORDS]) -> bool {
        let room = self.slots.len() as u64;
        if pushed - *taken >= room {
            *taken = self.taken.get();
            if pushed - *taken >= room {
                return false;
            }
        }
        let slot = &self.slots[(pushed & (room - 1)) as usize];
        for (to, from) in slot.iter().zip(words) {
            // ORDERING: Relaxed. Published by the Release of `pushed` below; the Acquire of `taken` above showed that
            // the consumer is done with the slot.
            to.store(*from, Ordering::Relaxed);
        }
        self.pushed.publish(pushed + 1);
        true
    }

    /// How many records were added.
    pub fn pushed(&self) -> u64 {
        self.pushed.get()
    }

    /// How many were taken out.
    pub fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// Reads record `number`, which has to be below a [`RecordRing::pushed`] that was seen before and not taken yet.
    /// Only the consumer calls it.
    pub fn read(&self, number: u64) -> [u64; RECORD_WORDS] {
        let slot = &self.slots[(number & (self.slots.len() as u64 - 1)) as usize];
        // ORDERING: Relaxed. The Acquire of `pushed` has shown the words of the record.
        std::array::from_fn(|word| slot[word].load(Ordering::Relaxed))
    }

    /// Gives the slots of the records below `count` back. Only the consumer calls it.
    pub fn take(&self, count: u64) {
        self.taken.publish(count);
    }

    /// How many of the records are durable.
    pub fn durable(&self) -> u64 {
        self.durable.get()
    }

    /// Publishes how many records are durable. Only the consumer calls it.
    pub fn publish_durable(&self, count: u64) {
        self.durable.publish(count);
    }
}
