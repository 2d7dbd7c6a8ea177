//! What has to hold at the end of a history.

use sorter_core::ids::ChuteId;
use sorter_core::state_word::Life;
use sorter_plc::contract::Event;

use crate::host::Host;
use crate::people::{parcel_of, plate};
use crate::plc_side::Counted;
use crate::reader::Told;
use crate::site::{Announced, HOLD, OUTBOUND};
use crate::stats::Happened;
use crate::truth::{ItemLife, Place};
use crate::world::World;

/// Everything.
pub(crate) fn check(world: &mut World<'_>) {
    let host = world.host.take().expect("the host is up at the end");
    books(world, &host);
    for parcel in 0..u32::try_from(world.site.parcels.len()).unwrap() {
        fate(world, &host, parcel);
    }
    containers(world);
    world.host = Some(host);
}

/// The books of each sorter close, and tell what its PLC told.
fn books(world: &mut World<'_>, host: &Host) {
    for (line, link) in world.lines.iter().zip(&host.links) {
        let worker = link.controller.worker();
        let balance = worker.balance();
        assert_eq!(balance.on_belt(), Some(0), "{balance}");
        assert_eq!(worker.chutes().reserved(), 0, "places are reserved though nothing is on its way");
        let had = Counted {
            inducted: balance.inducted,
            unexpected: balance.unexpected,
            discharged: balance.discharged,
            left: balance.left,
            lost: balance.lost,
        };
        if line.boots == 1 {
            assert_eq!(had, line.counted_with_waiting(), "the books of the host and the events of the PLC");
            assert_eq!(
                (balance.found, balance.unknown),
                (0, 0),
                "nothing was lost, so nothing is found: {balance}"
            );
            world.stats.count(Happened::BooksExact);
        } else {
            let least = line.counted;
            assert!(
                had.inducted >= least.inducted && had.discharged >= least.discharged,
                "{had:?} of {least:?}"
            );
            assert!(had.left >= least.left && had.lost >= least.lost, "{had:?} of {least:?}");
        }
    }
}

/// Where a parcel lies, and what the ledger says about it.
fn fate(world: &mut World<'_>, host: &Host, parcel: u32) {
    let Place::Chute(sorter, chute) = world.truth.places[parcel as usize] else {
        panic!("parcel {parcel} lies in no chute: {:?}", world.truth.places[parcel as usize]);
    };
    let label = world.site.parcels[parcel as usize].label;
    let Some(life) = world.truth.last_life(parcel).copied() else {
        // It fell in the place of another parcel before any eye had seen it.
        assert!(
            world.truth.is_confused || world.lines[sorter].boots > 1,
            "parcel {parcel} was never an item"
        );
        return;
    };
    let Some(id) = parcel_of(host, label) else {
        assert_eq!(world.site.parcels[label as usize].announced, Announced::Never, "label {label}");
        return;
    };
    let word = host.engine.ledger().state(id).expect("it is announced");
    let what = format!("parcel {parcel} ({id}) in {chute} of sorter {sorter}: {word:?}, last {life:?}");
    assert!(!word.life().is_live_claim(), "it is on no belt any more: {what}");
    assert_ne!(word.life(), Life::Unknown, "it was not declared lost: {what}");
    let told = world.told(&life);
    let slid_as_told =
        life.end.is_some_and(|end| matches!(end, Event::Discharged { chute: to, .. } if to == chute))
            && life.sorter == sorter;
    if !life.disturbed && !life.torn && life.inducted {
        identity(world, &life, told.as_ref(), &what);
    }
    if !world.site.is_unique(label) {
        return;
    }
    let Some(told) = told.filter(|told| told.parcel == Some(id) && slid_as_told && !life.torn) else {
        explain(world, &life, slid_as_told, word.life(), &what);
        return;
    };
    world.stats.count(Happened::FateChute);
    let _ = told;
    let rests = match chute {
        HOLD => word.life() == Life::Held,
        chute if chute.get() < OUTBOUND => {
            matches!(word.life(), Life::Discharged | Life::Recalled | Life::Exception)
        }
        _ => matches!(word.life(), Life::Exception | Life::Recalled),
    };
    assert!(rests, "the ledger has it elsewhere: {what}");
    let container = host.engine.container_of(id).unwrap_or_else(|| panic!("it lies in no container: {what}"));
    let place = host.engine.yard().get(container).map(|record| (record.sorter, record.chute));
    assert_eq!(place, Some((world.lines[sorter].sorter, chute)), "its container is elsewhere: {what}");
    customs(world, label, chute, word.life(), &what);
}

