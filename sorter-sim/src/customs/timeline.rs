//! Messages in the order in which the hub gets them.

use sorter_core::clearance::Clearance;
use sorter_core::units::Micros;

/// One message of the customs office about one label. 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// When the hub gets it.
    pub delivery: Micros,
    /// When customs sent it: the message time that decides which of two is newer.
    pub sent: Micros,
    /// The number of the label in its hub.
    pub label: u32,
    /// The status from then on.
    pub status: Clearance,
    /// Whether the parcel, which is in transit, has another onward flight from then on.
    pub onward_changed: bool,
}

/// The messages to one hub by delivery, then label, then message time, read once from front to back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    messages: Vec<Message>,
    /// Messages that were given out.
    given: usize,
}

impl Timeline {
    pub(super) fn add(&mut self, messages: impl Iterator<Item = Message>) {
        self.messages.drain(..self.given);
        self.given = 0;
        self.messages.extend(messages);
        self.messages.sort_unstable_by_key(|message| (message.delivery, message.label, message.sent));
    }

    /// All messages, those that were given out since the last extension too.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Messages that were not given out yet.
    pub fn waiting(&self) -> usize {
        self.messages.len() - self.given
    }

    /// When the next message is delivered.
    pub fn next_due(&self) -> Option<Micros> {
        self.messages.get(self.given).map(|message| message.delivery)
    }

    /// Gives out everything that is delivered until this time, the time itself included.
    pub fn due(&mut self, until: Micros) -> &[Message] {
        let start = self.given;
        // Most calls find nothing, so the first message is looked at before anything is searched.
        if self.next_due().is_some_and(|first| first <= until) {
            self.given += self.messages[start..].partition_point(|message| message.delivery <= until);
        }
        &self.messages[start..self.given]
    }
}
