//! An engine that goes on where another one ended.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use super::journaling::boot;
use super::restore::Recovering;
use super::{AnnounceError, Engine, EngineBuilder, weight_class};
use crate::address::{Country, Postcode};
use crate::barcode::CodeKey;
use crate::clearance::{Clearance, Ruling};
use crate::container::Yard;
use crate::departure::ChangeError;
use crate::diagnostic::Diagnostics;
use crate::ids::{ConnectionId, ContainerId, DepartureId, HubId, ParcelId, PlanVersion, SorterId};
use crate::journal::{Book, Image, LateNote, Note, PlanNote, Record, RecordKind};
use crate::manifest::Service;
use crate::plan::{Plan, PlanSource};
use crate::state_word::StateWord;
use crate::units::Grams;

/// Why an engine cannot go on where a journal ends.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal is of another hub.
    #[error("the journal is of {journal} and the engine of {engine}; give the engine the journal of its hub")]
    OtherHub {
        /// The hub of the journal.
        journal: HubId,
        /// The hub of the engine.
        engine: HubId,
    },
    /// The parcels that were announced before the day are not those with which the journal began.
    #[error(
        "the journal began with {journal} announced parcels and the engine with {engine}, or their codes, \
         addresses or bookings differ; announce the same manifest in the same order"
    )]
    OtherAnnouncements {
        /// How many the journal began with.
        journal: u64,
        /// How many the engine has.
        engine: u64,
    },
    /// The journal ends before the first plan.
    #[error("the journal has no sort plan; nothing was decided yet, so build the engine anew")]
    NoPlan,
    /// A sorter served a plan that the journal does not have.
    #[error("the chutes of {sorter} serve {version}, which the journal does not have")]
    UnknownPlan {
        /// The sorter.
        sorter: SorterId,
        /// The version of the plan.
        version: PlanVersion,
    },
    /// A plan of the journal does not compile any more.
    #[error("{version} of the journal is refused, and was in force: {problems}")]
    Plan {
        /// Its version.
        version: PlanVersion,
        /// Its problems.
        problems: Diagnostics,
    },
    /// A plan came into force under another version.
    #[error("{journal} of the journal came into force as {engine}")]
    PlanVersion {
        /// Its version in the journal.
        journal: PlanVersion,
        /// Its version now.
        engine: PlanVersion,
    },
    /// A parcel cannot be announced again.
    #[error("{parcel} of the journal cannot be announced again")]
    Announce {
        /// The parcel.
        parcel: ParcelId,
        /// Why.
        source: AnnounceError,
    },
    /// A parcel got another number when it was announced again.
    #[error("{journal} of the journal was announced again as {engine}")]
    Number {
        /// Its number in the journal.
        journal: ParcelId,
        /// Its number now.
        engine: ParcelId,
    },
    /// A record names a parcel that is not announced, or is announced for another destination.
    #[error("{parcel} of the journal is not announced, or for another destination than its state says")]
    NotAnnounced {
        /// The parcel.
        parcel: ParcelId,
    },
    /// A note says what no version wrote.
    #[error("the journal has a {note} note that cannot be read: \"{text}\"")]
    Note {
        /// The kind of the note.
        note: &'static str,
        /// What it says.
        text: String,
    },
    /// A departure of the journal cannot be moved again.
    #[error("{departure} of the journal cannot be moved again; give the engine the schedule that it had")]
    Departure {
        /// The departure.
        departure: DepartureId,
        /// Why.
        source: ChangeError,
    },
    /// The timetable does not have a departure of the journal.
    #[error("{0} of the journal is not in the timetable; give the engine the schedule that it had")]
    UnknownDeparture(DepartureId),
    /// The timetable does not have a connection of the journal.
    #[error("{0} of the journal is not in the timetable; give the engine the schedule that it had")]
    UnknownConnection(ConnectionId),
    /// The layout has another number of chutes.
    #[error("{sorter} has {journal} chutes in the journal and {engine} in the layout")]
    OtherLayout {
        /// The sorter.
        sorter: SorterId,
        /// Chutes in the journal.
        journal: usize,
        /// Chutes in the layout.
        engine: usize,
    },
    /// The containers of the journal are not numbered without a gap.
    #[error("the journal has {found} where {expected} is next")]
    ContainerGap {
        /// The number that would be next.
        expected: ContainerId,
        /// The number that is there.
        found: ContainerId,
    },
    /// Parcels of the journal were put into a container that it does not have.
    #[error("the journal puts {parcel} into {container}, which it does not have")]
    NoContainer {
        /// The parcel.
        parcel: ParcelId,
        /// The container.
        container: ContainerId,
    },
}

