//! What comes out otherwise is told where it happens.

use std::fs::File;
use std::path::Path;

use sorter_plc::contract::{CodeBytes, ScanData};
use sorter_sim::recording::{HubReader, HubWriter, Input, Record};

use super::program::Recorded;

/// Writes the file of a hub again with one record changed, and has the head know its new length. `change` gives
/// whether it has changed the record. Gives the number of the record, from 1, and the record.
fn tamper(day: &Recorded, hub: u8, mut change: impl FnMut(&mut Record) -> bool) -> (u64, Record) {
    let path = day.file(&format!("hub-{hub}.inputs"));
    let mut reader = HubReader::new(File::open(&path).expect("the file is there")).expect("it has a head");
    let mut writer = HubWriter::new(Vec::new(), reader.head()).expect("a vector takes everything");
    let mut changed = None;
    while let Some(mut record) = reader.next().expect("it is whole") {
        if changed.is_none() && change(&mut record) {
            changed = Some((reader.records(), record.clone()));
        }
        writer.write(record.at, &record.input).expect("a vector takes everything");
    }
    let (bytes, _, length) = writer.finish().expect("a vector takes everything");
    replace_length(day, &path, length);
    std::fs::write(&path, bytes).expect("the file is written");
    changed.expect("there is a record to change")
}

fn replace_length(day: &Recorded, path: &Path, length: u64) {
    let before = std::fs::metadata(path).expect("the file is there").len();
    day.edit("recording.toml", |text| {
        text.replace(&format!("bytes = {before}\n"), &format!("bytes = {length}\n"))
    });
}

#[test]
fn a_file_that_is_written_again_is_the_same() {
    let day = Recorded::short_day();
    let before = std::fs::read(day.file("hub-0.inputs")).expect("the file is there");
    tamper(&day, 0, |_| true);
    assert!(before == std::fs::read(day.file("hub-0.inputs")).expect("the file is there"));
}

#[test]
fn another_bit_in_a_scan_is_found_at_its_item() {
    let day = Recorded::busy_day();
    let mut item = None;
    let (number, record) = tamper(&day, 1, |record| {
        let Input::Poll(poll) = &mut record.input else { return false };
        if record.at.get() < 50_000_000_000 {
            return false;
        }
        // A parcel that was known by its codes is not known once each of them has another digit.
        if poll.answer.orders.is_empty() && poll.answer.noted.is_none() {
            return false;
        }
        for scan in &mut poll.scans {
            let ScanData::Code(code) = &mut scan.data else { continue };
            let mut bytes = code.as_slice().to_vec();
            bytes[8] ^= 1;
            *code = CodeBytes::new(&bytes).expect("it is as long as before");
            item = Some(scan.item);
        }
        item.is_some()
    });
    let (code, report, errors) = day.replay(&[]);
    assert_eq!(code, Some(1), "{errors}");
    let difference = &report["hubs"][1]["difference"];
    let found = |key: &str| difference[key].as_u64().unwrap_or_else(|| panic!("{key} is missing: {errors}"));
    // The item is decided when the last of its records has come.
    assert!((number..number + 100).contains(&found("record")), "{errors}");
    assert!((record.at.get()..record.at.get() + 1_000_000).contains(&found("at_us")), "{errors}");
    assert!(
        difference["replayed"]
            .as_str()
            .expect("a text")
            .contains(&item.expect("one was changed").to_string())
    );
    assert!(errors.contains("difference: hub 1 sorter "), "{errors}");
    assert!(report["hubs"][0]["difference"].is_null(), "the other hub is as it was");
}

#[test]
fn another_answer_in_the_recording_is_found_at_once() {
    let day = Recorded::busy_day();
    let (number, _) = tamper(&day, 0, |record| match &mut record.input {
        Input::Departed { report, .. } if report[0] > 0 => {
            report[1] += 1;
            true
        }
        _ => false,
    });
    let (code, report, errors) = day.replay(&[]);
    assert_eq!(code, Some(1));
    assert_eq!(report["hubs"][0]["difference"]["record"], number, "{errors}");
    assert!(errors.contains("containers on the departure"), "{errors}");
}

#[test]
fn an_order_that_did_not_come_out_is_named() {
    let day = Recorded::busy_day();
    let (_, record) = tamper(&day, 0, |record| {
        let Input::Poll(poll) = &mut record.input else { return false };
        poll.answer.orders.pop().is_some()
    });
    let (code, _, errors) = day.replay(&[]);
    assert_eq!(code, Some(1));
    let Input::Poll(poll) = record.input else { panic!("a poll was changed") };
    let sorter = format!("hub 0 sorter {} at ", poll.sorter.get());
    assert!(errors.contains(&sorter) && errors.contains("an order is seq "), "{errors}");
    assert!(errors.contains("(recorded: none)"), "{errors}");
}

#[test]
fn a_digest_that_is_not_that_of_the_run_is_found() {
    let day = Recorded::short_day();
    day.edit("recording.toml", |text| text.replace(&day.digest, "0123456789abcdef"));
    assert_eq!(day.replay(&[]).0, Some(1));
}

#[test]
fn a_record_about_what_the_run_does_not_have_is_bad_input() {
    let day = Recorded::busy_day();
    let (number, _) = tamper(&day, 0, |record| match &mut record.input {
        Input::Announced { label, .. } => {
            *label = 1_000_000;
            true
        }
        _ => false,
    });
    let (code, _, errors) = day.replay(&[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains(&format!("record {number} of ")), "{errors}");
    assert!(errors.contains("hub-0.inputs is about label 1000000, which the run does not have"), "{errors}");
}
