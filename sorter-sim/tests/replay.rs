//! Runs are recorded and repeated, and whatever is not as it was is told.

mod replay {
    mod bad_input;
    mod difference;
    mod equal;
    mod program;
}
