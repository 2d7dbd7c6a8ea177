//! The PLANT block.

use super::{CodecError, long, put_long, seq_at, sized, whole};
use crate::contract::{CHUTES_PER_LINK, ChuteBits, PlantImage};
use crate::register_map::{BlockId, PLANT_WORDS, WordOrder, word_of};

const fn at(name: &str) -> usize {
    word_of(BlockId::Plant.map().fields, name)
}

const COUNTER_A: usize = at("scan_counter_a");
const AT_EVENT: usize = at("at_event");
const INDUCTED: usize = at("inducted");
const UNEXPECTED: usize = at("unexpected");
const DISCHARGED_VERIFIED: usize = at("discharged_verified");
const DISCHARGED_UNVERIFIED: usize = at("discharged_unverified");
const LEFT: usize = at("left");
const LOST: usize = at("lost");
const ON_BELT: usize = at("on_belt");
const FULL: usize = at("full");
const HALF_FULL: usize = at("half_full");
const NOT_AVAILABLE: usize = at("not_available");
const CONTAINER: usize = at("container");
const COUNTER_B: usize = at("scan_counter_b");

/// The PLANT block as typed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlantBlock {
    /// The scan counter.
    pub counter: u16,
    /// What it says.
    pub image: PlantImage,
}

impl PlantBlock {
    /// Reads a PLANT block.
    ///
    /// # Errors
    /// When it has another length, is torn, or stands at an event whose number does not exist.
    pub fn decode(words: &[u16], order: WordOrder) -> Result<Self, CodecError> {
        let words: &[u16; PLANT_WORDS] = sized(words, BlockId::Plant)?;
        let counter = whole(BlockId::Plant, words[COUNTER_A], words[COUNTER_B])?;
        let image = PlantImage {
            at_event: seq_at(words, AT_EVENT, BlockId::Plant)?,
            inducted: long(words, INDUCTED, order),
            unexpected: long(words, UNEXPECTED, order),
            discharged_verified: long(words, DISCHARGED_VERIFIED, order),
            discharged_unverified: long(words, DISCHARGED_UNVERIFIED, order),
            left: long(words, LEFT, order),
            lost: long(words, LOST, order),
            on_belt: words[ON_BELT],
            full: chutes(words, FULL),
            half_full: chutes(words, HALF_FULL),
            not_available: chutes(words, NOT_AVAILABLE),
            container: chutes(words, CONTAINER),
        };
        Ok(Self { counter, image })
    }

    /// Writes the whole block.
    pub fn encode(&self, words: &mut [u16; PLANT_WORDS], order: WordOrder) {
        let image = &self.image;
        *words = [0; PLANT_WORDS];
        words[COUNTER_A] = self.counter;
        words[AT_EVENT] = image.at_event.get();
        put_long(words, INDUCTED, image.inducted, order);
        put_long(words, UNEXPECTED, image.unexpected, order);
        put_long(words, DISCHARGED_VERIFIED, image.discharged_verified, order);
        put_long(words, DISCHARGED_UNVERIFIED, image.discharged_unverified, order);
        put_long(words, LEFT, image.left, order);
        put_long(words, LOST, image.lost, order);
        words[ON_BELT] = image.on_belt;
        let chutes = [
            (FULL, &image.full),
            (HALF_FULL, &image.half_full),
            (NOT_AVAILABLE, &image.not_available),
            (CONTAINER, &image.container),
        ];
        for (at, bits) in chutes {
            words[at..at + CHUTE_WORDS].copy_from_slice(&bits.to_words());
        }
        words[COUNTER_B] = self.counter;
    }
}

const CHUTE_WORDS: usize = CHUTES_PER_LINK / 16;

fn chutes(words: &[u16; PLANT_WORDS], at: usize) -> ChuteBits {
    let mut bits = [0; CHUTE_WORDS];
    bits.copy_from_slice(&words[at..at + CHUTE_WORDS]);
    ChuteBits::from_words(&bits)
}
