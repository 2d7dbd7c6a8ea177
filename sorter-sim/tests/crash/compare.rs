//! A recovered engine says what its image says.

use std::collections::BTreeMap;

use sorter_core::engine::{Engine, Worker};
use sorter_core::ids::{ChuteId, ContainerId, ParcelId};
use sorter_core::journal::{Image, ParcelImage, Record, SorterImage};
use sorter_core::state_word::StateWord;

use crate::host::Host;
use crate::reader::Reader;

/// What a host is: the hub and its sorters.
pub(crate) fn state(host: &Host) -> (Image, Vec<SorterImage>) {
    let workers = host.links.iter().map(|link| link.controller.worker().image());
    (host.engine.image_now(), workers.collect())
}

/// What was read from the disk by other rules is what the image says.
pub(crate) fn read(reader: &Reader, image: &Image) {
    for (parcel, word) in &reader.words {
        let known = image.parcels.get(parcel.index()).map(|known| known.word);
        assert_eq!(known, Some(word.to_bits()), "{parcel} in the image");
    }
    let items =
        image.sorters.iter().flat_map(|(sorter, known)| known.items.keys().map(|item| (*sorter, *item)));
    assert!(
        items.eq(reader.on_belt.keys().copied()),
        "the items on the belts in the image: {:?}",
        reader.on_belt
    );
    for ((sorter, item), key) in &reader.on_belt {
        let (known, told) = (&image.sorters[sorter].items[item], &reader.items[key]);
        assert_eq!(
            (known.decided, known.chute),
            (told.is_decided, told.chute),
            "{item} of {sorter} in the image"
        );
    }
}

/// What belongs to the hub.
pub(crate) fn engine(engine: &Engine, image: &Image, before: Option<&(Image, Vec<SorterImage>)>) {
    let now = engine.image_now();
    if let Some((before, _)) = before {
        assert!(
            same(&now, before),
            "the engine that crashed and the recovered one: {}",
            differing(before, &now)
        );
    }
    assert!(same(&now, image), "the recovered engine and its image: {}", differing(image, &now));
    for (number, known) in (0..).zip(&image.parcels) {
        let parcel = ParcelId::new(number);
        let word = engine.ledger().state(parcel).map_or(0, StateWord::to_bits);
        assert_eq!(word, known.word, "{parcel} of the engine");
        let onward = engine.onward(parcel).map_or(u32::MAX, |connection| connection.get().into());
        assert_eq!(onward, known.onward, "connection of {parcel}");
        if let Some(container) = engine.container_of(parcel) {
            assert_eq!(container.get(), known.container, "container of {parcel}");
        }
    }
    let yard = engine.yard();
    let records: BTreeMap<ContainerId, _> = yard.iter().map(|record| (record.id, record.clone())).collect();
    assert_eq!(records, image.containers, "the containers of the yard");
}

/// What belongs to a sorter, before its host did anything.
pub(crate) fn worker(worker: &Worker, image: &Image, before: Option<&(Image, Vec<SorterImage>)>) {
    let now = worker.image();
    if let Some((_, before)) = before {
        assert_eq!(before[worker.sorter().index()], now, "the worker that crashed and the recovered one");
    }
    let nothing = Default::default();
    let known = image.sorters.get(&worker.sorter()).unwrap_or(&nothing);
    assert_eq!(worker.balance(), known.balance, "books of {}", worker.sorter());
    for (number, chute) in (0..).zip(&known.chutes) {
        let id = ChuteId::new(number);
        let state = worker.chutes().get(id).expect("the layout is the same");
        assert_eq!(state.fill(), chute.fill, "fill of {id}");
        if chute.reported {
            let report = state.report();
            let bits = [
                (Record::FULL, report.full),
                (Record::HALF_FULL, report.half_full),
                (Record::NOT_AVAILABLE, report.not_available),
                (Record::CONTAINER, report.container),
            ];
            let shown = bits.iter().map(|(bit, is_set)| if *is_set { *bit } else { 0 }).sum::<u8>();
            assert_eq!(shown, chute.report, "what {id} shows");
        }
        let standing = worker.container_at(id).map(|(container, _)| container);
        assert_eq!(standing, chute.standing, "what stands at {id}");
    }
    let held: Vec<_> = worker.held().iter().copied().collect();
    let told: Vec<_> = known.held.iter().copied().collect();
    assert_eq!(held, told, "the hold book of {}", worker.sorter());
    assert_eq!(worker.tally().decisions, known.decisions);
    assert_eq!(worker.tally().commits, known.commits);
    assert_eq!(worker.tally().changeovers, known.changeovers);
    // Every order on its way has its place again, and nothing else has.
    let mut ordered = 0;
    for item in known.items.values() {
        ordered += u32::from(item.chute.is_some());
    }
    assert!(worker.chutes().reserved() <= ordered, "more places are reserved than items are on their way");
}

/// Whether an engine is what an image says, in all that an engine knows.
fn same(engine: &Image, image: &Image) -> bool {
    let parcels = || image.parcels.iter().map(|known| ParcelImage { last: Default::default(), ..*known });
    engine.parcels.iter().copied().eq(parcels())
        && engine.containers == image.containers
        && engine.departed == image.departed
        && engine.kept == image.kept
        && engine.recalls.iter().eq(image.recalls.iter())
}

/// In what two images differ.
fn differing(one: &Image, other: &Image) -> String {
    let parcels = one.parcels.iter().zip(&other.parcels).enumerate();
    let parcels: Vec<_> = parcels
        .filter(|(_, (one, other))| ParcelImage { last: other.last, ..**one } != **other)
        .map(|(number, (one, other))| {
            (number, StateWord::from_bits(one.word), StateWord::from_bits(other.word), *one, *other)
        })
        .collect();
    let containers: Vec<_> =
        one.containers.iter().filter(|(id, one)| other.containers.get(id) != Some(one)).collect();
    format!(
        "parcels {parcels:?}, containers {containers:?}, kept {} {}, recalls {:?} {:?}",
        one.kept.len(),
        other.kept.len(),
        one.recalls,
        other.recalls
    )
}

/// The first place in which two images that should be the same differ, in words.
pub(crate) fn difference(one: &Image, other: &Image) -> String {
    let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
    let place = one.lines().zip(other.lines()).position(|(one, other)| one != other).unwrap_or_default();
    let around = |text: &str| {
        text.lines().skip(place.saturating_sub(12)).take(24).map(str::trim).collect::<Vec<_>>().join(" ")
    };
    format!("line {place}: {} | {}", around(&one), around(&other))
}
