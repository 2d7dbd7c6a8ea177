//! An event queue for bounded delays: buckets on a wheel, with a heap for what lies beyond it.
//!
//! A heap pays log n for each event. In a sorter nearly every delay is shorter than a known horizon (the
//! next photo-eye, the slide into a chute), so an event can be thrown straight into the bucket of its key.
//! A bitmap tells which buckets hold something, so an empty stretch costs two word operations. The few
//! long delays wait in a [`BinaryHeap`]; they never move to the wheel, the two heads are compared instead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Bucket {
    head: u32,
    tail: u32,
}

#[derive(Clone, Copy)]
struct Entry<E> {
    key: u64,
    seq: u64,
    next: u32,
    event: E,
}

/// An entry beyond the horizon. Order and equality are those of (key, insertion sequence).
struct Far<E> {
    key: u64,
    seq: u64,
    event: E,
}

impl<E> PartialEq for Far<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.key, self.seq) == (other.key, other.seq)
    }
}
impl<E> Eq for Far<E> {}
impl<E> PartialOrd for Far<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Far<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.key, self.seq).cmp(&(other.key, other.seq))
    }
}

/// A queue of events by key. Equal keys come out in the order in which they went in.
///
/// Time stands at the largest key popped or limit asked for; a key at that very time is allowed (a zero
/// delay), one before it is a mistake of the caller: it is delivered next, late.
///
/// ```
/// use sorter_sim::wheel::BucketWheel;
///
/// let mut wheel = BucketWheel::new(6, 64);
/// wheel.push(500, 'b');
/// wheel.push(1_000_000, 'c');
/// wheel.push(7, 'a');
/// assert_eq!(wheel.peek_key(), Some(7));
/// assert_eq!(wheel.pop_due(499), Some((7, 'a')));
/// assert_eq!(wheel.pop_due(499), None);
/// assert_eq!(wheel.pop_due(500), Some((500, 'b')));
/// assert_eq!(wheel.pop_due(u64::MAX), Some((1_000_000, 'c')));
/// ```
pub struct BucketWheel<E> {
    shift: u32,
    mask: u64,
    buckets: Vec<Bucket>,
    /// One bit for each bucket that holds something.
    occupied: Vec<u64>,
    /// One bit for each word of `occupied` that is not zero.
    summary: u64,
    entries: Vec<Entry<E>>,
    free: u32,
    near: usize,
    /// The smallest key on the wheel; `u64::MAX` while the wheel is empty.
    near_key: u64,
    /// The bucket of `near_key`.
    near_bucket: usize,
    far: BinaryHeap<Reverse<Far<E>>>,
    now: u64,
    seq: u64,
}

impl<E: Copy> BucketWheel<E> {
    /// The most buckets that one summary word can cover.
    pub const MAX_BUCKETS: usize = 64 * 64;

    /// A wheel of `buckets` buckets, each 2^`shift` units of the key wide.
    ///
    /// # Panics
    /// When `buckets` is not a power of two from 64 to [`BucketWheel::MAX_BUCKETS`].
    pub fn new(shift: u32, buckets: usize) -> Self {
        assert!(
            buckets.is_power_of_two() && (64..=Self::MAX_BUCKETS).contains(&buckets),
            "wheel has {buckets} buckets (expected a power of two from 64 to {})",
            Self::MAX_BUCKETS
        );
        Self {
            shift,
            mask: buckets as u64 - 1,
            buckets: vec![Bucket { head: NIL, tail: NIL }; buckets],
            occupied: vec![0; buckets / 64],
            summary: 0,
            entries: Vec::new(),
            free: NIL,
            near: 0,
            near_key: u64::MAX,
            near_bucket: 0,
            far: BinaryHeap::new(),
            now: 0,
            seq: 0,
        }
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.near + self.far.len()
    }

    /// Whether no event waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of the next event.
    #[inline]
    pub fn peek_key(&self) -> Option<u64> {
        match self.far.peek() {
            Some(Reverse(far)) => Some(if self.near > 0 { self.near_key.min(far.key) } else { far.key }),
            None if self.near > 0 => Some(self.near_key),
            None => None,
        }
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, key: u64, event: E) {
        debug_assert!(key >= self.now, "event at {key} is pushed into the past, now is {}", self.now);
        let seq = self.seq;
        self.seq += 1;
        // A late key shares the bucket of the present, where sorting by key puts it in front.
        let granule = key.max(self.now) >> self.shift;
        if granule - (self.now >> self.shift) > self.mask {
            self.far.push(Reverse(Far { key, seq, event }));
            return;
        }
        let bucket = (granule & self.mask) as usize;
        let entry = self.allocate(Entry { key, seq, next: NIL, event });
        self.link(bucket, entry, key);
        if self.near == 0 || key < self.near_key {
            self.near_key = key;
            self.near_bucket = bucket;
        }
        self.near += 1;
    }

    /// Takes the next event whose key is at most `limit`, with its key.
    #[inline]
    pub fn pop_due(&mut self, limit: u64) -> Option<(u64, E)> {
        let due = match self.far.peek() {
            None => self.near > 0 && self.near_key <= limit,
            Some(Reverse(far)) => {
                let far_first = self.near == 0
                    || far.key < self.near_key
                    || (far.key == self.near_key && far.seq < self.near_head().seq);
                if far_first {
                    return self.pop_far(limit);
                }
                self.near_key <= limit
            }
        };
        if due {
            return Some(self.pop_near());
        }
        self.now = self.now.max(limit);
        None
    }

