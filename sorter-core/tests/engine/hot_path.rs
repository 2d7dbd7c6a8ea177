//! The hot path allocates nothing.

use allocation_counter::measure;
use sorter_core::clearance::{Clearance, Ruling};
use sorter_core::engine::{Commit, Fate, OrderEnd, Scan, Tally};
use sorter_core::journal::{
    Book, BookConfig, Health, Keep, Scribe, ScribeConfig, SimulatedDisk, SimulatedJournal,
};
use sorter_core::reason::Reason;
use sorter_core::units::{Micros, Millimetres};

use super::hall::*;

/// Takes an item from its scan to its end without touching the heap itself.
fn pass(hall: &mut Hall, codes: &[&[u8]], between: impl FnOnce(&mut Hall)) -> Reason {
    let mut item = hall.enter(0);
    let at = hall.now();
    let reach = Millimetres::new(8_000);
    let scan = Scan { item: item.id, at, codes, known: None, held: item.held, reach };
    let first = hall.workers[0].decide(&scan);
    between(hall);
    let worker = &mut hall.workers[0];
    let mut held = first.assigned;
    if worker.commit(item.id, at, &first.identity, &held) == Commit::DecideAgain {
        let again = Scan { codes: &[], known: Some(first.identity), held, ..scan };
        let second = worker.decide(&again);
        if let Some(chute) = held.chute.filter(|chute| second.assigned.chute != Some(*chute)) {
            worker.order_ended(item.id, at, chute, &second.assigned, OrderEnd::Replaced);
        }
        held = second.assigned;
        worker.commit(item.id, at, &second.identity, &held);
    }
    item.held = held;
    let fate = match held.chute {
        Some(chute) => {
            worker.order_ended(item.id, at, chute, &held, OrderEnd::WithItem);
            Fate::Discharged(chute)
        }
        None => Fate::Left,
    };
    worker.finish(item.id, at, &held, fate, WEIGHT);
    held.reason
}

fn passes(tally: &Tally) -> u64 {
    tally.reasons.iter().sum()
}

