//! What an engine and its workers write to a journal.

use std::hash::Hasher;

use twox_hash::XxHash3_64;

use super::{Engine, EngineBuilder, Worker};
use crate::address::Destinations;
use crate::barcode::CodeKey;
use crate::ids::{ConnectionId, HubId, ParcelId};
use crate::journal::{
    Book, Cause, Image, KeptNote, Lane, Mark, Note, ParcelImage, RecordKind, Recovered, SorterImage,
};
use crate::state_word::StateWord;
use crate::units::{Grams, Micros};

/// The note of a host that begins to write.
pub(super) fn boot(epoch: u32, wall: Micros) -> Note {
    let program = concat!("sorter ", env!("CARGO_PKG_VERSION")).to_owned();
    Note::Boot { epoch, unix_ms: wall.get() / 1_000, program }
}

impl EngineBuilder {
    /// Has the engine, and the workers that it gives out, write to a journal.
    pub fn keep_journal(&mut self, book: Book) {
        self.book = Some(book);
    }

    /// Tells the wall clock of the host, from 1970, for the people who read the journal: it is noted with the start,
    /// and nothing depends on it. Zero by default, which means that there is none.
    pub fn starts_at(&mut self, wall: Micros) {
        self.wall = wall;
    }

    /// The hub.
    pub fn hub(&self) -> HubId {
        self.hub
    }

    /// The state that a new journal of this engine begins with, as [`Engine::image`] tells it once it is built. Recovery
    /// begins here where there is no snapshot.
    pub fn image(&self) -> Image {
        let words = self.ledger.words();
        let image = |word: u64| ParcelImage { word, ..ParcelImage::NOTHING };
        let mut parcels: Vec<ParcelImage> = words.iter().map(|word| image(word.to_bits())).collect();
        parcels.resize(words.len() + self.late, image(0));
        for (parcel, connection) in &self.onward {
            parcels[parcel.index()].onward = connection.get().into();
        }
        let told = parcels[..words.len()].iter().map(|parcel| (parcel.word, parcel.onward));
        let announced = announced(self.ledger.codes(), told, &self.destinations);
        Image { hub: self.hub, announced, parcels, ..Image::default() }
    }
}

impl Engine {
    /// Where records for the journal are put, where there is one.
    pub fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    /// The state that a new journal of this engine begins with. To be asked for before anything happens: it knows of
    /// no worker and of nothing that was said to the engine since it was built.
    pub fn image(&self) -> Image {
        Image {
            hub: self.hub,
            announced: self.announced(),
            parcels: self.parcel_images(),
            ..Image::default()
        }
    }

    /// The state of everything that is not the business of one worker, as records should tell it: what a test holds
    /// against the image of a journal. Sorters, the number of the last record, what is done again and hosts are left
    /// out. It is one state only while nobody changes it.
    pub fn image_now(&self) -> Image {
        let mut image = self.image();
        let desk = self.customs();
        for (parcel, known) in (0..).map(ParcelId::new).zip(&mut image.parcels) {
            let Some(ruling) = desk.in_force(parcel) else { continue };
            known.ruled_at = ruling.at.get();
            known.ruled = ruling.status as u8;
            known.ruled_onward = ruling.onward.map_or(u16::MAX, ConnectionId::get);
        }
        for (code, ruling) in desk.all_kept() {
            let note = KeptNote::new(code, ruling);
            image.kept.insert(note.code.clone(), note);
        }
        image.recalls = desk.recalls().clone();
        drop(desk);
        let yard = self.yard();
        image.containers = yard.iter().map(|record| (record.id, record.clone())).collect();
        image.departed = yard.all_departed().collect();
        drop(yard);
        image
    }

    fn parcel_images(&self) -> Vec<ParcelImage> {
        let image = |number: usize| {
            let parcel = ParcelId::new(u32::try_from(number).expect("parcels are numbered by u32"));
            ParcelImage {
                word: self.ledger.state(parcel).map_or(0, StateWord::to_bits),
                container: self.containers.get(number).unwrap_or(u32::MAX),
                onward: self.onward.get(number).unwrap_or(u32::MAX),
                ..ParcelImage::NOTHING
            }
        };
        (0..self.ledger.capacity()).map(image).collect()
    }

