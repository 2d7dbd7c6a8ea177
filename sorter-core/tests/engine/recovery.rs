//! What a host makes of a journal: parcels that stay unknown, what was torn, and journals that do not fit.

use std::thread;

use allocation_counter::measure;
use sorter_core::chute::ChuteReport;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::{ContainerPolicy, Fate, HallRules, OrderEnd, RecoverError, Scan};
use sorter_core::ids::{HubId, ItemId, SorterId};
use sorter_core::journal::{
    Body, Book, BookConfig, Cause, Drain, Entry, Image, Note, Record, RecordKind, Sequencer,
};
use sorter_core::state_word::Life;
use sorter_core::units::{EncoderCount, Micros, Millimetres};

use super::hall::*;

/// A hall with a journal, and what its writer would write.
struct Written {
    hall: Hall,
    first: Image,
    drain: Drain,
    sequencer: Sequencer,
    entries: Vec<Entry>,
}

impl Written {
    fn new(parcels: &[Parcel]) -> Self {
        let (book, drain) = Book::new(BookConfig::default());
        let (hall, first) = Hall::journaled(parcels, book);
        let sequencer = Sequencer::new(first.clone(), true);
        Self { hall: hall.opened(), first, drain, sequencer, entries: vec![] }
    }

    fn image(&mut self) -> Image {
        self.sequencer.collect(&mut self.drain, usize::MAX, &mut self.entries);
        self.sequencer.image().clone()
    }

    /// What a journal tells that was torn right before the last record of a kind from the first sorter or the
    /// hub, and all after it.
    fn torn_before(&mut self, kind: RecordKind) -> Image {
        self.image();
        let of_kind = |entry: &Entry| match &entry.body {
            Body::Record(record) => {
                record.kind == kind && [SorterId::new(0), Record::HUB].contains(&record.sorter)
            }
            Body::Note(_) => false,
        };
        let end = self.entries.iter().rposition(of_kind).expect("there is one");
        let mut image = self.first.clone();
        self.entries[..end].iter().for_each(|entry| image.apply(entry));
        image
    }

    fn recover(&mut self, parcels: &[Parcel], image: Image) {
        let (book, drain) = Book::new(BookConfig::default());
        self.hall.recover(parcels, image.clone(), book);
        (self.drain, self.sequencer) = (drain, Sequencer::new(image, true));
        self.entries.clear();
    }
}

fn rules() -> HallRules {
    HallRules { containers: ContainerPolicy::Plated, ..plated() }
}

