//! Notices of customs: batches, their order, recalls and what withdraws them.

use sorter_core::barcode::CodeKey;
use sorter_core::clearance::{Clearance, InspectionList, NoticeRefusal, NoticeRow};
use sorter_core::engine::{Commit, Fate};
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::{Micros, Share};

use super::hall::*;

const NOW: Micros = Micros::from_secs(3_600);

fn row<'a>(code: &'a [u8], status: &'a str, at: u64) -> NoticeRow<'a> {
    NoticeRow { code, status, at: Micros::new(at), onward: None }
}

#[test]
fn a_batch_of_a_hundred_thousand_is_taken_in_and_its_bad_rows_are_named_by_their_places() {
    let parcels: Vec<_> = (0..50_000).map(|number| Parcel::new(number).status(Clearance::Assessed)).collect();
    let hall = Hall::new(&parcels);
    let codes: Vec<_> = (0..100_000).map(s10).collect();
    let mut rows: Vec<_> = codes.iter().map(|code| row(code, "released", 5)).collect();
    rows[7].status = "free";
    rows[70_000].code = b"W123456";
    rows[99_999].status = "transit";
    rows[12].onward = Some("X99");
    let report = hall.engine.notify(&rows, NOW);
    let refused: Vec<_> = report.outcome.refused.iter().map(|refused| refused.index).collect();
    assert_eq!(refused, [7, 12, 70_000, 99_999]);
    assert_eq!(report.outcome.refused[3].refusal, NoticeRefusal::OnwardMissing);
    let outcome = &report.outcome;
    assert_eq!((outcome.notices, outcome.applied, outcome.kept), (100_000, 49_998, 49_998));
    assert_eq!(
        (hall.state(7).clearance(), hall.state(8).clearance()),
        (Clearance::Assessed, Clearance::Released)
    );
}

#[test]
fn an_older_notice_is_refused_whenever_it_comes() {
    let hall = Hall::new(&[Parcel::new(1)]);
    let code = s10(1);
    let report = hall.engine.notify(&[row(&code, "hold_document", 9), row(&code, "released", 8)], NOW);
    let (at, present) = (Micros::new(8), Micros::new(9));
    assert_eq!(report.outcome.refused[0].refusal, NoticeRefusal::Older { at, present });
    assert_eq!(hall.state(1).clearance(), Clearance::HoldDocument);
    let repeated = hall.engine.notify(&[row(&code, "hold_document", 9), row(&code, "released", 9)], NOW);
    assert_eq!((repeated.outcome.repeated, repeated.outcome.outweighed), (1, 1));
    let parcel = hall.engine.ledger().find(key(&code)).unwrap();
    assert_eq!(hall.engine.rulings(parcel).len(), 1);
}

#[test]
fn a_notice_is_kept_for_a_parcel_that_is_announced_later() {
    let mut hall = Hall::new(&[]);
    let codes = [s10(1), lp(1)];
    let rows = [row(&codes[0], "released", 5), row(&codes[1], "seized", 6)];
    assert_eq!(hall.engine.notify(&rows, NOW).outcome.kept, 2);
    hall.announce(&Parcel::new(1).alias(lp(1))).unwrap();
    assert_eq!(hall.state(1).clearance(), Clearance::Seized, "the newest about any of its codes");
    assert_eq!(hall.scan(0, &[s10(1)]).held.reason, Reason::Seized);
}

#[test]
fn a_hold_after_the_commit_names_the_container_and_the_departure_once_it_slid_in() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    let report = hall.set_clearance(1, Clearance::Screening);
    let ruled = hall.engine.rulings(item.held.claim.unwrap().parcel)[0].at;
    assert_eq!((report.recalls.len(), report.on_their_way.len()), (0, 1));
    hall.end(item, Fate::Discharged(GERMANY));
    let [recall] = hall.engine.recalls().try_into().expect("one parcel is recalled");
    assert_eq!(recall.container, Some(hall.container(GERMANY).0));
    assert_eq!(recall.departure, hall.departure_at(0, GERMANY).map(|departure| departure.id));
    assert_eq!((recall.status, recall.at), (Clearance::Screening, ruled));
    assert_eq!(hall.state(1).life(), Life::Recalled);
}

#[test]
fn a_recall_after_the_discharge_names_the_container_also_when_it_was_taken_away() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let (container, departure) = (hall.container(GERMANY).0, hall.departure_at(0, GERMANY).unwrap());
    hall.swap(0, GERMANY);
    let report = hall.set_clearance(1, Clearance::HoldInspect);
    let [recall] = report.recalls.try_into().expect("one parcel is recalled");
    assert_eq!((recall.container, recall.departure), (Some(container), Some(departure.id)));
    assert_eq!(hall.engine.recalls().len(), 1);
}

#[test]
fn a_hold_that_is_lifted_before_the_parcel_slides_in_recalls_nothing() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!(hall.commit(&item), Commit::Done);
    hall.set_clearance(1, Clearance::HoldDocument);
    hall.set_clearance(1, Clearance::Released);
    hall.end(item, Fate::Discharged(GERMANY));
    assert_eq!((hall.state(1).life(), hall.engine.recalls().len()), (Life::Discharged, 0));
}

