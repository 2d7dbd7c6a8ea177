//! Each reason that a decision can have today.

use sorter_core::clearance::Clearance;
use sorter_core::engine::{Fate, MAX_CODES};
use sorter_core::ids::ChuteId;
use sorter_core::reason::Reason;
use sorter_core::state_word::Life;
use sorter_core::units::Millimetres;

use super::hall::*;

/// Reason and chute of a first decision by these codes.
fn decided(hall: &mut Hall, codes: &[Vec<u8>]) -> (Reason, Option<ChuteId>) {
    let item = hall.scan(0, codes);
    (item.held.reason, item.held.chute)
}

#[test]
fn a_released_parcel_goes_to_a_chute_of_its_destination() {
    let mut hall =
        Hall::new(&[Parcel::new(1), Parcel::new(2).to("FR", "75001"), Parcel::new(3).to("AT", "1010")]);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::Planned, Some(GERMANY)));
    assert_eq!(decided(&mut hall, &[s10(2)]), (Reason::Planned, Some(FRANCE)));
    assert_eq!(decided(&mut hall, &[s10(3)]), (Reason::Planned, Some(ChuteId::new(3))));
}

#[test]
fn an_outlet_shares_its_parcels_by_free_room_and_tells_the_alternates() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    let mut first = hall.enter(0);
    let decision = hall.decide(&mut first, &[s10(1)]);
    assert_eq!(decision.assigned.chute, Some(GERMANY));
    assert_eq!(decision.alternates.as_slice(), [ChuteId::new(1)]);
    assert_eq!(decided(&mut hall, &[s10(2)]), (Reason::Planned, Some(ChuteId::new(1))));
}

#[test]
fn a_parcel_whose_chutes_are_full_goes_to_the_overflow_chute() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    hall.report(0, GERMANY, FULL);
    hall.report(0, ChuteId::new(1), FULL);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::Overflow, Some(OVERFLOW)));
}

#[test]
fn an_overflow_chain_ends_in_the_exception_chute() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    for chute in [GERMANY, ChuteId::new(1), OVERFLOW] {
        hall.report(0, chute, FULL);
    }
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::Overflow, Some(EXCEPTION)));
}

#[test]
fn an_item_without_a_read_goes_to_the_no_read_chute() {
    let mut hall = Hall::new(&[]);
    assert_eq!(decided(&mut hall, &[]), (Reason::NoRead, Some(NO_READ)));
    assert_eq!(decided(&mut hall, &[b"W123456".to_vec()]), (Reason::NoRead, Some(NO_READ)));
}

#[test]
fn a_wrong_check_digit_alone_goes_to_the_no_read_chute() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let mut wrong = s10(1);
    wrong[10] = if wrong[10] == b'9' { b'0' } else { wrong[10] + 1 };
    assert_eq!(decided(&mut hall, &[wrong]), (Reason::BadCheckDigit, Some(NO_READ)));
}

#[test]
fn codes_of_two_parcels_go_to_the_exception_chute() {
    let mut hall = Hall::new(&[Parcel::new(1), Parcel::new(2)]);
    assert_eq!(decided(&mut hall, &[s10(1), s10(2)]), (Reason::ConflictingReads, Some(EXCEPTION)));
    assert_eq!(hall.state(1).life(), Life::Expected);
}

#[test]
fn more_codes_than_are_looked_at_are_conflicting() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    assert_eq!(decided(&mut hall, &vec![s10(1); MAX_CODES]).0, Reason::Planned);
    let mut hall = Hall::new(&[Parcel::new(1)]);
    assert_eq!(decided(&mut hall, &vec![s10(1); MAX_CODES + 1]).0, Reason::ConflictingReads);
}

#[test]
fn a_parcel_that_nobody_announced_goes_to_the_hold_chute() {
    let mut hall = Hall::new(&[]);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::UnknownParcel, Some(HOLD)));
}

#[test]
fn a_destination_without_a_rule_goes_to_the_exception_chute() {
    let mut hall = Hall::new(&[Parcel::new(1).to("DE", "01067")]);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::NoRule, Some(EXCEPTION)));
}

#[test]
fn each_customs_status_that_holds_a_parcel_sends_it_to_the_hold_chute_with_its_reason() {
    for status in Clearance::ALL {
        let mut hall = Hall::new(&[Parcel::new(1).status(status)]);
        let expected = match status.hold_reason() {
            Some(reason) => (reason, Some(HOLD)),
            None => (Reason::Planned, Some(GERMANY)),
        };
        assert_eq!(decided(&mut hall, &[s10(1)]), expected, "{status}");
    }
}

#[test]
fn a_held_parcel_never_overflows_into_a_chute_that_leads_out() {
    let mut hall = Hall::new(&[Parcel::new(1).status(Clearance::HoldDocument)]);
    hall.report(0, HOLD, FULL);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::Hold, Some(EXCEPTION)));
    let mut hall = Hall::new(&[Parcel::new(1).status(Clearance::HoldDocument)]);
    hall.report(0, HOLD, FULL);
    hall.report(0, EXCEPTION, FULL);
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::Hold, None));
}

#[test]
fn a_parcel_that_went_round_too_often_goes_to_the_exception_chute() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    for pass in 1..=2 {
        let item = hall.scan(0, &[s10(1)]);
        assert_eq!((item.held.reason, hall.state(1).pass().get()), (Reason::Planned, pass));
        hall.end(item, Fate::Left);
    }
    assert_eq!(decided(&mut hall, &[s10(1)]), (Reason::LapLimit, Some(EXCEPTION)));
}

#[test]
fn a_parcel_without_overflow_runs_off_for_what_ails_its_chute() {
    for (report, reason) in
        [(FULL, Reason::ChuteFull), (DISABLED, Reason::ChuteDisabled), (NO_CONTAINER, Reason::NoContainer)]
    {
        let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
        hall.report(0, FRANCE, report);
        assert_eq!(decided(&mut hall, &[s10(1)]), (reason, None));
        assert_eq!(hall.state(1).life(), Life::Claimed);
    }
}

#[test]
fn a_decision_behind_the_chute_is_late() {
    let mut hall = Hall::new(&[Parcel::new(1).to("FR", "75001")]);
    let mut item = hall.enter(0);
    let at_the_chute = Millimetres::new(12_000);
    hall.decide_at(&mut item, &[s10(1)], at_the_chute);
    assert_eq!((item.held.reason, item.held.chute), (Reason::Planned, Some(FRANCE)));
    hall.end(item, Fate::Left);

    let mut item = hall.enter(0);
    hall.decide_at(&mut item, &[s10(1)], at_the_chute + Millimetres::new(1));
    assert_eq!((item.held.reason, item.held.chute), (Reason::LateOrder, None));
}

#[test]
fn reasons_are_counted_when_a_pass_ends() {
    let mut hall = Hall::new(&[Parcel::new(1)]);
    let item = hall.scan(0, &[s10(1)]);
    hall.deliver(item);
    let item = hall.scan(0, &[]);
    hall.end(item, Fate::Lost);
    let item = hall.scan(0, &[]);
    hall.end(item, Fate::Forgotten);
    let tally = hall.workers[0].tally();
    let counted = |reason: Reason| tally.reasons[reason as usize];
    assert_eq!(counted(Reason::Planned), 1);
    assert_eq!(counted(Reason::Lost), 1);
    assert_eq!(counted(Reason::FlushedAtRestart), 1);
    assert_eq!(tally.reasons.iter().sum::<u64>(), 3);
    assert_eq!((tally.decisions, tally.commits, tally.deviations), (3, 1, 0));
}