    fn near_head(&self) -> &Entry<E> {
        &self.entries[self.buckets[self.near_bucket].head as usize]
    }

    fn pop_far(&mut self, limit: u64) -> Option<(u64, E)> {
        if self.far.peek().is_some_and(|Reverse(far)| far.key <= limit) {
            let Reverse(far) = self.far.pop()?;
            self.now = self.now.max(far.key);
            return Some((far.key, far.event));
        }
        self.now = self.now.max(limit);
        None
    }

    fn pop_near(&mut self) -> (u64, E) {
        let bucket = self.near_bucket;
        let index = self.buckets[bucket].head;
        let Entry { key, next, event, .. } = self.entries[index as usize];
        self.entries[index as usize].next = self.free;
        self.free = index;
        self.near -= 1;
        self.now = self.now.max(key);
        self.buckets[bucket].head = next;
        if next != NIL {
            self.near_key = self.entries[next as usize].key;
            return (key, event);
        }
        self.buckets[bucket].tail = NIL;
        let word = bucket / 64;
        self.occupied[word] &= !(1 << (bucket % 64));
        if self.occupied[word] == 0 {
            self.summary &= !(1 << word);
        }
        if self.near == 0 {
            self.near_key = u64::MAX;
        } else {
            self.near_bucket = self.first_occupied_from(bucket);
            self.near_key = self.near_head().key;
        }
        (key, event)
    }

    fn allocate(&mut self, entry: Entry<E>) -> u32 {
        if self.free == NIL {
            let index = u32::try_from(self.entries.len()).expect("fewer than 2^32 events wait at once");
            self.entries.push(entry);
            return index;
        }
        let index = self.free;
        self.free = self.entries[index as usize].next;
        self.entries[index as usize] = entry;
        index
    }

    /// Links an entry behind all of its bucket whose key is not greater.
    fn link(&mut self, bucket: usize, entry: u32, key: u64) {
        let Bucket { head, tail } = self.buckets[bucket];
        if head == NIL {
            self.buckets[bucket] = Bucket { head: entry, tail: entry };
            self.occupied[bucket / 64] |= 1 << (bucket % 64);
            self.summary |= 1 << (bucket / 64);
        } else if self.entries[tail as usize].key <= key {
            self.entries[tail as usize].next = entry;
            self.buckets[bucket].tail = entry;
        } else if self.entries[head as usize].key > key {
            self.entries[entry as usize].next = head;
            self.buckets[bucket].head = entry;
        } else {
            let mut before = head;
            loop {
                let after = self.entries[before as usize].next;
                if self.entries[after as usize].key > key {
                    self.entries[before as usize].next = entry;
                    self.entries[entry as usize].next = after;
                    return;
                }
                before = after;
            }
        }
    }

    /// The first occupied bucket at or after `start`, going round. Some bucket must be occupied.
    fn first_occupied_from(&self, start: usize) -> usize {
        let word = start / 64;
        let bits = self.occupied[word] & (u64::MAX << (start % 64));
        if bits != 0 {
            return word * 64 + bits.trailing_zeros() as usize;
        }
        let later = if word == 63 { 0 } else { self.summary & (u64::MAX << (word + 1)) };
        let word = if later != 0 { later } else { self.summary }.trailing_zeros() as usize;
        word * 64 + self.occupied[word].trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u64),
        Pop(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let delay = prop_oneof![4 => 0_u64..40, 4 => 0_u64..2_000, 1 => 0_u64..40_000, 2 => Just(0_u64)];
        let step = prop_oneof![3 => delay.clone().prop_map(Step::Push), 2 => delay.prop_map(Step::Pop)];
        prop::collection::vec(step, 1..400)
    }

    proptest! {
        #[test]
        fn pops_in_the_order_of_a_heap(steps in steps(), shift in 0_u32..6, log_buckets in 6_u32..9) {
            let mut wheel = BucketWheel::new(shift, 1 << log_buckets);
            let mut oracle = BinaryHeap::new();
            let (mut now, mut seq) = (0_u64, 0_u32);
            for step in steps {
                match step {
                    Step::Push(delay) => {
                        wheel.push(now + delay, seq);
                        oracle.push(Reverse((now + delay, seq)));
                        seq += 1;
                    }
                    Step::Pop(delay) => {
                        let limit = now + delay;
                        let due = oracle.peek().is_some_and(|Reverse((key, _))| *key <= limit);
                        let expected = if due { oracle.pop().map(|Reverse(entry)| entry) } else { None };
                        prop_assert_eq!(wheel.pop_due(limit), expected);
                        now = expected.map_or(limit, |(key, _)| key);
                    }
                }
                prop_assert_eq!(wheel.len(), oracle.len());
                prop_assert_eq!(wheel.peek_key(), oracle.peek().map(|Reverse((key, _))| *key));
            }
        }
    }

    #[test]
    fn equal_keys_in_heap_and_wheel_keep_their_order() {
        let mut wheel = BucketWheel::new(0, 64);
        wheel.push(100, 'a');
        assert_eq!(wheel.pop_due(90), None);
        wheel.push(100, 'b');
        assert_eq!(wheel.pop_due(100), Some((100, 'a')));
        wheel.push(100, 'c');
        assert_eq!(wheel.pop_due(100), Some((100, 'b')));
        assert_eq!(wheel.pop_due(100), Some((100, 'c')));
        assert!(wheel.is_empty());
    }

    #[test]
    #[should_panic(expected = "wheel has 100 buckets")]
    fn refuses_a_bucket_count_that_is_no_power_of_two() {
        BucketWheel::<u8>::new(0, 100);
    }
}
