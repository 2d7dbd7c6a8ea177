//! How a server behaves: what real PLCs and gateways were seen to do.

use sorter_core::units::Micros;
use sorter_plc::link::UnitId;

/// How a server behaves. The default is a server that does everything right and at once.
///
/// ```
/// use sorter_sim::modbus_server::{Function23, ServerProfile};
///
/// let careful = ServerProfile { max_write: 100, ..ServerProfile::default() };
/// assert_eq!(careful.function_23, Function23::WriteFirst);
/// assert_eq!(ServerProfile::named("write-100"), Some(careful));
/// assert_eq!(ServerProfile::named("unheard-of"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerProfile {
    /// The only unit that it answers for, silent on all others; `None` answers for any.
    pub unit: Option<UnitId>,
    /// The unit that it writes into its answers, whatever was asked; `None` repeats that of the request.
    pub unit_echo: Option<UnitId>,
    /// The most registers of a read, 1 to 127; more are exception 03. The protocol has 125.
    pub max_read: u16,
    /// The most registers of a write with function 16; more are exception 03. The protocol has 123.
    pub max_write: u16,
    /// The most registers that function 23 writes; more are exception 03. The protocol has 121.
    pub max_write_23: u16,
    /// The most registers that an answer carries: of more that were asked for, the rest is missing. `None` answers
    /// in full.
    pub short_reply: Option<u16>,
    /// What it makes of function 23.
    pub function_23: Function23,
    /// What it makes of functions that it does not know.
    pub unknown_function: UnknownFunction,
    /// What it repeats of a write with function 16.
    pub echo_16: Echo16,
    /// What it makes of requests that came together.
    pub pipelining: Pipelining,
    /// When it serves a request.
    pub answering: Answering,
    /// How long it waits for the next request, or for a client to take an answer, before it closes; `None` for ever.
    pub idle_close: Option<Micros>,
    /// How many connections it has at once; what comes beyond is closed.
    pub max_connections: usize,
}

/// What a server makes of function 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function23 {
    /// Writes, then reads, as the specification has it.
    WriteFirst,
    /// Reads, then writes, as TwinCAT documents it.
    ReadFirst,
    /// Does not know it, and answers so.
    Exception01,
    /// Refuses its quantities.
    Exception03,
    /// Does nothing and answers nothing.
    Silent,
    /// Closes the connection.
    Reset,
}

/// What a server makes of functions that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownFunction {
    /// Answers exception 01.
    Exception01,
    /// Answers nothing.
    Silent,
    /// Closes the connection.
    Reset,
}

/// What a server repeats of a write with function 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Echo16 {
    /// Address and count.
    Right,
    /// The address after the right one.
    WrongAddress,
    /// One register fewer than was written.
    WrongCount,
}

/// What a server makes of requests that came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pipelining {
    /// Answers all, in order.
    InOrder,
    /// Answers the first; the rest is lost.
    FirstOnly,
    /// Serves them in order and answers in reversed order.
    Reversed,
}

/// When a server serves a request, and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answering {
    /// When it comes.
    AtOnce,
    /// At the next PLC scan, one request of a connection a scan. The scans are on a grid from the start of the
    /// server.
    AtScan(Micros),
    /// So long after it came.
    After(Micros),
}

impl Default for ServerProfile {
    fn default() -> Self {
        Self {
            unit: None,
            unit_echo: None,
            max_read: 125,
            max_write: 123,
            max_write_23: 121,
            short_reply: None,
            function_23: Function23::WriteFirst,
            unknown_function: UnknownFunction::Exception01,
            echo_16: Echo16::Right,
            pipelining: Pipelining::InOrder,
            answering: Answering::AtOnce,
            idle_close: None,
            max_connections: 64,
        }
    }
}

impl ServerProfile {
    /// The names that [`ServerProfile::named`] knows, with what each is.
    pub const NAMES: [(&'static str, &'static str); 21] = [
        ("plain", "everything right and at once"),
        ("no-fc23", "function 23 is exception 01"),
        ("fc23-exception-03", "function 23 is exception 03"),
        ("fc23-silent", "function 23 is not answered"),
        ("fc23-reset", "function 23 closes the connection"),
        ("fc23-read-first", "function 23 reads before it writes"),
        ("unknown-silent", "unknown functions are not answered"),
        ("unknown-reset", "unknown functions close the connection"),
        ("write-100", "writes of at most 100 registers"),
        ("read-45", "reads of at most 45 registers"),
        ("read-126", "reads of up to 126 registers"),
        ("scan", "one request a PLC scan of 10 ms"),
        ("slow", "200 ms for each answer"),
        ("idle-close", "closes after 10 s without a request, 4 connections"),
        ("short-reply", "answers carry at most 37 registers"),
        ("wrong-echo-address", "repeats a wrong address of writes"),
        ("wrong-echo-count", "repeats a wrong count of writes"),
        ("unit-1", "silent on units other than 1"),
        ("unit-echo-255", "answers as unit 255"),
        ("pipelined-lost", "of requests that come together it answers the first"),
        ("pipelined-reversed", "answers requests that come together in reversed order"),
    ];

    /// A profile by its name, or `None` when there is no such profile.
    pub fn named(name: &str) -> Option<Self> {
        let plain = Self::default();
        Some(match name {
            "plain" => plain,
            "no-fc23" => Self { function_23: Function23::Exception01, ..plain },
            "fc23-exception-03" => Self { function_23: Function23::Exception03, ..plain },
            "fc23-silent" => Self { function_23: Function23::Silent, ..plain },
            "fc23-reset" => Self { function_23: Function23::Reset, ..plain },
            "fc23-read-first" => Self { function_23: Function23::ReadFirst, ..plain },
            "unknown-silent" => Self { unknown_function: UnknownFunction::Silent, ..plain },
            "unknown-reset" => Self { unknown_function: UnknownFunction::Reset, ..plain },
            "write-100" => Self { max_write: 100, ..plain },
            "read-45" => Self { max_read: 45, ..plain },
            "read-126" => Self { max_read: 126, ..plain },
            "scan" => Self { answering: Answering::AtScan(Micros::new(10_000)), ..plain },
            "slow" => Self { answering: Answering::After(Micros::new(200_000)), ..plain },
            "idle-close" => Self { idle_close: Some(Micros::from_secs(10)), max_connections: 4, ..plain },
            "short-reply" => Self { short_reply: Some(37), ..plain },
            "wrong-echo-address" => Self { echo_16: Echo16::WrongAddress, ..plain },
            "wrong-echo-count" => Self { echo_16: Echo16::WrongCount, ..plain },
            "unit-1" => Self { unit: Some(UnitId::new(1)), ..plain },
            "unit-echo-255" => Self { unit_echo: Some(UnitId::new(255)), ..plain },
            "pipelined-lost" => Self { pipelining: Pipelining::FirstOnly, ..plain },
            "pipelined-reversed" => Self { pipelining: Pipelining::Reversed, ..plain },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_told_is_a_profile_of_its_own() {
        for (place, (name, _)) in ServerProfile::NAMES.iter().enumerate() {
            let profile = ServerProfile::named(name);
            assert!(profile.is_some(), "{name}");
            for (other, _) in &ServerProfile::NAMES[..place] {
                assert_ne!(profile, ServerProfile::named(other), "{name} and {other}");
            }
        }
    }
}
