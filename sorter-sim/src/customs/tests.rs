use std::collections::BTreeMap;

use super::*;

const LABELS: u32 = 200_000;

fn office() -> Office {
    Office::new(7, HubId::new(2), &CustomsMix::default())
}

/// An arrival somewhere in the week, other than that of the neighbours.
fn arrival(label: u32) -> Micros {
    Micros::new(u64::from(label + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) % (7 * 86_400_000_000))
}

fn import(label: u32) -> Messages {
    office().messages(label, arrival(label), Flow::Import)
}

/// What a hub knows at the end when it takes a message only if it is newer than all before, and how many
/// it does not take.
fn replay(messages: &Messages) -> (Clearance, usize) {
    let mut messages: Vec<Message> = messages.iter().copied().collect();
    messages.sort_unstable_by_key(|message| message.delivery);
    let (mut status, mut newest, mut refused) = (Clearance::PreLodged, Micros::ZERO, 0);
    for message in messages {
        if message.sent > newest {
            (status, newest) = (message.status, message.sent);
        } else {
            refused += 1;
        }
    }
    (status, refused)
}

fn assert_share(what: &str, count: usize, of: usize, rate: Rate) {
    let (share, n) = (f64::from(rate.ppb()) / 1e9, of as f64);
    let (mean, sigma) = (n * share, (n * share * (1.0 - share)).sqrt());
    assert!((count as f64 - mean).abs() < 4.0 * sigma, "{what}: {count} of {of}, expected {mean:.0}");
}

#[test]
fn every_story_is_as_frequent_as_its_rate() {
    let mix = CustomsMix::default();
    let mut counts: BTreeMap<Story, usize> = BTreeMap::new();
    for label in 0..LABELS {
        *counts.entry(office().story(label, Flow::Import)).or_default() += 1;
    }
    for (story, rate) in [
        (Story::Late, mix.prelodged_late),
        (Story::HoldDocument, mix.hold_document),
        (Story::HoldInspect, mix.hold_inspect),
        (Story::Screening, mix.screening),
        (Story::Refused, mix.refused),
        (Story::Seized, mix.seized),
        (Story::Expired, mix.expired),
        (Story::Revoked, mix.revoked),
        (Story::OutOfOrder, mix.out_of_order),
        (Story::RandomInspection, mix.random_inspection),
        (Story::TargetedInspection, TARGETED),
    ] {
        assert_share(&format!("{story:?}"), counts[&story], LABELS as usize, rate);
    }
    assert!(counts[&Story::Released] > 190_000);
}

#[test]
fn four_of_five_held_parcels_are_released_in_the_end() {
    let held = (0..LABELS).filter(|label| {
        use Story::{HoldDocument, HoldInspect, RandomInspection, Revoked, Screening, TargetedInspection};
        matches!(
            office().story(*label, Flow::Import),
            HoldDocument | HoldInspect | RandomInspection | Revoked | Screening | TargetedInspection
        )
    });
    let ends: Vec<Clearance> = held.map(|label| replay(&import(label)).0).collect();
    let released = ends.iter().filter(|status| **status == Clearance::Released).count();
    assert_share("released", released, ends.len(), CustomsMix::default().released_of_held);
}

#[test]
fn the_message_times_of_one_label_differ_and_follow_the_announcement() {
    for label in 0..LABELS {
        // Both the times of a whole week and those right at its start, where everything is cut off at 0.
        for at in [arrival(label), Micros::new(u64::from(label))] {
            let messages = office().messages(label, at, Flow::Import);
            assert!(messages[0].sent > Micros::ZERO, "{messages:?}");
            assert!(messages.is_sorted_by(|older, newer| older.sent < newer.sent), "{messages:?}");
            assert!(messages.iter().all(|message| message.delivery >= message.sent), "{messages:?}");
            assert!(messages.len() <= 3 && messages.iter().all(|message| message.label == label));
        }
    }
}

#[test]
fn a_batch_is_delivered_an_hour_before_the_hour_of_its_arrival() {
    let hour = Micros::from_secs(3_600);
    for label in 0..LABELS {
        let (arrival, messages) = (arrival(label), import(label));
        let first = messages.iter().map(|message| message.delivery).min().unwrap();
        let begin = Micros::new(arrival.get() / hour.get() * hour.get());
        if begin > hour {
            assert_eq!(first + hour, begin);
        } else {
            assert!(first <= Micros::new(2) && first < arrival);
        }
    }
}

#[test]
fn only_an_overtaken_message_has_to_be_refused() {
    for label in 0..LABELS {
        let overtaken = office().story(label, Flow::Import) == Story::OutOfOrder;
        assert_eq!(replay(&import(label)).1, usize::from(overtaken), "{:?}", import(label));
    }
}

#[test]
fn overtaken_messages_are_holds_as_well_as_releases() {
    let labels = (0..LABELS).filter(|label| office().story(*label, Flow::Import) == Story::OutOfOrder);
    let (holds, releases): (Vec<_>, Vec<_>) =
        labels.map(|label| import(label)[0].status).partition(|status| *status != Clearance::Released);
    assert!(holds.len() > 60 && releases.len() > 60, "{} and {}", holds.len(), releases.len());
}

