//! A slice of zeroes that is mapped on huge pages where the system gives them.
//!
//! A table that is read at random misses the translation cache with nearly every read; pages of 2 MiB take that away.
//! Linux gives them to whoever asks with `madvise` where `/sys/kernel/mm/transparent_hugepage/enabled` is `madvise` or
//! `always`. Elsewhere, for small slices and whenever the system refuses, the slice is ordinary memory and nothing else
//! is different; [`Pages::backing`] tells.

use std::ops::Deref;
use std::ptr::NonNull;

/// The size of a huge page. Slices below it do not ask for one.
#[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
const HUGE_PAGE: usize = 2 << 20;

/// A type of which a value of zero bytes only is the default value.
///
/// # Safety
/// All bytes 0 have to be a valid value, equal to the default one, and the type must not need to be dropped.
pub unsafe trait Zeroed: Default {}

/// How a slice is backed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backing {
    /// Its size in bytes.
    pub bytes: usize,
    /// Whether huge pages were asked for and the system did not refuse at once. Small slices do not ask.
    pub asked: bool,
    /// How much of it is on huge pages by now, in bytes. Pages that were never written are on none; `None` where the
    /// system does not tell.
    pub huge: Option<usize>,
}

/// Who frees the memory.
enum Owner {
    Boxed,
    #[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
    Mapped {
        base: NonNull<std::ffi::c_void>,
        bytes: usize,
        asked: bool,
    },
}

/// A slice of a fixed length that begins as zeroes.
///
/// ```
/// use sorter_core::mem::pages::Pages;
///
/// let table: Pages<u64> = Pages::new(1_000_000);
/// assert_eq!(table.len(), 1_000_000);
/// assert!(table.iter().all(|entry| *entry == 0));
/// ```
pub struct Pages<T> {
    start: NonNull<T>,
    length: usize,
    owner: Owner,
}

// SAFETY: the slice is owned like that of a box: it can be sent and shared as its values can.
unsafe impl<T: Send> Send for Pages<T> {}
// SAFETY: as above; a shared slice gives out shared references only.
unsafe impl<T: Sync> Sync for Pages<T> {}

// SAFETY: 0 is a number, and the default one.
unsafe impl Zeroed for u64 {}

impl<T: Zeroed> Pages<T> {
    /// A slice of `length` zeroes.
    ///
    /// # Panics
    /// When there is no address space for it.
    pub fn new(length: usize) -> Self {
        Self::mapped(length).unwrap_or_else(|| Self::boxed(length))
    }

    fn boxed(length: usize) -> Self {
        let values: Box<[T]> = (0..length).map(|_| T::default()).collect();
        let start = NonNull::from(Box::leak(values)).cast();
        Self { start, length, owner: Owner::Boxed }
    }

    #[cfg(not(all(target_os = "linux", not(sorter_loom), not(miri))))]
    fn mapped(_length: usize) -> Option<Self> {
        None
    }

    /// A slice on pages of its own, or `None` when it is small or the system gives none.
    #[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
    fn mapped(length: usize) -> Option<Self> {
        use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous};

        let bytes = length.checked_mul(size_of::<T>()).filter(|bytes| *bytes >= HUGE_PAGE)?;
        // Room to begin at the start of a huge page.
        let mapped = std::num::NonZeroUsize::new(bytes.checked_add(HUGE_PAGE)?)?;
        let (access, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_PRIVATE);
        // SAFETY: a new private mapping at an address that the kernel chooses touches no other memory.
        let base = unsafe { mmap_anonymous(None, mapped, access, flags) }.ok()?;
        let offset = base.as_ptr().align_offset(HUGE_PAGE).min(HUGE_PAGE);
        // SAFETY: the mapping is HUGE_PAGE bytes longer than the slice, so the offset lies within it.
        let start = unsafe { base.byte_add(offset) };
        // SAFETY: the range lies within the mapping above; the advice changes its pages' size and nothing else.
        let asked = unsafe { madvise(start, bytes, MmapAdvise::MADV_HUGEPAGE) }.is_ok();
        let owner = Owner::Mapped { base, bytes: mapped.get(), asked };
        Some(Self { start: start.cast(), length, owner })
    }

    /// How it is backed. Reads what the system tells about the process: not for the hot path.
    pub fn backing(&self) -> Backing {
        let bytes = self.length * size_of::<T>();
        match &self.owner {
            Owner::Boxed => Backing { bytes, asked: false, huge: None },
            #[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
            Owner::Mapped { asked, .. } => {
                Backing { bytes, asked: *asked, huge: huge_bytes(self.start.as_ptr().addr(), bytes) }
            }
        }
    }
}

impl<T> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `start` is the first of `length` values that this owns: of a leaked box, or of a mapping that is long
        // enough, aligned to a huge page and of zeroes, which are valid by `Zeroed`. Nobody has a unique reference.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T> Drop for Pages<T> {
    fn drop(&mut self) {
        match &self.owner {
            Owner::Boxed => {
                let values = std::ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.length);
                // SAFETY: it was leaked from a box of this length in `boxed`, and is freed once.
                drop(unsafe { Box::from_raw(values) });
            }
            #[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
            Owner::Mapped { base, bytes, .. } => {
                // SAFETY: this is the whole of the mapping made in `mapped`, to which no reference is left. Its values
                // need no drop, see `Zeroed`.
                let freed = unsafe { nix::sys::mman::munmap(*base, *bytes) };
                debug_assert!(freed.is_ok(), "the mapping is unmapped once: {freed:?}");
            }
        }
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// How many bytes of a range are on huge pages, by the list of mappings that the kernel keeps.
#[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
fn huge_bytes(start: usize, bytes: usize) -> Option<usize> {
    let mappings = std::fs::read_to_string("/proc/self/smaps").ok()?;
    let mut within = false;
    let mut huge = 0;
    for line in mappings.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        let hexadecimal = |text| usize::from_str_radix(text, 16).ok();
        let range = first.split_once('-').and_then(|(from, to)| Some((hexadecimal(from)?, hexadecimal(to)?)));
        if let Some((from, to)) = range {
            within = from < start + bytes && start < to;
        } else if within && first == "AnonHugePages:" {
            let kibibytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
            huge += kibibytes * 1_024;
        }
    }
    Some(huge.min(bytes.next_multiple_of(HUGE_PAGE)))
}

#[cfg(test)]
#[cfg(not(sorter_loom))]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_slices_begin_as_zeroes_and_can_be_given_back() {
        for length in [0, 1, 1_000, 1 << 20] {
            let pages: Pages<u64> = Pages::new(length);
            assert_eq!(pages.len(), length);
            assert!(pages.iter().all(|value| *value == 0));
            assert_eq!(pages.backing().bytes, length * 8);
        }
    }

    #[test]
    fn a_small_slice_asks_for_no_huge_pages() {
        assert_eq!(Pages::<u64>::new(8).backing(), Backing { bytes: 64, asked: false, huge: None });
    }

    #[test]
    #[cfg(all(target_os = "linux", not(sorter_loom), not(miri)))]
    fn a_large_slice_begins_at_a_huge_page_and_tells_how_much_of_it_is_on_them() {
        let pages: Pages<u64> = Pages::new(1 << 20);
        assert_eq!(pages.as_ptr().addr() % HUGE_PAGE, 0);
        let backing = pages.backing();
        assert!(backing.huge.is_some_and(|huge| huge <= backing.bytes), "{backing:?}");
    }
}
