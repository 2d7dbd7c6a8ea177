//! A plant and its PLC, driven together at the scans of the PLC.

use sorter_core::units::Micros;
use sorter_plc::contract::{Order, PlantImage, Status};

use super::{PlcOutput, VirtualPlc};
use crate::plant::{Divisor, Labels, LineGeometry, LinePlant, PlantConfig, Witness};

/// One line sorter: what happens on the belt, and the PLC that stands beside it.
///
/// It need not be driven at every scan: in a scan before [`LineSorter::next_due`] nothing happens, so
/// leaving it out changes nothing.
///
/// ```
/// use smallvec::SmallVec;
/// use sorter_core::units::{Grams, Micros, Millimetres};
/// use sorter_plc::contract::{CodeBytes, Event};
/// use sorter_sim::plant::{Labels, LineGeometry, PlantConfig};
/// use sorter_sim::virtual_plc::{LineSorter, PlcOutput};
///
/// struct Boxes;
/// impl Labels for Boxes {
///     fn length(&self, _: u32) -> Millimetres {
///         Millimetres::new(300)
///     }
///     fn measured(&self, _: u32) -> (Millimetres, Millimetres, Millimetres, Grams) {
///         (Millimetres::new(300), Millimetres::new(200), Millimetres::new(100), Grams::new(500))
///     }
///     fn read(&self, _: u32, _: u8, _: &mut SmallVec<[CodeBytes; 4]>) {}
/// }
///
/// let feed = vec![(Micros::ZERO, 0)];
/// let mut sorter = LineSorter::new(&LineGeometry::line_100(), PlantConfig::faultless(1), feed);
/// let mut out = PlcOutput::default();
/// while out.events.is_empty() {
///     let tick = sorter.next_due().expect("a parcel is on its way");
///     sorter.advance_to(tick, &[], &Boxes, &mut (), &mut out);
/// }
/// assert!(matches!(out.events[0].event, Event::Inducted { .. }));
/// ```
pub struct LineSorter {
    plant: LinePlant,
    plc: VirtualPlc,
    scan: Divisor,
    now: Micros,
}

impl LineSorter {
    /// The scan time of the PLC by default.
    pub const SCAN: Micros = Micros::from_millis(10);

    /// A sorter at time 0 with an empty belt, and its arrivals as for [`LinePlant::new`].
    ///
    /// # Panics
    /// When a geometry breaks the limits that [`LineGeometry`] states.
    pub fn new(geometry: &LineGeometry, config: PlantConfig, feed: Vec<(Micros, u32)>) -> Self {
        Self::with_scan(geometry, config, feed, Self::SCAN)
    }

    /// The same with another scan time.
    ///
    /// # Panics
    /// As [`LineSorter::new`], and for a scan time below 2 us.
    pub fn with_scan(
        geometry: &LineGeometry,
        config: PlantConfig,
        feed: Vec<(Micros, u32)>,
        scan: Micros,
    ) -> Self {
        Self {
            plant: LinePlant::new(geometry, config, feed),
            plc: VirtualPlc::new(geometry, scan),
            scan: Divisor::new(scan.get()),
            now: Micros::ZERO,
        }
    }

    /// The physical side.
    pub fn plant(&self) -> &LinePlant {
        &self.plant
    }

    /// The physical side, to be changed.
    pub fn plant_mut(&mut self) -> &mut LinePlant {
        &mut self.plant
    }

    /// The PLC.
    pub fn plc(&self) -> &VirtualPlc {
        &self.plc
    }

    /// The PLC, to be changed.
    pub fn plc_mut(&mut self) -> &mut VirtualPlc {
        &mut self.plc
    }

    /// Whether the host lets the induction run; takes effect at the next scan.
    pub fn set_permit(&mut self, permit: bool) {
        self.plc.set_permit(permit);
    }

    /// The PLANT block after the last scan.
    pub fn plant_image(&self) -> PlantImage {
        self.plc.plant_image()
    }

    /// The STATUS block after the last scan.
    pub fn status(&self) -> Status {
        self.plc.status(&self.plant)
    }

    /// The scan time.
    pub fn scan_time(&self) -> Micros {
        Micros::new(self.scan.get())
    }

    /// Lets everything happen up to the scan at `now`, then scans once with these orders.
    ///
    /// Records are appended to `out`. `now` is a multiple of the scan time and later than the scan before.
    pub fn advance_to<L: Labels, W: Witness>(
        &mut self,
        now: Micros,
        orders: &[Order],
        labels: &L,
        witness: &mut W,
        out: &mut PlcOutput,
    ) {
        debug_assert!(
            now.get().is_multiple_of(self.scan.get()),
            "{now} is not a scan of {}",
            self.scan_time()
        );
        debug_assert!(now > self.now, "scan at {now} is not after the one at {}", self.now);
        self.now = now;
        let Self { plant, plc, .. } = self;
        plant.advance(now, labels, witness, |plant, witness, item, serial, travel| {
            plc.fire(item, serial, travel, plant, witness, out);
        });
        let travel = plant.clock().travel_at(now);
        let edges = plant.take_edges();
        plc.scan(now, travel, &edges, orders, out, plant, witness);
        plant.recycle(edges);
    }

    /// Lets everything happen up to `now` while the PLC is switched off: no diverter fires, no sensor is read,
    /// and the induction stands.
    pub fn advance_unattended<L: Labels, W: Witness>(&mut self, now: Micros, labels: &L, witness: &mut W) {
        self.now = now;
        let Self { plant, .. } = self;
        plant.set_permit(false, plant.clock().travel_at(now));
        plant.advance(now, labels, witness, |_, _, _, _, _| {});
        let edges = plant.take_edges();
        plant.recycle(edges);
    }

    /// Switches the PLC off and on again, see [`VirtualPlc::restart`]. The bodies stay on the belt, and the
    /// induction stands at once.
    pub fn restart_plc(&mut self) {
        self.plant.set_permit(false, self.plant.clock().travel_at(self.now));
        self.plc.restart(&self.plant);
    }

    /// The next scan at which something happens without new orders; `None` when nothing ever will.
    pub fn next_due(&self) -> Option<Micros> {
        let due = match (self.plant.next_due(), self.plc.next_due(&self.plant)) {
            (Some(plant), Some(plc)) => plant.min(plc),
            (plant, plc) => plant.or(plc)?,
        };
        Some(self.scan_at_or_after(due).max(self.scan_after(self.now)))
    }

    /// The first scan after a time.
    pub fn scan_after(&self, at: Micros) -> Micros {
        self.scan_at_or_after(at + Micros::new(1))
    }

    fn scan_at_or_after(&self, at: Micros) -> Micros {
        Micros::new(self.scan.divide_up(at.get()) * self.scan.get())
    }
}
