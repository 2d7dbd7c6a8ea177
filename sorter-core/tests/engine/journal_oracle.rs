//! The naive book of the rules with a journal beside it: the image that the records tell is held against the engine,
//! and hosts end and go on.

use std::collections::VecDeque;

use sorter_core::engine::{Engine, Fate, Worker};
use sorter_core::ids::SorterId;
use sorter_core::journal::{
    Book, BookConfig, Drain, Entry, Image, ParcelImage, Record, RecordSeq, Recovered, Sequencer, SorterImage,
};
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Micros;

use super::hall::*;
use super::rules_oracle::{Op, PARCELS, Rules, announced, text};

/// One thing that happens in a hall with a journal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// What happens in every hall.
    Rule(Op),
    /// The PLC forgets an item.
    Forget(usize),
    /// A departure of the day is moved by minutes.
    Delay(usize, u64),
    /// A sealed container is loaded.
    Load(usize),
    /// A departure that leaves nothing at a chute leaves.
    Depart(usize),
    /// A plan is to come into force after half an hour.
    Ahead(usize),
    /// What is due comes into force.
    Due,
    /// What was kept for codes is forgotten.
    ForgetKept,
    /// A person takes the parcel that was held longest out of its chute.
    TakeOut(usize),
    /// People ask what may come back.
    Released(usize),
    /// The writer takes this many entries.
    Collect(usize),
    /// The writer takes everything, and the host ends.
    Crash,
}