#[test]
fn late_releases_and_revocations_keep_their_times() {
    let mix = CustomsMix::default();
    for label in 0..LABELS {
        let after = |message: &Message| message.sent.saturating_since(arrival(label));
        let messages = import(label);
        match office().story(label, Flow::Import) {
            Story::Late => {
                assert_eq!(messages[0].status, Clearance::Assessed);
                assert_eq!(messages[1].status, Clearance::Released);
                assert!((mix.late_min..=mix.late_max).contains(&after(&messages[1])));
            }
            Story::Revoked => {
                assert_eq!(messages[0].status, Clearance::Released);
                assert!(matches!(messages[1].status, Clearance::HoldDocument | Clearance::HoldInspect));
                assert!(after(&messages[1]) <= mix.revoke_max && messages[1].sent >= arrival(label));
                let lifted = messages.get(2).map(|message| message.sent - messages[1].sent);
                assert!(lifted.is_none_or(|after| (mix.hold_min..=mix.hold_max).contains(&after)));
            }
            Story::Refused | Story::Seized | Story::Expired => assert_eq!(messages.len(), 1),
            _ => {}
        }
    }
}

#[test]
fn exports_need_nothing_and_one_transit_in_a_hundred_gets_another_flight() {
    let mut changed = 0;
    for label in 0..LABELS {
        assert!(office().messages(label, arrival(label), Flow::Export { connection: 0 }).is_empty());
        let messages = office().messages(label, arrival(label), Flow::Transit { connection: 0 });
        changed += messages.len();
        assert!(
            messages.iter().all(|message| message.status == Clearance::Transit && message.onward_changed)
        );
    }
    assert_share("changed", changed, LABELS as usize, ONWARD_CHANGED);
    assert_eq!(office().announced(1, Flow::Transit { connection: 0 }), Clearance::Transit);
}

#[test]
fn a_changed_onward_flight_is_another_one_of_the_choices() {
    let mut seen = [false; 18];
    for label in 0..2_000 {
        for choices in [2, 3, 18] {
            let changed = office().changed_onward(label, 1, choices);
            assert!(changed != 1 && changed < choices);
            seen[usize::from(changed)] = true;
        }
        assert_eq!(office().changed_onward(label, 0, 1), 0);
        assert_eq!(office().changed_onward(label, 5, 0), 5);
    }
    assert_eq!(seen.iter().filter(|seen| **seen).count(), 17);
}

#[test]
fn the_answers_do_not_depend_on_the_order_of_the_questions() {
    let forwards = office().timeline((0..5_000).map(|label| (label, arrival(label), Flow::Import)));
    let backwards = office().timeline((0..5_000).rev().map(|label| (label, arrival(label), Flow::Import)));
    assert_eq!(forwards, backwards);
    let other = Office::new(7, HubId::new(3), &CustomsMix::default());
    assert_ne!(other.timeline((0..5_000).map(|label| (label, arrival(label), Flow::Import))), forwards);
}

#[test]
fn a_timeline_gives_each_message_once_and_in_order() {
    let mut timeline = office().timeline((0..20_000).map(|label| (label, arrival(label), Flow::Import)));
    let all = timeline.messages().to_vec();
    assert!(all.is_sorted_by_key(|message| (message.delivery, message.label, message.sent)));
    let mut given = Vec::new();
    for hour in 0..24 * 9 {
        let until = Micros::from_secs(hour * 3_600);
        let due = timeline.due(until).to_vec();
        assert!(due.iter().all(|message| message.delivery <= until));
        assert!(timeline.next_due().is_none_or(|next| next > until));
        assert!(timeline.due(until).is_empty());
        given.extend(due);
    }
    assert_eq!(given, all);
    assert_eq!((timeline.waiting(), timeline.next_due()), (0, None));
}

#[test]
fn a_timeline_that_is_extended_day_by_day_gives_the_same() {
    let parcels = || (0..20_000).map(|label| (label, arrival(label), Flow::Import));
    let whole = office().timeline(parcels());
    let (mut timeline, mut given) = (Timeline::default(), Vec::new());
    let day = |number: u64| Micros::from_secs(number * 86_400);
    // Each day ends three hours before midnight, so that the batches of the next night are there in time.
    for number in 0..9 {
        office().extend(
            &mut timeline,
            parcels().filter(|(_, at, _)| (day(number)..day(number + 1)).contains(at)),
        );
        given.extend_from_slice(timeline.due(day(number + 1).saturating_since(Micros::from_secs(3 * 3_600))));
    }
    assert_eq!(given, whole.messages());
}

#[test]
fn a_mix_of_extremes_still_makes_sense() {
    let mix = CustomsMix {
        revoked: Rate::ONE,
        revoke_max: Micros::ZERO,
        hold_min: Micros::ZERO,
        hold_max: Micros::ZERO,
        released_of_held: Rate::ONE,
        ..CustomsMix::default()
    };
    let office = Office::new(1, HubId::new(0), &mix);
    for label in 0..20_000 {
        let messages = office.messages(label, Micros::ZERO, Flow::Import);
        assert!(messages.is_sorted_by(|older, newer| older.sent < newer.sent));
        assert!(messages.is_sorted_by_key(|message| message.delivery) || messages.len() != 3);
    }
    let never = CustomsMix { prelodged_late: Rate::ONE, ..mix };
    let office = Office::new(1, HubId::new(0), &never);
    assert!((0..1_000).all(|label| office.story(label, Flow::Import) == Story::Late));
}

#[test]
fn a_message_takes_24_bytes() {
    assert_eq!(size_of::<Message>(), 24);
}
