//! Whole days through the real program: what must hold, and that every checker can fail.

mod day {
    mod determinism;
    mod hall;
    mod journal;
    mod run;
    mod sabotage;
}
