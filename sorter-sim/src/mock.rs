//! Virtual PLCs behind Modbus/TCP ports, in wall time, for anybody's controller.
//!
//! Each is a whole line sorter: parcels of the simulator's load come to its induction, lie on its belt, slip, are
//! read and weighed, and slide where they are sent. Its PLC follows the host–PLC contract and can be reached
//! through its registers alone. What really happened is known here and told at the end.
//!
//! Everything runs on one thread. Wall time enters in one place, `pace`; faults and parcels follow from the seed,
//! while what becomes of a parcel depends on when the controller orders.

mod ends;
mod fates;
mod judge;
mod load;
mod order_law;
mod pace;
mod report;
mod sorter;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use sorter_core::ids::SorterId;
use sorter_core::layout::Layout;
use sorter_core::units::Micros;
use sorter_plc::register_map::{BELT_CAPACITY, WordOrder};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::{JoinSet, yield_now};

use crate::check::RouteError;
use crate::data::standard_plan_texts;
use crate::load::LoadError;
use crate::modbus_server::{FaultRates, ServerProfile};
use crate::random::AliasError;
use crate::scenario::PlantRates;
pub use ends::BodyEnd;
use judge::Judge;
pub use judge::PlanText;
pub use load::{LoadConfig, MockLoad};
use pace::Pace;
pub use report::{MockReport, SorterReport};
use sorter::MockSorter;

/// Sorters of one mock at most.
pub const MOST_SORTERS: u8 = 128;

/// The settings of a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockConfig {
    /// How many sorters, 1 to [`MOST_SORTERS`].
    pub sorters: u8,
    /// Where the first one listens; each other one port higher. Port 0 takes free ports for all.
    pub listen: SocketAddr,
    /// How the servers behave.
    pub profile: ServerProfile,
    /// What happens on the wire.
    pub faults: FaultRates,
    /// The scan time of the PLCs.
    pub scan: Micros,
    /// After which time it ends; `None` when it is stopped from outside. Parcels come for 24 h then.
    pub duration: Option<Micros>,
    /// From which parcels and faults follow.
    pub seed: u64,
    /// Parcels that come to each sorter in an hour; at most what a sorter is rated for.
    pub parcels_per_hour: u32,
    /// Entries of the BELT block, 1 to 1,000.
    pub belt_capacity: u16,
    /// The boot number of the PLCs: another one after each start. 0 is not supported.
    pub boot: u16,
    /// The order of the words of 32-bit values.
    pub word_order: WordOrder,
    /// The line sorters.
    pub layout: Layout,
    /// The plan by which the discharges are judged.
    pub plan: PlanText,
    /// How long what ran off the end of a belt takes back to the induction.
    pub return_time: Micros,
    /// For how long parcels come; `None` for as long as there are any.
    pub arrive_for: Option<Micros>,
}

impl Default for MockConfig {
    /// One well-behaved line sorter of 10,000 parcels an hour on a free port, until it is stopped.
    fn default() -> Self {
        let plan = standard_plan_texts();
        Self {
            sorters: 1,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            profile: ServerProfile::default(),
            faults: FaultRates::NONE,
            scan: Micros::from_millis(10),
            duration: None,
            seed: 1,
            parcels_per_hour: 10_000,
            belt_capacity: BELT_CAPACITY,
            boot: 1,
            word_order: WordOrder::HighFirst,
            layout: Layout::line_100(),
            plan: PlanText { toml: plan.toml.to_owned(), csv: plan.csv.to_owned() },
            return_time: PlantRates::default().return_time,
            arrive_for: None,
        }
    }
}

impl MockConfig {
    /// What its parcels follow from.
    pub const fn load(&self) -> LoadConfig {
        LoadConfig {
            seed: self.seed,
            sorters: self.sorters,
            parcels_per_hour: self.parcels_per_hour,
            duration: self.duration,
        }
    }
}

/// Why a mock did not run.
#[derive(Debug, Error)]
pub enum MockError {
    /// A port cannot be listened on.
    #[error("sorter {sorter} cannot listen on {address}")]
    Listen {
        /// The sorter.
        sorter: u8,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// There are not enough ports above the first.
    #[error("sorter {sorter} would listen on a port above 65535 (the first on {first})")]
    Ports {
        /// The sorter.
        sorter: u8,
        /// The first port.
        first: u16,
    },
    /// More parcels than a sorter takes.
    #[error("{asked} parcels an hour are more than the {rated} that a sorter is rated for")]
    Rate {
        /// What was asked for.
        asked: u32,
        /// What a sorter takes.
        rated: u32,
    },
    /// The parcels cannot be drawn.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The destinations cannot be drawn from.
    #[error(transparent)]
    Weights(#[from] AliasError),
    /// The plan cannot be read by the judge of the discharges.
    #[error(transparent)]
    Plan(#[from] RouteError),
}

/// Runs a mock until its duration is over or `stop` is done. `listening` hears the address of each sorter, in
/// order, before the first scan.
///
/// # Errors
/// When a port cannot be listened on, there can be no such load, or the plan cannot be read.
///
/// # Panics
/// Outside of a [`LocalSet`](tokio::task::LocalSet) on a runtime with time and I/O.
pub async fn run(
    config: &MockConfig,
    listening: impl FnMut(SorterId, SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<MockReport, MockError> {
    run_with(config, &MockLoad::draw(&config.load(), &config.layout)?, listening, stop).await
}

/// The same with parcels that have been drawn already.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub async fn run_with(
    config: &MockConfig,
    load: &MockLoad,
    mut listening: impl FnMut(SorterId, SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<MockReport, MockError> {
    let judge = Judge::new(load, &config.plan)?;
    let rates = PlantRates { return_time: config.return_time, ..load.scenario().plant };
    let reads = load.reads();
    let mut servers = JoinSet::new();
    let mut sorters = Vec::with_capacity(usize::from(config.sorters));
    for number in 0..config.sorters {
        let sorter = SorterId::new(number);
        let (listener, address) = listen(config, number).await?;
        let mut feed = load.feed(sorter);
        feed.retain(|(arrival, _)| config.arrive_for.is_none_or(|most| *arrival < most));
        let sorter = MockSorter::new(sorter, address, config, &rates, feed);
        let server = sorter.server().clone();
        servers.spawn_local(async move { server.serve_tcp(listener).await });
        sorters.push(sorter);
    }
    for sorter in &sorters {
        listening(sorter.number(), sorter.address());
    }
    let mut pace = Pace::start(config.scan);
    let mut elapsed = Micros::ZERO;
    let scanning = async {
        while config.duration.is_none_or(|duration| elapsed < duration) {
            elapsed = pace.next().await;
            for sorter in &mut sorters {
                sorter.scan(elapsed, &reads);
                // Requests are answered between the scans of two sorters, not after those of all.
                yield_now().await;
            }
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = scanning => {}
    }
    drop(servers);
    Ok(MockReport::new(config, elapsed, &pace, &sorters, (&judge, load)))
}

/// Listens for a sorter.
async fn listen(config: &MockConfig, sorter: u8) -> Result<(TcpListener, SocketAddr), MockError> {
    let mut address = config.listen;
    if address.port() != 0 {
        let first = address.port();
        let port = first.checked_add(sorter.into()).ok_or(MockError::Ports { sorter, first })?;
        address.set_port(port);
    }
    let failed = |source| MockError::Listen { sorter, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
