//! What the links of a run between hosts and PLCs did.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;
use sorter_core::units::Share;
use sorter_plc::cycle::Times;

use super::Latency;

/// The links of a run, over all sorters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinksReport {
    /// Links.
    pub links: u64,
    /// Exchanges of ORDER and STATUS that came to their end.
    pub cycles: u64,
    /// Exchanges that an error of the link ended.
    pub broken: u64,
    /// Ticks that a link could not take because it waited for an answer.
    pub missed: u64,
    /// Ticks at which there was no connection.
    pub offline: u64,
    /// Connections that were opened.
    pub connects: u64,
    /// Sessions that were opened.
    pub sessions: u64,
    /// Restarts of PLCs that hosts noticed.
    pub restarts: u64,
    /// Events that came again and were told apart.
    pub repeated_events: u64,
    /// Images that were torn.
    pub torn: u64,
    /// PLANT images that were read.
    pub images: u64,
    /// Those of them that stood at the last event that the host had heard of: its books were compared with them.
    pub images_compared: u64,
    /// Scans of the PLCs that were left out because the machine was too busy.
    pub scans_left_out: u64,
    /// Orders that came too late without an announced fault of their sorter.
    pub late_orders_outside_faults: u64,
    /// Announced faults that happened, by kind.
    pub faults: BTreeMap<String, u64>,
    /// From the point of the grid to the begin of a cycle, in microseconds; `null` in virtual time.
    pub lateness_us: Option<Latency>,
    /// An exchange of ORDER and STATUS, in microseconds; `null` in virtual time.
    pub round_trip_us: Option<Latency>,
}

impl Latency {
    /// The quantiles of times in microseconds, or `None` when there are none.
    pub fn of_times(times: &Times) -> Option<Self> {
        let at = |ppm| times.quantile(Share::from_ppm(ppm).unwrap_or(Share::ONE)).get();
        (times.count() > 0).then(|| Self {
            p50: at(500_000),
            p99: at(990_000),
            p999: at(999_000),
            p9999: at(999_900),
            max: times.max().get(),
        })
    }

    /// The quantiles of a histogram, or `None` when it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let at = |quantile| histogram.value_at_quantile(quantile);
        (!histogram.is_empty()).then(|| Self {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: histogram.max(),
        })
    }
}
