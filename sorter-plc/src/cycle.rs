//! The cycle: what drives exchanges over their links at a fixed beat.
//!
//! [`run_link`] is the loop of one link; it runs on any current-thread runtime, under paused time too.
//! [`CycleThread`] runs the links of many sorters on one thread of their own, `sorter-cycle`:
//!
//! - Ticks come from an absolute timer of the kernel. The thread asks for the real-time scheduler, locked memory
//!   and a core of its own, and says what it got.
//! - Each link goes at the pace of its answers. It takes part in a tick only when it is idle; else the tick is
//!   missed, for this link alone. After a stall the ticks go on from the grid: there is no burst.
//! - Other threads reach a host by closures through a bounded queue; nothing blocks the cycle. A closure runs on
//!   the cycle thread, so it has to be short.
//! - A panic, of a host or of a closure, ends the thread. Its heartbeats stand still, and each PLC does what its
//!   watchdog says: induction stops, orders that were taken still fire.
//!
//! ```
//! use sorter_core::units::Micros;
//! use sorter_plc::contract::Order;
//! use sorter_plc::controller::Inputs;
//! use sorter_plc::cycle::{CycleConfig, CycleThread, Scheduling, Sorter};
//! use sorter_plc::host::{Host, Resync};
//!
//! /// A host that only listens; a controller would decide here.
//! #[derive(Default)]
//! struct Counting {
//!     polls: u64,
//! }
//!
//! impl Host for Counting {
//!     fn plc_restarted(&mut self, _now: Micros) {}
//!     fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {
//!         self.polls += 1;
//!     }
//!     fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {}
//! }
//!
//! // In place of a PLC: a port on which nobody answers.
//! let plc = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let sorter = Sorter::new("north", plc.local_addr()?, Counting::default());
//! let config = CycleConfig { scheduling: Scheduling::plain(), ..CycleConfig::default() };
//! let running = CycleThread::start(config, vec![sorter])?;
//!
//! let polls = running.with(running.sorters()[0], |host| host.polls)?.wait()?;
//! assert_eq!(polls, 0);
//! let report = running.stop()?;
//! assert_eq!(report.links[0].name, "north");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod beat;
mod panel;
mod report;
mod run;
mod running;
mod scheduling;
mod stats;
mod thread;

pub(crate) use beat::Clock;
pub use beat::{Beat, PausedBeat, Tick, TimerBeat};
pub use panel::{Incident, IncidentKind, Panel};
pub use report::{CycleReport, LinkReport};
pub use run::run_link;
pub use running::{CycleEnd, LinkId, Refused, RefusedKind, Reply, Running};

pub(crate) use scheduling::leave_the_last_core;
pub use scheduling::{Core, FifoPriority, Grant, Measure, Outcome, Scheduling};
pub use stats::{CycleStats, LinkStats, Times};
pub use thread::{CycleConfig, CycleThread, Sorter, StartError};
