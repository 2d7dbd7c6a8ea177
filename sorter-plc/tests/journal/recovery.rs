//! From files to the state.

use sorter_plc::journal::recover;

use super::sample::{HUB, initial, written};

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, image, _) = written(folder.path(), 1_234);
    drop(journal);
    let recovery = recover(folder.path(), HUB, initial()).unwrap();
    assert_eq!(recovery.image, image);
    assert_eq!((recovery.records_read, recovery.from_snapshot), (1_234, None));
}