    /// What was announced before the day, see [`announced`].
    pub(super) fn announced(&self) -> (u64, u64) {
        let parcels = (0..self.ledger.announced_early()).map(|number| {
            let parcel = ParcelId::new(u32::try_from(number).expect("parcels are numbered by u32"));
            let word = self.ledger.state(parcel).map_or(0, StateWord::to_bits);
            (word, self.onward.get(number).unwrap_or(u32::MAX))
        });
        announced(self.ledger.early_codes(), parcels, &self.write().destinations)
    }
}

/// How many parcels were announced, and a hash of all that was said of them and of the destinations: it does not
/// depend on the order of any map. Parcels are told by their words and connections, in the order of their numbers.
fn announced(
    codes: impl Iterator<Item = (CodeKey, ParcelId)>,
    parcels: impl Iterator<Item = (u64, u32)>,
    destinations: &Destinations,
) -> (u64, u64) {
    let (mut count, mut hash) = (0_u64, 0_u64);
    for (code, parcel) in codes {
        let words = [(code.get() >> 64) as u64, code.get() as u64, parcel.get().into()];
        hash = hash.wrapping_add(hash_of(&words));
    }
    for (word, onward) in parcels {
        hash = hash.wrapping_add(hash_of(&[count, word, onward.into()]));
        count += 1;
    }
    for (id, country, postcode) in destinations.iter() {
        let mut text = [0; 8];
        let bytes = postcode.as_str().as_bytes();
        text[..bytes.len()].copy_from_slice(bytes);
        let place = u64::from(id.get()) << 32 | country.index() as u64;
        hash = hash.wrapping_add(hash_of(&[place, u64::from_le_bytes(text)]));
    }
    (count, hash)
}

fn hash_of(words: &[u64]) -> u64 {
    let mut hasher = XxHash3_64::with_seed(words.len() as u64);
    for word in words {
        hasher.write(&word.to_le_bytes());
    }
    hasher.finish()
}

impl Worker {
    /// The lane that it writes to, where there is a journal.
    pub fn lane(&self) -> Option<&Lane> {
        self.desk.pen.lane()
    }

    /// How far its records have come. Without a journal always the same.
    pub fn mark(&self) -> Mark {
        self.lane().map(Lane::mark).unwrap_or_default()
    }

    /// Whether everything that it had recorded by then is durable. Without a journal always.
    pub fn is_safe(&self, mark: Mark) -> bool {
        self.lane().is_none_or(|lane| lane.is_safe(mark))
    }

    /// What stands behind the calls that follow: the event of the PLC, and what the scale said about its item. It
    /// stays so until the next call.
    pub fn about(&mut self, cause: Cause, weight: Grams) {
        self.desk.pen.about(cause, weight);
    }

    /// A session with the PLC has opened.
    pub fn linked(&mut self, at: Micros, boot: u16, session: u16) {
        self.desk.pen.note(at, RecordKind::Linked, |record| {
            record.extra = u64::from(boot) << 16 | u64::from(session);
        });
    }

    /// What an earlier host knew of the belt of this sorter, once; `None` for a worker that begins anew.
    pub fn take_recovered(&mut self) -> Option<Recovered> {
        self.desk.recovered.take()
    }

    /// Its state as records should tell it: what a test holds against the image of a journal. It knows neither the
    /// items on the belt nor the link, which are the controller's.
    pub fn image(&self) -> SorterImage {
        let desk = &self.desk;
        SorterImage {
            balance: desk.balance,
            chutes: desk.docks.images(&desk.chutes),
            held: desk.hold.clone(),
            sealed: desk.docks.sealed_images(),
            plan_seen: desk.plan_seen,
            serves: desk.serves,
            unknown: desk
                .unknown
                .iter()
                .filter(|(_, parcel)| desk.is_unknown(*parcel))
                .map(|(since, parcel)| (parcel, since))
                .collect(),
            reasons: desk.tally.reasons.to_vec(),
            decisions: desk.tally.decisions,
            commits: desk.tally.commits,
            changeovers: desk.tally.changeovers,
            ..SorterImage::default()
        }
    }
}

#[cfg(all(test, not(sorter_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_noted_with_the_wall_clock_in_milliseconds() {
        let Note::Boot { epoch, unix_ms, program } = boot(3, Micros::new(1_773_446_400_123_456)) else {
            panic!("a start is a boot")
        };
        assert_eq!((epoch, unix_ms), (3, 1_773_446_400_123));
        assert!(program.starts_with("sorter "), "{program}");
    }
}
