//! Asking the processor for memory before it is needed.

/// Asks for the cache line of a value that will be read and replaced soon. Changes nothing and never waits.
///
/// Does nothing on processors other than x86-64, and under the model checkers.
#[inline]
pub fn prefetch<T>(value: &T) {
    #[cfg(all(target_arch = "x86_64", not(sorter_loom), not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = std::ptr::from_ref(value).cast::<i8>();
        // SAFETY: a prefetch reads nothing that the program can see and faults at no address; this one comes from
        // a reference. The instruction belongs to SSE, which every x86-64 has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(sorter_loom), not(miri))))]
    let _ = value;
}
