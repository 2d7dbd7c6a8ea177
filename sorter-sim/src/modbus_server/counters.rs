//! What happened at a server.

/// What happened at a server since it was made, over all its connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerCounters {
    /// Connections that were served.
    pub connections: u64,
    /// Connections that were closed at once, because there were too many or the link was down.
    pub turned_away: u64,
    /// Connections that were closed because nothing came.
    pub idle_closed: u64,
    /// Connections that were closed because of bytes that are no Modbus/TCP.
    pub malformed: u64,
    /// Connections that a fault or the profile cut.
    pub cut: u64,
    /// Connections that cannot be accepted by the operating system.
    pub accept_errors: u64,
    /// Whole requests that came.
    pub requests: u64,
    /// Requests that were lost because they came together with an earlier one, as the profile has it.
    pub lost_pipelined: u64,
    /// Requests for other units, on which it is silent.
    pub foreign_units: u64,
    /// Exceptions that it answered by itself; those of injected faults are counted there.
    pub exceptions: u64,
}