#[test]
fn decide_commit_and_finish_allocate_nothing() {
    let parcels: Vec<_> = (1..=400).map(Parcel::new).collect();
    let mut hall = Hall::new(&parcels);
    hall.announce(&Parcel::new(500).alias(lp(500)).to("FR", "75001")).unwrap();
    let codes: Vec<_> = (1..=500).map(s10).collect();
    let held = key(&codes[301]);
    let (foreign, unknown) = (b"W123456".to_vec(), sscc(9));
    pass(&mut hall, &[&codes[0]], |_| ());
    // The book of the rulings of customs begins with the first of them.
    hall.set_clearance(400, Clearance::Released);

    let counted = measure(|| {
        for code in &codes[1..200] {
            pass(&mut hall, &[&foreign, code, &unknown], |_| ());
        }
        // Some fill their chutes by now; others are late, unknown, duplicates, in conflict, not read at all.
        for (codes, expected) in [
            (&[codes[499].as_slice()][..], Reason::Planned),
            (&[codes[450].as_slice(), unknown.as_slice()], Reason::UnknownParcel),
            (&[codes[0].as_slice()], Reason::Duplicate),
            (&[codes[300].as_slice(), codes[301].as_slice()], Reason::ConflictingReads),
            (&[], Reason::NoRead),
        ] {
            assert_eq!(pass(&mut hall, codes, |_| ()), expected);
        }
        let hold = |hall: &mut Hall| {
            let ruling = Ruling { at: Micros::new(1), status: Clearance::HoldDocument, onward: None };
            hall.engine.set_clearance(held, ruling).unwrap();
        };
        assert_eq!(pass(&mut hall, &[&codes[301]], hold), Reason::Hold);
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
    assert_eq!(passes(hall.workers[0].tally()), 206);
    assert_eq!((hall.reserved(), hall.deviations()), (0, 0));
}

#[test]
fn codes_of_gs1_allocate_nothing_good_or_damaged() {
    let spell = |number: u32| {
        let sscc = String::from_utf8(sscc(number)).unwrap();
        [
            format!("]C100{sscc}\x1d42010115"),
            format!("(00){sscc}(421)27610115"),
            format!("https://id.gs1.org/00/{sscc}?420=10115"),
            format!("]d2010950600013435221a/{number}"),
            format!("https://a.example/01/9506000134352/21/a%2F{number}"),
        ]
    };
    let serialised = |number: u32| spell(number)[3].clone().into_bytes();
    let parcels: Vec<_> = (1..=40).map(|n| Parcel::new(n).alias(sscc(n)).alias(serialised(n))).collect();
    let mut hall = Hall::new(&parcels);
    let codes: Vec<_> = (1..=41).map(spell).collect();
    let damaged: [&[u8]; 6] = [
        b"]C10035412345550115298",
        b"(00)354123455501152988",
        b"https://a.example/01/09506000134352/21/%zz",
        b"(01)09506000134352(21)abcdefghijklmnopq",
        b"00354123455501152989\x1d420\x01",
        &[b'('; 65],
    ];
    pass(&mut hall, &[&s10(40)], |_| ());
    let counted = measure(|| {
        for spellings in &codes[..39] {
            let read: [&[u8]; 5] = std::array::from_fn(|place| spellings[place].as_bytes());
            assert_eq!(pass(&mut hall, &read, |_| ()), Reason::Planned);
        }
        let unknown = [codes[40][1].as_bytes(), codes[40][3].as_bytes()];
        assert_eq!(pass(&mut hall, &unknown, |_| ()), Reason::UnknownParcel);
        let conflicting = [codes[0][2].as_bytes(), codes[1][4].as_bytes()];
        assert_eq!(pass(&mut hall, &conflicting, |_| ()), Reason::ConflictingReads);
        for code in &damaged {
            assert!(matches!(pass(&mut hall, &[code], |_| ()), Reason::NoRead | Reason::BadCheckDigit));
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

#[test]
fn decide_commit_and_finish_allocate_nothing_with_a_journal_either() {
    let parcels: Vec<_> = (1..=400).map(Parcel::new).collect();
    let (book, drain) = Book::new(BookConfig { lane: 2_048 });
    let (hall, image) = Hall::journaled(&parcels, book.clone());
    let mut hall = hall.opened();
    let disk = SimulatedDisk { keep: Keep::Nothing, ..SimulatedDisk::default() };
    let mut scribe = Scribe::new(drain, SimulatedJournal::new(disk), image, false, ScribeConfig::default());
    let codes: Vec<_> = (1..=400).map(s10).collect();
    let foreign = b"W123456".to_vec();
    // The first parcel in a container is told of in its note.
    for code in &codes[..4] {
        pass(&mut hall, &[code], |_| ());
    }
    settle(&mut scribe);

    let counted = measure(|| {
        for code in &codes[4..300] {
            pass(&mut hall, &[&foreign, code], |_| ());
        }
        pass(&mut hall, &[&codes[0]], |_| ());
        pass(&mut hall, &[], |_| ());
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
    let lane = hall.workers[0].lane().expect("there is a journal");
    assert!(lane.backlog() > 3 * 296, "entered, decided, committed and discharged: {}", lane.backlog());

    let counted = measure(|| settle(&mut scribe));
    assert_eq!(counted.count_total, 0, "the writer allocates nothing for records either: {counted:?}");
    let lane = hall.workers[0].lane().expect("there is a journal");
    assert_eq!((lane.backlog(), scribe.reordered(), book.health()), (0, 0, Health::Well));
    assert_eq!(hall.deviations(), 0);
}

/// Gives the writer turns until everything is durable.
fn settle(scribe: &mut Scribe<SimulatedJournal>) {
    scribe.turn(Micros::ZERO);
    while let Some(due) = scribe.due() {
        scribe.turn(due);
    }
}

#[test]
fn the_first_decision_by_a_published_plan_allocates_nothing() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    let codes = [s10(1), s10(2)];
    pass(&mut hall, &[&codes[0]], |_| ());
    hall.engine.publish(&plan(OUTLETS)).unwrap();
    let counted = measure(|| {
        pass(&mut hall, &[&codes[1]], |_| ());
    });
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "nothing taken and nothing freed");
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![0_u8; 8]))).count_total, 1);
}