impl EngineBuilder {
    /// Builds the engine as another one was after the last record of its journal. The builder has to be filled as
    /// that one was: the same announcements in the same order, layout and schedule.
    ///
    /// Nothing is decided anew. Announcements, plans and moved departures of the journal are done again, in their
    /// order, so that everything has the numbers that it had; then what parcels, containers and customs were is
    /// laid over. A worker gets back what its sorter was when it is asked for.
    ///
    /// With a book the engine goes on writing, and says so with a [`Note::Boot`]. The scribe of that book has to go on
    /// after the same image.
    ///
    /// # Errors
    /// [`RecoverError`] when journal and builder do not go together.
    pub fn recover(mut self, image: Image, book: Option<Book>) -> Result<Arc<Engine>, RecoverError> {
        if image.hub != self.hub {
            return Err(RecoverError::OtherHub { journal: image.hub, engine: self.hub });
        }
        let Some((Note::Plan(first), again)) = image.again.split_first() else {
            return Err(RecoverError::NoPlan);
        };
        // Nothing of what is done again is told again.
        self.book = None;
        let wall = self.wall;
        let refused = |problems| RecoverError::Plan { version: first.version, problems };
        let source = PlanSource::from_note(first).map_err(refused)?;
        let mut engine = self.assemble(&source).map_err(refused)?;
        let announced = engine.announced();
        if announced != image.announced {
            let (journal, engine) = (image.announced.0, announced.0);
            return Err(RecoverError::OtherAnnouncements { journal, engine });
        }
        let mut plans = BTreeMap::from([(engine.plan().version(), engine.plan())]);
        for note in again {
            engine.redo(note)?;
            plans.entry(engine.plan().version()).or_insert_with(|| engine.plan());
        }
        let untold = engine.lay_parcels(&image)?;
        engine.lay_customs(&image)?;
        engine.lay_yard(&image, book.is_some())?;
        let (at, boots) = (image.at, image.boots);
        engine.lay_sorters(image, &plans)?;
        if let Some(book) = &book {
            book.note(boot(boots, wall));
            for (parcel, word) in untold {
                let onward = engine.onward(parcel).map_or(u32::MAX, |connection| connection.get().into());
                book.post(Record {
                    parcel: Some(parcel),
                    word: Some(word),
                    weight: Grams::new(onward),
                    ..Record::new(at, RecordKind::Announced, Record::HUB)
                });
            }
        }
        engine.book = book;
        engine.mend_recalls(at);
        Ok(Arc::new(engine))
    }
}

impl Engine {
    fn redo(&self, note: &Note) -> Result<(), RecoverError> {
        match note {
            Note::Plan(plan) => self.publish_again(plan),
            Note::PlanAhead { at, plan } => {
                let refused = |problems| RecoverError::Plan { version: plan.version, problems };
                let source = PlanSource::from_note(plan).map_err(refused)?;
                self.plan_ahead(*at, source).map_err(refused)
            }
            Note::PlanTaken => {
                let mut write = self.write();
                if !write.ahead.is_empty() {
                    write.ahead.remove(0);
                }
                Ok(())
            }
            Note::DepartureChanged { departure, cut_off, departs, at } => {
                let moved = self.change_departure(*departure, *cut_off, *departs, *at);
                moved.map_err(|source| RecoverError::Departure { departure: *departure, source })
            }
            Note::Destination { country, postcode } => self.learn_again(country, postcode),
            Note::Announced(late) => self.announce_again(late),
            // The others tell what was, and nothing to do.
            Note::Boot { .. }
            | Note::Kept(_)
            | Note::KeptForgotten { .. }
            | Note::Container(_)
            | Note::Departed { .. }
            | Note::Scanned(_) => Ok(()),
        }
    }

    fn publish_again(&self, note: &PlanNote) -> Result<(), RecoverError> {
        let refused = |problems| RecoverError::Plan { version: note.version, problems };
        let engine = self.publish(&PlanSource::from_note(note).map_err(refused)?).map_err(refused)?;
        if engine != note.version {
            return Err(RecoverError::PlanVersion { journal: note.version, engine });
        }
        Ok(())
    }

    fn learn_again(&self, country: &str, postcode: &str) -> Result<(), RecoverError> {
        let unread = || RecoverError::Note { note: "destination", text: format!("{country} {postcode}") };
        let country = Country::parse(country).ok_or_else(unread)?;
        let code = Postcode::normalise(country, postcode).map_err(|_| unread())?;
        self.write_destination(&mut self.write(), country, code).map(|_| ()).map_err(|_| unread())
    }

    fn announce_again(&self, note: &LateNote) -> Result<(), RecoverError> {
        let unread = |text: &str| RecoverError::Note { note: "announced", text: text.to_owned() };
        let refused = |source| RecoverError::Announce { parcel: note.parcel, source };
        let country = Country::parse(&note.country).ok_or_else(|| unread(&note.country))?;
        let postcode = Postcode::normalise(country, &note.postcode).map_err(|_| unread(&note.postcode))?;
        let key = |code: &String| CodeKey::pack(code.as_bytes()).ok_or_else(|| unread(code));
        let keys: Vec<CodeKey> = note.codes.iter().map(key).collect::<Result<_, _>>()?;
        let clearance =
            Clearance::from_code(note.clearance).ok_or_else(|| unread(&note.clearance.to_string()))?;
        let service = Service::from_code(note.service).ok_or_else(|| unread(&note.service.to_string()))?;
        let known = self.write().destinations.get(country, &postcode);
        let destination = known.ok_or_else(|| unread(&note.postcode))?;
        let word = StateWord::announced(destination, clearance, service, weight_class(note.weight));
        let onward = note.onward.map(ConnectionId::new);
        let announced = self.ledger.announce_late(&keys, word, |parcel| self.book_on(parcel, onward));
        let engine = announced.map_err(|error| refused(error.into()))?;
        if engine != note.parcel {
            return Err(RecoverError::Number { journal: note.parcel, engine });
        }
        Ok(())
    }