/// An item that nothing disturbed was told by its label.
fn identity(world: &mut World<'_>, life: &ItemLife, told: Option<&Told>, what: &str) {
    let told = told.unwrap_or_else(|| panic!("the journal does not know the item: {what}"));
    assert!(told.is_decided || matches!(life.end, Some(Event::Lost { .. })), "never decided: {what}");
    let Some(label) = world.site.reads(life.body.parcel, life.body.pass) else { return };
    let before = world.site.parcels[label as usize].announced == Announced::Before;
    if before && world.site.is_unique(label) && told.is_decided {
        // What a diverter caught in the place of another parcel passes for that one until it turns up.
        let is_right = told.parcel.is_some() || told.is_duplicate && world.truth.is_confused;
        assert!(is_right, "its label was read and not understood: {what}, {told:?}");
        world.stats.count(Happened::Undisturbed);
    }
}

/// The ledger says something else than what is so: there has to be a cause.
fn explain(world: &mut World<'_>, life: &ItemLife, slid_as_told: bool, rest: Life, what: &str) {
    let told = world.told(life);
    let unread = world.site.reads(life.body.parcel, life.body.pass).is_none();
    let late = world.site.parcels[life.body.parcel as usize].announced != Announced::Before;
    let causes = [
        life.torn,
        !life.inducted,
        !slid_as_told,
        unread,
        late,
        life.disturbed && told.as_ref().is_none_or(|told| told.parcel.is_none()),
        told.as_ref().is_some_and(|told| told.is_duplicate) && world.truth.is_confused,
    ];
    assert!(causes.contains(&true), "no cause is known: {what}");
    let _ = rest;
    world.stats.count(Happened::FateExplained);
}

/// What lies in an outbound container may leave, or is recalled.
fn customs(world: &mut World<'_>, label: u32, chute: ChuteId, life: Life, what: &str) {
    if chute.get() >= OUTBOUND {
        return;
    }
    world.stats.count(Happened::Cleared);
    let status = world.people.status(label);
    if life == Life::Recalled {
        world.stats.count(Happened::Recalled);
        assert!(!status.free_to_leave(), "it is recalled and free to leave: {what}");
    } else {
        assert!(status.free_to_leave(), "it is {status} and may leave: {what}");
    }
}

/// What the journal says about containers is what slid into them.
fn containers(world: &mut World<'_>) {
    let standing = world.truth.standing.iter().flatten();
    let all =
        world.truth.gone.iter().chain(standing).filter(|container| container.is_told && !container.touched);
    for container in all {
        let Some(id) = world.reader.plates.get(&plate(container.plate)) else { continue };
        let told = world.reader.content.get(id).map(Vec::as_slice).unwrap_or_default();
        let mut weights: Vec<u32> =
            container.content.iter().map(|parcel| crate::site::weight(*parcel).get()).collect();
        weights.sort_unstable();
        let mut known: Vec<u32> = told.iter().map(|(_, weight)| weight.get()).collect();
        known.sort_unstable();
        assert_eq!(told.len(), container.content.len(), "{container:?} is told as {told:?}");
        let weighed = known.iter().filter(|weight| **weight != 0).all(|weight| weights.contains(weight));
        // Where a PLC took one parcel for another, nobody can know.
        assert!(
            weighed || world.truth.is_confused,
            "{container:?} weighs {weights:?} and is told as {known:?}"
        );
        world.stats.count(Happened::Manifest);
        world.stats.count_many(Happened::ManifestEntry, told.len() as u64);
    }
    for manifest in &world.people.handed {
        manifest.verify().expect("a manifest has the sums that it states");
        let told = world.reader.content.get(&manifest.container).map(Vec::as_slice).unwrap_or_default();
        let entries: Vec<_> = manifest.entries.iter().map(|entry| (entry.parcel, entry.weight)).collect();
        assert_eq!(entries, told, "a manifest that was handed out, and the records of its container");
    }
}
