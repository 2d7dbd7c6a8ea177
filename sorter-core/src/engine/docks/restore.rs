//! Docks as the journal keeps them, and docks that come back from it.

use super::{Container, ContainerPolicy, ContainerState, Docks, Serving, Spot, number_of};
use crate::chute::ChuteBank;
use crate::container::{Content, Manifest, ManifestEntry, Yard};
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::engine::restore::Recovering;
use crate::ids::{ChuteId, ContainerId};
use crate::journal::{ChuteImage, RecordKind, SealedImage, ServingImage};
use crate::units::Micros;

impl Docks {
    /// The docks of a sorter as an earlier host had them.
    pub(in crate::engine) fn restored(engine: &Engine, from: &Recovering, bank: &mut ChuteBank) -> Self {
        let (yard, timetable) = (engine.yard(), engine.timetable());
        let nothing = ChuteImage::default();
        let spots = (0..).map(ChuteId::new).zip(engine.layout.chutes()).map(|(chute, spec)| {
            let known = from.image.chutes.get(chute.index()).unwrap_or(&nothing);
            let wanted = Serving::of(&from.plan, chute);
            let before = known.serving.and_then(|serving| Serving::from_packed(serving.packed, chute));
            let serving = before.unwrap_or(wanted);
            let next = (serving.assignment != wanted.assignment).then_some(wanted);
            let since = known.serving.map_or(Micros::ZERO, |serving| serving.since);
            let id = known.standing.filter(|_| engine.policy == ContainerPolicy::Plated);
            let standing = id.map(|id| {
                let record = yard.get(id);
                let kind = record.map_or(serving.kind, |record| record.kind);
                let mut container = Container::new(id, kind, spec.capacity);
                container.content = content(&known.content, usize::from(spec.capacity));
                container.plate = record.and_then(|record| record.plate);
                container.closed = known.shut;
                container.departure = known.departure.and_then(|departure| timetable.departure(departure));
                container
            });
            let spot = Spot { serving, next, since, standing };
            bank.dock(chute, spot.dock());
            spot
        });
        let spots = spots.collect();
        let sealed = from.image.sealed.iter().filter_map(|sealed| manifest(&yard, sealed)).collect();
        // What has reached its cut-off meanwhile is looked at first.
        Self { spots, sealed, timetable, next_cut_off: Micros::ZERO }
    }

    /// The chutes as the journal keeps them.
    pub(in crate::engine) fn images(&self, bank: &ChuteBank) -> Vec<ChuteImage> {
        let image = |(spot, state): (&Spot, &crate::chute::ChuteState)| {
            let standing = spot.standing.as_ref();
            ChuteImage {
                fill: state.fill(),
                report: state.report().to_flags(),
                reported: true,
                content: standing.map(|it| it.content.entries().to_vec()).unwrap_or_default(),
                standing: standing.map(|container| container.id),
                shut: standing.is_some_and(|container| container.closed),
                departure: standing.and_then(|it| it.departure).map(|departure| departure.id),
                serving: spot.next.map(|_| ServingImage { packed: spot.serving.packed(), since: spot.since }),
            }
        };
        self.spots.iter().zip(bank.iter()).map(image).collect()
    }

    pub(in crate::engine) fn sealed_images(&self) -> Vec<SealedImage> {
        let image = |manifest: &Manifest| SealedImage {
            container: manifest.container,
            at: manifest.sealed,
            departure: manifest.departure,
            content: manifest.entries.clone(),
        };
        self.sealed.iter().map(image).collect()
    }
}

impl Desk {
    /// Brings the worker and the yard to agree on what stands at a chute. They write to the journal by two ways, so
    /// one of them may be a container ahead at a crash; whoever is behind takes the step of the other.
    pub(in crate::engine) fn agree_with_yard(&mut self, chute: ChuteId, at: Micros) {
        if self.engine.policy != ContainerPolicy::Plated {
            return;
        }
        let capacity = self.chutes.get(chute).map_or(0, crate::chute::ChuteState::capacity);
        let mut yard = self.engine.yard();
        let Some(spot) = self.docks.spots.get_mut(chute.index()) else { return };
        let in_place = self.chutes.get(chute).is_some_and(|state| state.report().container);
        let record = yard.standing(self.sorter, chute);
        let there = record.map(|record| record.id);
        let same = |container: &&mut Container| Some(container.id) == there;
        if let (Some(container), Some(record)) = (spot.standing.as_mut().filter(same), record) {
            // The yard hears of a step first.
            let closed = container.closed || record.state == ContainerState::Closed || !in_place;
            let departure = container.departure.or(record.departure);
            if (closed, departure) != (container.closed, container.departure) {
                (container.closed, container.departure) = (closed, departure);
                self.chutes.dock(chute, spot.dock());
                drop(yard);
                self.note_dock(chute, at);
            }
            return;
        }
        let gone = |id: ContainerId| yard.get(id).is_some_and(|record| !record.state.at_chute());
        let sealed = spot.standing.take_if(|container| gone(container.id)).map(|mut container| {
            let record = yard.get(container.id).expect("it is gone, so the yard knows it");
            container.content.seal(record.head(), record.sealed.unwrap_or(at))
        });
        if let (Some(there), Some(_)) = (there, &spot.standing) {
            // The worker had sealed it, and the yard has not heard.
            let manifest = self.docks.sealed.iter().find(|manifest| manifest.container == there);
            let known = manifest.map(|it| (it.count, it.weight_total, it.hash)).unwrap_or_default();
            let _ = yard.seal(there, known.0, known.1, known.2, at);
        }
        let kind = spot.next.unwrap_or(spot.serving).kind;
        let id = match yard.standing(self.sorter, chute).map(|record| record.id) {
            Some(id) => Ok(id),
            None => yard.arrive(self.sorter, chute, kind, at),
        };
        if let Some(record) = id.ok().and_then(|id| yard.get(id)) {
            let standing = spot.standing.take();
            let mut container = Container::new(record.id, record.kind, capacity);
            container.plate = record.plate;
            container.closed = record.state == ContainerState::Closed || !in_place;
            container.departure = record.departure;
            container.content = standing.map(|it| it.content).unwrap_or(container.content);
            spot.standing = Some(container);
        }
        drop(yard);
        self.chutes.dock(chute, spot.dock());
        if let Some(manifest) = sealed {
            let (container, extra) = (Some(manifest.container), number_of(manifest.departure));
            let sealed = manifest.sealed;
            self.docks.sealed.push(manifest);
            self.chutes.emptied(chute);
            self.pen.note(sealed, RecordKind::ContainerSealed, |record| {
                (record.chute, record.container, record.extra) = (Some(chute), container, extra);
            });
        }
        self.note_dock(chute, at);
    }
}

fn content(entries: &[ManifestEntry], capacity: usize) -> Content {
    let mut content = Content::with_capacity(capacity.max(entries.len()));
    entries.iter().for_each(|entry| content.push(*entry));
    content
}

/// The manifest that nobody has taken, as it was when it was made.
fn manifest(yard: &Yard, sealed: &SealedImage) -> Option<Manifest> {
    let mut head = yard.get(sealed.container)?.head();
    head.departure = sealed.departure;
    Some(content(&sealed.content, 0).seal(head, sealed.at))
}