#[test]
fn a_release_withdraws_a_recall_and_the_next_hold_raises_another() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    hall.set_clearance(1, Clearance::HoldDocument);
    let report = hall.set_clearance(1, Clearance::Released);
    assert_eq!((report.recalls.len(), report.withdrawn.len()), (0, 1));
    let report = hall.set_clearance(1, Clearance::Seized);
    assert_eq!((report.recalls.len(), report.withdrawn.len()), (1, 0));
    let open: Vec<_> = hall.engine.recalls().iter().map(|recall| recall.withdrawn.is_none()).collect();
    assert_eq!(open, [false, true]);
}

#[test]
fn a_recalled_parcel_is_inducted_again_and_sorted_by_what_customs_say_then() {
    let mut hall = Hall::open(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    hall.set_clearance(1, Clearance::HoldDocument);
    let item = hall.scan(0, &[s10(1)]);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Hold, Some(HOLD)));
    hall.deliver(item);
    assert_eq!(hall.state(1).life(), Life::Held);
}

#[test]
fn a_parcel_in_an_exception_chute_is_not_recalled_and_one_in_an_overflow_chute_is() {
    for (full, plated) in [(false, true), (true, true), (false, false), (true, false)] {
        let parcel = Parcel::new(1).to("AT", "1010");
        let mut hall = if plated { Hall::open(&[parcel]) } else { Hall::new(&[Parcel::new(1)]) };
        let chutes: &[u16] = if plated { &[3] } else { &[0, 1] };
        for chute in chutes {
            hall.report(0, sorter_core::ids::ChuteId::new(*chute), FULL);
        }
        if full {
            hall.report(0, OVERFLOW, FULL);
        }
        let item = hall.scan(0, &[s10(1)]);
        let expected = if full { EXCEPTION } else { OVERFLOW };
        assert_eq!((item.held.reason, item.held.chute), (Reason::Overflow, Some(expected)));
        hall.deliver(item);
        let report = hall.set_clearance(1, Clearance::Refused);
        assert_eq!(report.recalls.len(), usize::from(!full), "full {full}, plated {plated}");
    }
}

#[test]
fn an_inspection_list_holds_what_it_names_and_draws_and_nothing_else() {
    let parcels: Vec<Parcel> = (0..400).map(Parcel::new).collect();
    let mut hall = Hall::new(&parcels);
    let codes: Vec<[CodeKey; 1]> = (0..400).map(|number| [key(&s10(number))]).collect();
    let mut list = InspectionList::new(3, Share::from_ppm(50_000).expect("five per cent"));
    list.target(codes[7][0]);
    let report = hall.engine.inspect(&list, codes.iter().map(|codes| &codes[..]), Micros::new(5));
    let held = |number: u32| hall.state(number).clearance() == Clearance::HoldInspect;
    let selected = (0..400).filter(|number| held(*number)).count();
    assert_eq!(report.outcome.applied, selected);
    assert!(held(7), "it is named");
    assert!((5..60).contains(&selected), "five per cent of 400, and the one that is named: {selected}");
    for number in 0..400 {
        assert_eq!(held(number), list.selects(codes[number as usize][0]).is_some(), "parcel {number}");
    }
    let item = hall.scan(0, &[s10(7)]);
    assert_eq!(item.held.reason, Reason::Inspect);
}

#[test]
fn kept_notices_are_forgotten_so_that_others_find_room() {
    let mut hall = Hall::open(&[]);
    assert_eq!(hall.set_clearance(1, Clearance::HoldDocument).outcome.kept, 1);
    let later = hall.now();
    assert_eq!(hall.set_clearance(2, Clearance::HoldDocument).outcome.kept, 1);
    assert_eq!(hall.engine.forget_kept_notices(later), 1);
    hall.announce(&Parcel::new(1)).unwrap();
    hall.announce(&Parcel::new(2)).unwrap();
    assert_eq!(
        [1, 2].map(|number| hall.state(number).clearance()),
        [Clearance::Released, Clearance::HoldDocument]
    );
    let counts = hall.engine.customs_counts();
    assert_eq!((counts.kept, counts.taken, counts.forgotten), (2, 1, 1));
}

#[test]
fn a_notice_from_the_future_is_refused_by_name_and_keeps_no_later_hold_from_being_taken() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let code = s10(1);
    let ahead = NOW.get() + 3_600_000_001;
    let report = hall.engine.notify(&[row(&code, "released", u64::MAX), row(&code, "released", ahead)], NOW);
    let told: Vec<String> =
        report.outcome.refused.iter().map(|refused| refused.refusal.to_string()).collect();
    assert_eq!(told[1], "message time of 7200000001 us is ahead of the present of 3600000000 us");
    assert_eq!(told.len(), 2);
    hall.engine.notify(&[row(&code, "hold_document", NOW.get())], NOW);
    let item = hall.scan(0, &[code]);
    assert_eq!(item.held.reason, Reason::Hold);
}
