//! What customs, departures, containers and changeovers did in a run.

use std::collections::BTreeMap;

use serde::Serialize;
use sorter_core::units::Micros;

/// Parcels inducted, by how they come and go. The three are the inducted parcels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowCounts {
    /// Flight in, truck out, cleared here.
    pub import: u64,
    /// Truck in, flight out.
    pub export: u64,
    /// Flight in, flight out, in transit (T1).
    pub transit: u64,
}

/// What customs said, and what it did to parcels.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClearanceReport {
    /// Notices that were delivered.
    pub notices: u64,
    /// Notices that came into force for a parcel.
    pub applied: u64,
    /// Notices that were refused because a newer one was in force.
    pub refused_older: u64,
    /// Notices that were kept for a code that nobody had announced.
    pub kept: u64,
    /// Parcels that had to be taken out of their container again, withdrawn recalls included.
    pub recalls: u64,
    /// Recalls that came when the container had left.
    pub recalls_after_departure: u64,
    /// Recalled parcels whose container left by the end of the run, be it that customs said so before or after.
    pub recalls_left: u64,
    /// Held parcels that were released, fetched and inducted again.
    pub released_back: u64,
    /// Stays in hold chutes that are over, in seconds, by the key of why the parcel was held.
    pub held_dwell_s: BTreeMap<String, Stays>,
}

/// How long some stays were, in the unit of the key that they stand under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stays {
    /// How many.
    pub stays: u64,
    /// The mean; 0 without stays.
    pub mean: f64,
    /// The longest.
    pub max: f64,
}

/// Which departures left, with what, and what they left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DepartureReport {
    /// Cut-offs that passed.
    pub cut_offs: u64,
    /// Departures that left.
    pub departed: u64,
    /// Containers that left with them.
    pub containers_loaded: u64,
    /// Parcels in these containers.
    pub pieces_loaded: u64,
    /// Containers that were sealed for a departure and not loaded when it left, once for each that they missed.
    pub left_behind: u64,
    /// Containers that are bound to a later departure when the run is over, loaded or not.
    pub containers_waiting: u64,
    /// Parcels in these containers.
    pub pieces_waiting: u64,
    /// Parcels that missed a cut-off of their lane, by cause. A parcel that stays counts at each cut-off.
    pub missed: BTreeMap<String, u64>,
    /// One row for each lane, in the order of their names.
    pub by_lane: Vec<LaneRow>,
}

/// What one lane did over all hubs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LaneRow {
    /// The name of the lane, such as `DE:Cologne`.
    pub lane: String,
    /// Departures that left.
    pub departures: u64,
    /// Containers that left with them.
    pub containers: u64,
    /// Parcels in these containers.
    pub pieces: u64,
    /// Parcels that missed a cut-off, once for each.
    pub missed: u64,
}

/// What became of the containers, those at hold and exception chutes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ContainerReport {
    /// Opened by the scan of a licence plate.
    pub opened: u64,
    /// Taken from their chute, with a final manifest.
    pub sealed: u64,
    /// Put on a vehicle.
    pub loaded: u64,
    /// Gone with a departure.
    pub departed: u64,
    /// Manifests that were compared with the event log and with what really lies in the container.
    pub manifests_checked: u64,
    /// Parcels in a sealed container on average; 0 without one.
    pub mean_parcels: f64,
}

/// What it took to change the destination of chutes while parcels were moving.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChangeoverReport {
    /// Plans that were published while the sorters ran.
    pub plans: u64,
    /// Chutes that changed over.
    pub chutes: u64,
    /// How long a chute took no orders for want of a destination on average, in seconds; 0 without a changeover.
    pub mean_s: f64,
    /// The longest of these times, in seconds.
    pub max_s: f64,
    /// Recirculations whose last decision found its chutes changing over, their departures closed or their
    /// containers being exchanged, as full ones are too, by the key of the reason.
    pub recirculations: BTreeMap<String, u64>,
}

impl Stays {
    /// Stays in seconds.
    ///
    /// ```
    /// use sorter_core::units::Micros;
    /// use sorter_sim::report::Stays;
    ///
    /// let stays = Stays::in_seconds(4, Micros::from_secs(10), Micros::from_secs(7));
    /// assert_eq!((stays.stays, stays.mean, stays.max), (4, 2.5, 7.0));
    /// ```
    pub fn in_seconds(stays: u64, sum: Micros, longest: Micros) -> Self {
        let seconds = |time: Micros| time.get() as f64 / 1e6;
        let mean = if stays == 0 { 0.0 } else { seconds(sum) / stays as f64 };
        Self { stays, mean, max: seconds(longest) }
    }

    /// Adds the stays of another hub.
    pub fn add(&mut self, other: &Self) {
        self.mean = joint_mean((self.mean, self.stays), (other.mean, other.stays));
        self.stays += other.stays;
        self.max = self.max.max(other.max);
    }
}

impl FlowCounts {
    /// Adds the parcels of another hub.
    pub fn add(&mut self, other: &Self) {
        self.import += other.import;
        self.export += other.export;
        self.transit += other.transit;
    }
}