/// A hall with its journal.
pub(crate) struct Kept {
    rules: Rules,
    /// Plans whose time has not come, the earliest first.
    ahead: VecDeque<usize>,
    drain: Drain,
    sequencer: Sequencer,
    /// The image that the journal begins with.
    pub(crate) first: Image,
    /// All of its entries.
    pub(crate) entries: Vec<Entry>,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let (book, drain) = Book::new(BookConfig::default());
        let (hall, first) = Hall::journaled(&announced(), book);
        let sequencer = Sequencer::new(first.clone(), true);
        let (rules, ahead) = (Rules::of(hall.opened()), VecDeque::new());
        Self { rules, ahead, drain, sequencer, first, entries: vec![] }
    }

    pub(crate) fn run(&mut self, step: Step) {
        match step {
            Step::Rule(op) => self.rules.run(op),
            Step::Forget(item) => self.rules.on_item(item, |rules, place| rules.end(place, Fate::Forgotten)),
            Step::Delay(which, minutes) => self.delay(which, minutes),
            Step::Load(which) => self.load(which),
            Step::Depart(which) => self.depart(which),
            Step::Ahead(which) => {
                let at = self.rules.hall.now() + Micros::from_secs(1_800);
                self.rules.hall.engine.plan_ahead(at, plan(&text(which))).expect("its form is good");
                self.ahead.push_back(which);
            }
            Step::Due => self.publish_due(),
            Step::ForgetKept => self.rules.forget_kept(),
            Step::TakeOut(sorter) => self.take_out(sorter),
            Step::Released(sorter) => {
                let at = self.rules.hall.now();
                self.rules.hall.workers[sorter].released(at);
            }
            Step::Collect(most) => {
                let have = self.entries.len();
                self.sequencer.collect(&mut self.drain, have + most, &mut self.entries);
            }
            Step::Crash => self.crash(),
        }
        self.rules.check();
    }

    /// Ends the day: every item runs off, and the image is once more what the engine says.
    pub(crate) fn finish(mut self) -> (Image, Vec<Entry>) {
        self.compare();
        self.rules.finish();
        (self.first, self.entries)
    }

    fn departures(&mut self) -> Vec<sorter_core::departure::Departure> {
        let now = self.rules.hall.now();
        self.rules.hall.engine.timetable().departing(now, now + hour(24))
    }

    fn delay(&mut self, which: usize, minutes: u64) {
        let departures = self.departures();
        let Some(place) = which.checked_rem(departures.len()) else { return };
        let (departure, by) = (departures[place], Micros::from_secs(minutes * 60));
        let now = self.rules.hall.now();
        let (cut_off, departs) = (departure.cut_off + by, departure.departs + by);
        if self.rules.hall.engine.change_departure(departure.id, cut_off, departs, now).is_ok() {
            self.rules.hall.wait_until(now);
        }
    }

    fn load(&mut self, which: usize) {
        let at = self.rules.hall.now();
        let mut yard = self.rules.hall.engine.yard();
        let waiting: Vec<_> =
            yard.iter().filter(|it| it.sealed.is_some() && it.departure.is_some()).map(|it| it.id).collect();
        let Some(place) = which.checked_rem(waiting.len()) else { return };
        let departure =
            yard.get(waiting[place]).and_then(sorter_core::container::ContainerRecord::departure_id);
        let _ = yard.load(waiting[place], departure.unwrap_or_default(), None, at);
    }

    fn depart(&mut self, which: usize) {
        let at = self.rules.hall.now();
        let timetable = self.rules.hall.engine.timetable();
        let left = timetable.departing(Micros::ZERO, at);
        let Some(place) = which.checked_rem(left.len()) else { return };
        let departure = left[place];
        let next = timetable.next(departure.lane, at).filter(|next| next.id != departure.id);
        let mut yard = self.rules.hall.engine.yard();
        if yard.of_departure(departure.id).all(|record| !record.state.at_chute()) {
            let _ = yard.depart(&departure, next, at);
        }
    }

    fn publish_due(&mut self) {
        let at = self.rules.hall.now();
        for (_, published) in self.rules.hall.engine.publish_due(at) {
            let which = self.ahead.pop_front().expect("it was handed in");
            if let Ok(version) = published {
                (self.rules.plan, self.rules.version) = (which, self.rules.version + 1);
                assert_eq!(version.get(), self.rules.version);
            }
        }
    }

    fn take_out(&mut self, sorter: usize) {
        let at = self.rules.hall.now();
        let worker = &mut self.rules.hall.workers[sorter];
        let Some(parcel) = worker.held().iter().next().map(|held| held.parcel) else { return };
        worker.taken_out(parcel, at);
        let word = self.rules.hall.engine.ledger().state(parcel);
        if word.is_some_and(|word| word.life() == Life::Recirculating) {
            let announced = |number: &u32| self.rules.pages[*number as usize].announced;
            let number = (0..PARCELS).filter(announced).find(|number| self.rules.id(*number) == parcel);
            self.rules.pages[number.expect("it is one of those") as usize].rests = None;
        }
    }

    fn collect_all(&mut self) {
        // A parcel that had the same word twice lets some records wait for a few looks.
        let mut idle = 0;
        while idle < 8 {
            let have = self.entries.len();
            self.sequencer.collect(&mut self.drain, usize::MAX, &mut self.entries);
            idle = if self.entries.len() == have { idle + 1 } else { 0 };
        }
    }

    /// The image that the records tell is what the engine and its workers say, and the items are what their
    /// controller knows.
    pub(crate) fn compare(&mut self) {
        self.collect_all();
        let (image, hall) = (self.sequencer.image(), &self.rules.hall);
        agrees(image, &hall.engine, &hall.workers);
        for entry in &self.rules.entries {
            let sorter = SorterId::new(u8::try_from(entry.item.sorter).expect("there are three"));
            let item = image.sorters[&sorter].items.get(&entry.item.id).expect("it is on the belt");
            assert_eq!((item.assigned().claim, item.chute), (entry.item.held.claim, entry.item.held.chute));
            let (known, identity) =
                (item.identity().expect("it was decided"), entry.item.identity.expect("so here"));
            assert_eq!((known.parcel(), known.is_duplicate()), (identity.parcel(), identity.is_duplicate()));
        }
        let items: usize = image.sorters.values().map(|sorter| sorter.items.len()).sum();
        assert_eq!(items, self.rules.entries.len());
    }

    /// The host ends, and another one goes on where its journal ends.
    fn crash(&mut self) {
        self.compare();
        let bytes = self.sequencer.image().to_bytes();
        let image = Image::from_bytes(&bytes).expect("it was just written");
        assert_eq!(&image, self.sequencer.image());
        let (book, drain) = Book::new(BookConfig::default());
        self.rules.hall.recover(&announced(), image.clone(), book);
        (self.drain, self.sequencer) = (drain, Sequencer::new(image, true));
        let mut recovered: Vec<Recovered> =
            self.rules.hall.workers.iter_mut().filter_map(Worker::take_recovered).collect();
        for entry in &mut self.rules.entries {
            let items = &mut recovered[entry.item.sorter].items;
            let place = items.iter().position(|item| item.item == entry.item.id).expect("it is there");
            let item = items.swap_remove(place);
            (entry.item.identity, entry.item.held) = (item.identity(), item.assigned());
        }
        assert!(recovered.iter().all(|recovered| recovered.items.is_empty()));
        self.compare();
    }
}