    /// Gives every parcel the word, container and connection of the image. Gives those late ones of which the journal
    /// has the note and not the record.
    fn lay_parcels(&self, image: &Image) -> Result<Vec<(ParcelId, StateWord)>, RecoverError> {
        let mut untold = Vec::new();
        let timetable = self.timetable();
        for (number, known) in image.parcels.iter().enumerate() {
            let parcel = ParcelId::new(u32::try_from(number).unwrap_or(u32::MAX));
            let present = self.ledger.state(parcel);
            let Some(word) = (known.word != 0).then_some(known.word) else {
                untold.extend(present.map(|word| (parcel, word)));
                continue;
            };
            let word = StateWord::from_bits(word)
                .filter(|word| present.is_some_and(|present| present.destination() == word.destination()));
            let word = word.ok_or(RecoverError::NotAnnounced { parcel })?;
            if known.container != u32::MAX {
                let container = ContainerId::new(known.container);
                if !image.containers.contains_key(&container) {
                    return Err(RecoverError::NoContainer { parcel, container });
                }
                self.containers.set(number, Some(known.container));
            }
            let connection = |number: u32| ConnectionId::new(u16::try_from(number).unwrap_or(u16::MAX));
            let onward = (known.onward != u32::MAX).then(|| connection(known.onward));
            if let Some(connection) = onward.filter(|onward| timetable.connection(*onward).is_none()) {
                return Err(RecoverError::UnknownConnection(connection));
            }
            self.book_on(parcel, onward);
            self.ledger.restore(parcel, word);
        }
        Ok(untold)
    }

    fn lay_customs(&self, image: &Image) -> Result<(), RecoverError> {
        let mut desk = self.customs();
        for (parcel, ruling) in image.rulings() {
            let unread = || RecoverError::Note { note: "ruling", text: ruling.status.to_string() };
            let status = Clearance::from_code(ruling.status).ok_or_else(unread)?;
            desk.restore(parcel, Ruling { at: ruling.at, status, onward: ruling.onward });
        }
        for kept in image.kept.values() {
            let unread = || RecoverError::Note { note: "kept", text: kept.code.clone() };
            let (code, ruling) = kept.ruling().ok_or_else(unread)?;
            desk.restore_kept(code, ruling);
        }
        for recall in image.recalls.iter() {
            desk.recalls_mut().raise(*recall);
            if let Some(at) = recall.withdrawn {
                desk.recalls_mut().withdraw(recall.parcel, at);
            }
        }
        Ok(())
    }

    fn lay_yard(&mut self, image: &Image, journaled: bool) -> Result<(), RecoverError> {
        for (expected, found) in (0..).map(ContainerId::new).zip(image.containers.keys().copied()) {
            if expected != found {
                return Err(RecoverError::ContainerGap { expected, found });
            }
        }
        let mut yard = Yard::restored(image.containers.values().cloned(), &image.departed);
        if journaled {
            yard.keep_changes();
        }
        *self.yard.get_mut().unwrap_or_else(PoisonError::into_inner) = yard;
        Ok(())
    }

    fn lay_sorters(
        &mut self,
        image: Image,
        plans: &BTreeMap<PlanVersion, Arc<Plan>>,
    ) -> Result<(), RecoverError> {
        let (timetable, present) = (self.timetable(), self.plan());
        let chutes = self.layout.chutes().len();
        let (at, mut sorters) = (image.at, image.sorters);
        for record in image.containers.values() {
            // A worker whose beginning the journal has not, while its containers stand there.
            sorters.entry(record.sorter).or_default();
        }
        for (sorter, known) in sorters {
            let began = known.serves != PlanVersion::default();
            if began && known.chutes.len() != chutes {
                return Err(RecoverError::OtherLayout {
                    sorter,
                    journal: known.chutes.len(),
                    engine: chutes,
                });
            }
            let departures = known.chutes.iter().filter_map(|chute| chute.departure);
            if let Some(departure) = departures.into_iter().find(|it| timetable.departure(*it).is_none()) {
                return Err(RecoverError::UnknownDeparture(departure));
            }
            let plan = match plans.get(&known.serves) {
                Some(plan) => Arc::clone(plan),
                None if began => return Err(RecoverError::UnknownPlan { sorter, version: known.serves }),
                None => Arc::clone(&present),
            };
            let recovering = Recovering { image: known, began, plan, at };
            self.recovered.get_mut().unwrap_or_else(PoisonError::into_inner).insert(sorter, recovering);
        }
        Ok(())
    }
}
