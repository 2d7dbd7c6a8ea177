//! What an exchange counts.

/// Counts since the exchange was made. None of them is ever set back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeCounters {
    /// Cycles begun.
    pub cycles: u64,
    /// Sessions whose echo came.
    pub sessions: u64,
    /// Sessions that became live.
    pub resyncs: u64,
    /// Connections lost.
    pub cuts: u64,
    /// Restarts of the PLC.
    pub restarts: u64,
    /// Sessions that the PLC closed by itself.
    pub closed_by_plc: u64,
    /// Signs of another host: a session or an acknowledgement that is not from here.
    pub foreign: u64,
    /// Openings without an echo in time.
    pub opening_timeouts: u64,
    /// Configuration faults.
    pub setup_faults: u64,
    /// Images that were not whole.
    pub torn: u64,
    /// Requests that the PLC was too busy for.
    pub refused: u64,
    /// Times at which the PLC's scan counter stood still.
    pub stalls: u64,
    /// Times at which the encoder stood still although the belt was said to run.
    pub frozen_encoders: u64,
    /// Event, scan or order numbers and scan counters that went back, jumped, or had a gap that stayed.
    pub number_faults: u64,
    /// Encoder counts that went back or further than the belt can be.
    pub encoder_faults: u64,
    /// Event overflows: events were lost, a new session follows.
    pub event_overflows: u64,
    /// Scan overflows: scan records of some items were lost.
    pub scan_overflows: u64,
    /// Times at which the PLC complained about an order slot with a wrong check.
    pub bad_slots: u64,
    /// Event records that are not of the contract; they are acknowledged and passed over.
    pub unknown_events: u64,
    /// Scan records that are not of the contract; they are acknowledged and passed over.
    pub unknown_scans: u64,
    /// Events that came again in a new session and were dropped.
    pub repeated_events: u64,
    /// Scan records that came again in a new session and were dropped.
    pub repeated_scans: u64,
    /// Events that a listening exchange came too late for.
    pub missed_events: u64,
    /// Scan records that a listening exchange came too late for.
    pub missed_scans: u64,
    /// Readings of BELT that had to be begun again.
    pub belt_rereads: u64,
    /// Events handed over.
    pub events: u64,
    /// Scan records handed over.
    pub scans: u64,
    /// Orders taken over from the host.
    pub orders: u64,
    /// Orders that the host had no right to give: no room, wrong number, or no session. None was sent.
    pub refused_orders: u64,
    /// Notices that nobody fetched in time.
    pub dropped_notices: u64,
}