impl ClearanceReport {
    /// Adds what customs did in another hub.
    pub fn add(&mut self, other: &Self) {
        self.notices += other.notices;
        self.applied += other.applied;
        self.refused_older += other.refused_older;
        self.kept += other.kept;
        self.recalls += other.recalls;
        self.recalls_after_departure += other.recalls_after_departure;
        self.recalls_left += other.recalls_left;
        self.released_back += other.released_back;
        for (cause, stays) in &other.held_dwell_s {
            self.held_dwell_s.entry(cause.clone()).or_default().add(stays);
        }
    }
}

impl DepartureReport {
    /// Adds the departures of another hub. Lanes of one name become one row.
    pub fn add(&mut self, other: &Self) {
        self.cut_offs += other.cut_offs;
        self.departed += other.departed;
        self.containers_loaded += other.containers_loaded;
        self.pieces_loaded += other.pieces_loaded;
        self.left_behind += other.left_behind;
        self.containers_waiting += other.containers_waiting;
        self.pieces_waiting += other.pieces_waiting;
        add_counts(&mut self.missed, &other.missed);
        for row in &other.by_lane {
            self.add_lane(row);
        }
    }

    /// Adds what a lane did, to its row or as a new one in its place.
    pub fn add_lane(&mut self, row: &LaneRow) {
        match self.by_lane.binary_search_by(|known| known.lane.cmp(&row.lane)) {
            Err(place) => self.by_lane.insert(place, row.clone()),
            Ok(place) => {
                let known = &mut self.by_lane[place];
                known.departures += row.departures;
                known.containers += row.containers;
                known.pieces += row.pieces;
                known.missed += row.missed;
            }
        }
    }
}

impl ContainerReport {
    /// Adds the containers of another hub.
    pub fn add(&mut self, other: &Self) {
        self.mean_parcels = joint_mean((self.mean_parcels, self.sealed), (other.mean_parcels, other.sealed));
        self.opened += other.opened;
        self.sealed += other.sealed;
        self.loaded += other.loaded;
        self.departed += other.departed;
        self.manifests_checked += other.manifests_checked;
    }
}

impl ChangeoverReport {
    /// Adds the changeovers of another hub.
    pub fn add(&mut self, other: &Self) {
        self.mean_s = joint_mean((self.mean_s, self.chutes), (other.mean_s, other.chutes));
        self.plans += other.plans;
        self.chutes += other.chutes;
        self.max_s = self.max_s.max(other.max_s);
        add_counts(&mut self.recirculations, &other.recirculations);
    }
}

/// The mean over both of two groups with these means and sizes.
fn joint_mean((one, ones): (f64, u64), (other, others): (f64, u64)) -> f64 {
    let all = ones + others;
    if all == 0 { 0.0 } else { (one * ones as f64 + other * others as f64) / all as f64 }
}

fn add_counts(sums: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (key, count) in counts {
        *sums.entry(key.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(lane: &str, pieces: u64, missed: u64) -> LaneRow {
        LaneRow { lane: lane.to_owned(), departures: 1, containers: 2, pieces, missed }
    }

    #[test]
    fn lanes_of_one_name_are_one_row_in_the_order_of_names() {
        let mut sum = DepartureReport { by_lane: vec![lane("DE:Cologne", 10, 1)], ..Default::default() };
        let by_lane = vec![lane("AT:Vienna", 5, 0), lane("DE:Cologne", 7, 2)];
        sum.add(&DepartureReport { departed: 2, by_lane, ..Default::default() });
        let both = LaneRow { departures: 2, containers: 4, ..lane("DE:Cologne", 17, 3) };
        assert_eq!((sum.departed, sum.by_lane), (2, vec![lane("AT:Vienna", 5, 0), both]));
    }

    #[test]
    fn means_of_hubs_are_weighted_by_what_they_are_over() {
        let mut sum = Stays { stays: 1, mean: 10.0, max: 10.0 };
        sum.add(&Stays { stays: 3, mean: 2.0, max: 4.0 });
        assert_eq!(sum, Stays { stays: 4, mean: 4.0, max: 10.0 });
        let mut nothing = Stays::default();
        nothing.add(&Stays::in_seconds(0, Micros::ZERO, Micros::ZERO));
        assert_eq!(nothing, Stays::default());

        let mut containers = ContainerReport { sealed: 1, mean_parcels: 300.0, ..Default::default() };
        containers.add(&ContainerReport { sealed: 1, mean_parcels: 100.0, ..Default::default() });
        assert_eq!((containers.sealed, containers.mean_parcels), (2, 200.0));
        let mut changes = ChangeoverReport { chutes: 2, mean_s: 30.0, max_s: 40.0, ..Default::default() };
        changes.add(&ChangeoverReport { plans: 1, ..Default::default() });
        assert_eq!((changes.plans, changes.mean_s, changes.max_s), (1, 30.0, 40.0));
    }

    #[test]
    fn counts_of_hubs_add_up_by_their_keys() {
        let counts = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
        };
        let mut sum = ChangeoverReport { recirculations: counts(&[("changeover", 3)]), ..Default::default() };
        let recirculations = counts(&[("changeover", 4), ("departure_closed", 1)]);
        sum.add(&ChangeoverReport { recirculations, ..Default::default() });
        assert_eq!(sum.recirculations, counts(&[("changeover", 7), ("departure_closed", 1)]));
    }
}