/// An image as far as an engine without its workers knows it.
fn without_sorters(image: &Image) -> Image {
    let mut image = image.clone();
    image.sorters.clear();
    image.again.clear();
    (image.seq, image.at, image.boots, image.announced) = (RecordSeq::NONE, Micros::ZERO, 0, (0, 0));
    for parcel in &mut image.parcels {
        *parcel = ParcelImage { last: RecordSeq::NONE, ..*parcel };
    }
    image
}

/// A sorter as far as its worker knows it.
fn without_items(sorter: &SorterImage) -> SorterImage {
    let mut sorter = sorter.clone();
    sorter.items.clear();
    sorter.recent.clear();
    sorter.linked = None;
    sorter.reasons.resize(Reason::COUNT, 0);
    for chute in sorter.chutes.iter_mut().filter(|chute| !chute.reported) {
        (chute.report, chute.reported) = (Record::CONTAINER, true);
    }
    sorter
}

/// Lets a host go on after every so many entries of a journal, as a crash would that tore the rest off.
pub(crate) fn recover_after_each(first: &Image, entries: &[Entry], every: usize) {
    let mut image = first.clone();
    for (place, entry) in entries.iter().enumerate() {
        image.apply(entry);
        if image.again.is_empty() || place % every != 0 {
            continue;
        }
        let (book, mut drain) = Book::new(BookConfig::default());
        let engine = Hall::builder(&announced(), plated()).recover(image.clone(), Some(book));
        let engine = engine.unwrap_or_else(|error| panic!("after {place} entries: {error}"));
        let workers: Vec<Worker> = (0..3).map(SorterId::new).map(|sorter| engine.worker(sorter)).collect();
        let mut sequencer = Sequencer::new(image.clone(), true);
        sequencer.collect(&mut drain, usize::MAX, &mut Vec::new());
        agrees(sequencer.image(), &engine, &workers);
        let standing = engine.yard().all_standing().count();
        assert_eq!(standing, 300, "one container stands at each chute");
        for worker in &workers {
            let known = image.sorters.get(&worker.sorter()).map_or(0, |known| known.items.len() as u64);
            assert_eq!(worker.balance().on_belt(), Some(known));
        }
    }
}

fn agrees(image: &Image, engine: &Engine, workers: &[Worker]) {
    let (mut known, mut live) = (without_sorters(image), without_sorters(&engine.image_now()));
    for (number, (known, live)) in known.parcels.iter().zip(&live.parcels).enumerate() {
        assert_eq!(known, live, "parcel {number}");
    }
    assert_eq!(known.parcels.len(), live.parcels.len());
    for (known, live) in known.containers.values().zip(live.containers.values()) {
        assert_eq!(known, live);
    }
    (known.parcels, live.parcels) = (vec![], vec![]);
    assert_eq!(known, live);
    for worker in workers {
        let known = image.sorters.get(&worker.sorter()).expect("its worker began");
        let (mut known, mut live) = (without_items(known), without_items(&worker.image()));
        for (chute, (known, live)) in known.chutes.iter().zip(&live.chutes).enumerate() {
            assert_eq!(known, live, "chute {chute} of {}", worker.sorter());
        }
        assert_eq!(known.chutes.len(), live.chutes.len());
        let held: (Vec<_>, Vec<_>) = (known.held.iter().collect(), live.held.iter().collect());
        assert_eq!(held.0, held.1, "the hold book of {}", worker.sorter());
        assert_eq!(known.sealed, live.sealed, "{}", worker.sorter());
        let counts = |it: &SorterImage| (it.reasons.clone(), it.decisions, it.commits, it.changeovers);
        assert_eq!(counts(&known), counts(&live), "{}", worker.sorter());
        assert_eq!((known.plan_seen, known.serves), (live.plan_seen, live.serves), "{}", worker.sorter());
        assert_eq!((known.balance, &known.unknown), (live.balance, &live.unknown), "{}", worker.sorter());
        (known.chutes, live.chutes) = (vec![], vec![]);
        assert!(known == live, "the totals of {} differ", worker.sorter());
    }
}
