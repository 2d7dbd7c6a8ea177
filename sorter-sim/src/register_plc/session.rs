//! Which session a PLC serves, and whether its host is alive.

use sorter_core::units::Micros;

/// What a scan did to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStep {
    /// Nothing.
    Unchanged,
    /// It was closed.
    Closed,
    /// Another one was opened.
    Opened,
}

/// Watches the session word and the heartbeat of the host.
#[derive(Clone, Debug)]
pub(super) struct SessionGate {
    watchdog: Micros,
    /// The session that is served; 0 is none.
    echo: u16,
    /// Session word and heartbeat as they stood when they were looked at last; nothing before the first write.
    seen: Option<(u16, u16)>,
    /// Whether 0 was seen with a moving heartbeat since the PLC started or the last session opened.
    zero_seen: bool,
    live: bool,
    /// When the heartbeat moved last.
    moved_at: Micros,
}

impl SessionGate {
    pub(super) fn new(watchdog: Micros) -> Self {
        Self { watchdog, echo: 0, seen: None, zero_seen: false, live: false, moved_at: Micros::ZERO }
    }

    pub(super) fn echo(&self) -> u16 {
        self.echo
    }

    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// Whether more of an image than its session word and heartbeat may be used.
    pub(super) fn serves(&self, session: u16) -> bool {
        self.echo != 0 && session == self.echo
    }

    /// Looks at an image that was written. The session word counts when it stood there at two different
    /// heartbeats, with no other session word between them.
    pub(super) fn look(&mut self, now: Micros, session: u16, heartbeat: u16) -> SessionStep {
        let before = self.seen.replace((session, heartbeat));
        let Some((session_before, _)) = before.filter(|(_, beat)| *beat != heartbeat) else {
            return SessionStep::Unchanged;
        };
        (self.live, self.moved_at) = (true, now);
        if session_before != session {
            return SessionStep::Unchanged;
        }
        match (session, self.echo) {
            (0, echo) => {
                self.zero_seen = true;
                self.echo = 0;
                if echo == 0 { SessionStep::Unchanged } else { SessionStep::Closed }
            }
            (_, 0) if self.zero_seen => {
                (self.echo, self.zero_seen) = (session, false);
                SessionStep::Opened
            }
            _ => SessionStep::Unchanged,
        }
    }

    /// Whether the watchdog runs out in this scan.
    pub(super) fn loses_host(&mut self, now: Micros) -> bool {
        let lost = self.live && now.saturating_since(self.moved_at) >= self.watchdog;
        self.live &= !lost;
        lost
    }
}
