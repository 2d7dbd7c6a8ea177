//! The yard while somebody holds it.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

use crate::container::Yard;
use crate::journal::Book;

/// The books on the containers of a hub, held by one thread. What changed goes to the journal when they are let go.
pub struct YardGuard<'e> {
    yard: MutexGuard<'e, Yard>,
    book: Option<&'e Book>,
}

impl<'e> YardGuard<'e> {
    pub(super) const fn new(yard: MutexGuard<'e, Yard>, book: Option<&'e Book>) -> Self {
        Self { yard, book }
    }
}

impl Deref for YardGuard<'_> {
    type Target = Yard;

    fn deref(&self) -> &Yard {
        &self.yard
    }
}

impl DerefMut for YardGuard<'_> {
    fn deref_mut(&mut self) -> &mut Yard {
        &mut self.yard
    }
}

impl Drop for YardGuard<'_> {
    fn drop(&mut self) {
        // The lock is let go after this, so nobody sees a change of which the journal has not heard.
        if let Some(book) = self.book {
            self.yard.tell_changes(|note| {
                book.note(note);
            });
        }
    }
}