fn refusal(parcels: &[Parcel], image: Image) -> String {
    match Hall::builder(parcels, rules()).recover(image, None) {
        Ok(_) => panic!("it goes on where it may not"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_parcel_that_a_restart_left_unknown_is_declared_lost_unless_it_turns_up() {
    let parcels: Vec<_> = (0..3).map(Parcel::new).collect();
    let mut written = Written::new(&parcels);
    for number in 0..3 {
        let item = written.hall.scan(0, &[s10(number)]);
        written.hall.end(item, Fate::Forgotten);
    }
    let since = written.hall.now();
    // One turns up before the restart of the host, one after it.
    let seen = written.hall.scan(1, &[s10(1)]);
    let image = written.image();
    assert_eq!(image.sorters[&SorterId::new(0)].unknown.len(), 2);
    written.recover(&parcels, image);

    let late = since + Micros::from_secs(599);
    written.hall.wait_until(late);
    assert_eq!(
        [0, 1, 2].map(|number| written.hall.state(number).life()),
        [Life::Unknown, Life::Claimed, Life::Unknown]
    );
    let turned_up = written.hall.scan(0, &[s10(2)]);
    written.hall.wait_until(late + Micros::from_secs(10));
    assert_eq!(
        [0, 1, 2].map(|number| written.hall.state(number).life()),
        [Life::Lost, Life::Claimed, Life::Claimed]
    );
    assert_eq!(written.hall.workers[0].tally().declared_lost, 1);
    assert!(written.image().sorters[&SorterId::new(0)].unknown.is_empty());
    assert_eq!((seen.sorter, turned_up.sorter), (1, 0));
}

#[test]
fn a_recall_that_was_torn_off_from_its_discharge_is_made_up_for() {
    let parcels = [Parcel::new(0)];
    let mut written = Written::new(&parcels);
    let item = written.hall.scan(0, &[s10(0)]);
    written.hall.commit(&item);
    written.hall.set_clearance(0, Clearance::HoldInspect);
    let chute = item.held.chute.unwrap();
    written.hall.end(item, Fate::Discharged(chute));
    assert_eq!(written.hall.state(0).life(), Life::Recalled);
    let before = written.hall.engine.open_recalls();

    let image = written.torn_before(RecordKind::Recalled);
    written.recover(&parcels, image);
    assert_eq!(written.hall.state(0).life(), Life::Recalled);
    assert_eq!(written.hall.engine.open_recalls(), before);
    assert_eq!(written.image().recalls.iter().copied().collect::<Vec<_>>(), before);
}

#[test]
fn a_container_whose_sealing_was_torn_has_its_manifest_all_the_same() {
    let parcels = [Parcel::new(0)];
    let mut written = Written::new(&parcels);
    let item = written.hall.scan(0, &[s10(0)]);
    written.hall.deliver(item);
    written.hall.report(0, GERMANY, NO_CONTAINER);
    written.hall.report(0, GERMANY, OPEN);
    let [sealed] = written.hall.workers[0].take_manifests().try_into().unwrap();

    let image = written.torn_before(RecordKind::ContainerSealed);
    written.recover(&parcels, image);
    assert_eq!(written.hall.workers[0].take_manifests(), [sealed]);
    assert_eq!(written.hall.workers[0].chutes().get(GERMANY).unwrap().fill(), 0);
    // That the next one is in place was not told, and the PLC tells it again.
    assert!(!written.hall.workers[0].chutes().get(GERMANY).unwrap().report().container);
}

#[test]
fn a_chute_with_something_in_it_never_serves_a_plan_whose_records_were_torn() {
    let parcels = [Parcel::new(0)];
    let mut written = Written::new(&parcels);
    let item = written.hall.scan(0, &[s10(0)]);
    let chute = item.held.chute.unwrap();
    written.hall.deliver(item);
    let swapped = LANES.replacen("[0, 1]", "[1, 2]", 1).replacen("[2], lane", "[0], lane", 1);
    let published = written.hall.engine.publish(&plan(&swapped));
    let at = written.hall.now();
    written.hall.wait_until(at);
    assert!(published.is_ok() && written.hall.workers[0].changing().any(|changing| changing == chute));

    for kind in [RecordKind::PlanSeen, RecordKind::ChangeoverBegun] {
        let mut torn = Written::new(&parcels);
        let image = written.torn_before(kind);
        torn.recover(&parcels, image);
        let at = written.hall.now();
        torn.hall.wait_until(at);
        let changing: Vec<_> = torn.hall.workers[0].changing().collect();
        assert_eq!(changing, written.hall.workers[0].changing().collect::<Vec<_>>());
    }
}

#[test]
fn a_host_that_does_not_fit_its_journal_is_refused_by_name() {
    let parcels: Vec<_> = (0..3).map(Parcel::new).collect();
    let mut written = Written::new(&parcels);
    let image = written.image();

    let other_hub = Image { hub: HubId::new(7), ..image.clone() };
    assert_eq!(
        refusal(&parcels, other_hub),
        "the journal is of hub 7 and the engine of hub 0; give the engine the journal of its hub"
    );
    let fewer = refusal(&parcels[..2], image.clone());
    assert!(fewer.starts_with("the journal began with 3 announced parcels and the engine with 2"), "{fewer}");
    let elsewhere = [parcels[0].clone(), parcels[1].clone(), Parcel::new(2).to("FR", "75001")];
    assert!(refusal(&elsewhere, image.clone()).contains("or their codes, addresses or bookings differ"));
    assert!(refusal(&parcels, written.first.clone()).contains("the journal has no sort plan"));

    let mut broken = image.clone();
    let Note::Plan(first) = &mut broken.again[0] else { panic!("the first is the plan") };
    first.toml = first.toml.replace("[99]", "[999]");
    assert!(refusal(&parcels, broken).starts_with("plan 1 of the journal is refused, and was in force: "));

    let unscheduled =
        Hall::builder(&parcels, HallRules { timetable: HallRules::default().timetable, ..rules() });
    let refused = unscheduled.recover(image.clone(), None);
    assert!(matches!(refused, Err(RecoverError::UnknownDeparture(_))));

    let mut gap = image;
    gap.containers.remove(&sorter_core::ids::ContainerId::new(4));
    assert_eq!(refusal(&parcels, gap), "the journal has container 5 where container 4 is next");
}

#[test]
fn late_announcements_have_their_numbers_again_also_behind_one_that_was_refused() {
    let parcels = [Parcel::new(0)];
    let mut written = Written::new(&parcels);
    // Refused, and yet its destination is known from then on.
    written.hall.announce(&Parcel::new(0).to("AT", "1010")).unwrap_err();
    let held = Ruling { at: Micros::new(5), status: Clearance::HoldInspect, onward: None };
    written.hall.engine.set_clearance(key(&s10(1)), held).unwrap();
    let late = written.hall.announce(&Parcel::new(1).to("FR", "69001")).unwrap();
    let before = written.hall.state(1);

    // The journal is torn between the note of the announcement and its record.
    let image = written.torn_before(RecordKind::Announced);
    written.recover(&parcels, image);
    assert_eq!(written.hall.state(1).destination(), before.destination());
    assert_eq!(written.hall.state(1).clearance(), Clearance::HoldInspect);
    assert_eq!(written.hall.engine.rulings(late), [held]);
    assert_eq!(written.image().parcel(late).word, written.hall.state(1).to_bits());
    let next = written.hall.announce(&Parcel::new(2)).unwrap();
    assert_eq!(next.get(), late.get() + 1);
}

#[test]
fn the_hot_path_allocates_nothing_with_a_journal() {
    let parcels: Vec<_> = (0..200).map(Parcel::new).collect();
    let mut written = Written::new(&parcels);
    let codes: Vec<_> = (0..200).map(s10).collect();
    let pass = |hall: &mut Hall, code: &[u8]| {
        let (item, at) = (hall.enter(0).id, hall.now());
        let worker = &mut hall.workers[0];
        worker.about(Cause { kind: 0x0100, arg: 1, encoder: EncoderCount::new(at.get() as u32) }, WEIGHT);
        let scan = Scan {
            item,
            at,
            codes: &[code],
            known: None,
            held: sorter_core::engine::Assigned::NOTHING,
            reach: Millimetres::new(8_000),
        };
        let decision = worker.decide(&scan);
        worker.commit(item, at, &decision.identity, &decision.assigned);
        let chute = decision.assigned.chute.unwrap();
        worker.order_ended(item, at, chute, &decision.assigned, OrderEnd::WithItem);
        worker.finish(item, at, &decision.assigned, Fate::Discharged(chute), WEIGHT);
    };
    pass(&mut written.hall, &codes[0]);
    let counted = measure(|| codes[1..100].iter().for_each(|code| pass(&mut written.hall, code)));
    assert_eq!(counted.count_total, 0);
    assert_eq!(written.image().sorters[&SorterId::new(0)].balance.discharged, 100);
}

#[test]
fn records_of_threads_that_race_for_a_parcel_tell_its_state() {
    const PARCELS: u32 = 400;
    let parcels: Vec<_> = (0..PARCELS).map(Parcel::new).collect();
    let mut written = Written::new(&parcels);
    let engine = &written.hall.engine;
    let (drain, sequencer, entries) = (&mut written.drain, &mut written.sequencer, &mut written.entries);
    thread::scope(|scope| {
        let workers: Vec<_> = written
            .hall
            .workers
            .iter_mut()
            .zip(1_u16..)
            .map(|(worker, item)| {
                scope.spawn(move || {
                    for number in 0..PARCELS {
                        let (code, at) = (s10(number), Micros::from_secs(u64::from(number)));
                        let item = ItemId::new(item * 1_000 + u16::try_from(number).expect("there are few"));
                        worker.entered(item, at, true, EncoderCount::default());
                        let scan = Scan {
                            item,
                            at,
                            codes: &[&code],
                            known: None,
                            held: sorter_core::engine::Assigned::NOTHING,
                            reach: Millimetres::new(8_000),
                        };
                        let decision = worker.decide(&scan);
                        worker.commit(item, at, &decision.identity, &decision.assigned);
                        if let Some(chute) = decision.assigned.chute {
                            worker.order_ended(item, at, chute, &decision.assigned, OrderEnd::WithItem);
                        }
                        worker.finish(item, at, &decision.assigned, Fate::Left, WEIGHT);
                        let full = number % 50 == 7;
                        worker.chute_changed(GERMANY, at, ChuteReport { full, ..OPEN });
                    }
                })
            })
            .collect();
        scope.spawn(move || {
            for (number, at) in (0..PARCELS).zip(1..) {
                let status = if number % 3 == 0 { Clearance::HoldInspect } else { Clearance::Released };
                let ruling = Ruling { at: Micros::new(at), status, onward: None };
                engine.set_clearance(key(&s10(number)), ruling).expect("each is the first");
            }
        });
        while workers.iter().any(|worker| !worker.is_finished()) {
            sequencer.collect(drain, 64, entries);
            thread::yield_now();
        }
    });
    for _ in 0..8 {
        written.image();
    }
    let (image, live) = (written.image(), written.hall.engine.image_now());
    let words = |image: &Image| image.parcels.iter().map(|parcel| parcel.word).collect::<Vec<_>>();
    assert_eq!(words(&image), words(&live));
    for worker in &written.hall.workers {
        let (known, live) = (&image.sorters[&worker.sorter()], worker.image());
        assert_eq!((known.balance, known.decisions), (live.balance, live.decisions));
        assert!(known.items.is_empty());
    }
    // Every number is there once, and what went before about the same parcel is named.
    for (entry, number) in written.entries.iter().zip(1..) {
        assert_eq!(entry.seq.get(), number);
        assert!(entry.prev < entry.seq);
    }
}
