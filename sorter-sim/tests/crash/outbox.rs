//! What others tell a hub: they say it again until the hub has answered that it is safe.

use sorter_core::journal::{Book, Mark};
use sorter_core::units::Micros;

/// How far one message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Not sent, or sent to a host that crashed before it had answered.
    Waiting,
    /// Taken by the host, which answers when its journal has got here.
    Taken(Mark),
    Answered,
}

/// One message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<T> {
    pub(crate) due: Micros,
    pub(crate) content: T,
    /// Whether an earlier host may have taken it.
    pub(crate) again: bool,
    way: Way,
}

/// Messages in the order in which they are to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Outbox<T> {
    messages: Vec<Message<T>>,
    open: usize,
}

impl<T: Copy> Outbox<T> {
    pub(crate) fn new(messages: impl IntoIterator<Item = (Micros, T)>) -> Self {
        let message = |(due, content)| Message { due, content, again: false, way: Way::Waiting };
        let mut messages: Vec<_> = messages.into_iter().map(message).collect();
        messages.sort_by_key(|message| message.due);
        Self { open: messages.len(), messages }
    }

    /// Whether everything was answered.
    pub(crate) fn is_done(&self) -> bool {
        self.open == 0
    }

    /// When the last one is due.
    pub(crate) fn end(&self) -> Micros {
        self.messages.last().map(|message| message.due).unwrap_or_default()
    }

    /// Sends what is due to a host; `send` gives how far its journal has to come.
    pub(crate) fn send(&mut self, now: Micros, mut send: impl FnMut(&Message<T>) -> Mark) {
        if self.open == 0 {
            return;
        }
        let due = self.messages.iter_mut().take_while(|message| message.due <= now);
        for message in due.filter(|message| message.way == Way::Waiting) {
            message.way = Way::Taken(send(message));
        }
    }

    /// Takes the answers of a host.
    pub(crate) fn hear(&mut self, book: &Book, mut answered: impl FnMut(&T)) {
        if self.open == 0 {
            return;
        }
        for message in &mut self.messages {
            if let Way::Taken(mark) = message.way
                && book.is_safe(mark)
            {
                message.way = Way::Answered;
                self.open -= 1;
                answered(&message.content);
            }
        }
    }

    /// The host has crashed: what it had not answered is sent again.
    pub(crate) fn host_crashed(&mut self) {
        for message in &mut self.messages {
            if matches!(message.way, Way::Taken(_)) {
                message.way = Way::Waiting;
                message.again = true;
            }
        }
    }
}
