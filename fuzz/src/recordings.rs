//! Files of recordings, and what is inside their blocks.

use std::io::Read;

use sorter_sim::recording::{HubFileError, HubReader, HubWriter, Record, block_of, records_of};

/// A file that gives a few bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    piece: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.piece.min(self.rest.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }
}

/// The file of a hub: what is read does not depend on the pieces in which it comes, and the same records written again
/// are read again. The first byte is the size of the pieces.
///
/// A fuzzer finds no checksums, so the bytes are taken for the inside of a block too.
pub fn recording(data: &[u8]) {
    let Some((piece, file)) = data.split_first() else { return };
    let whole = read(file, usize::MAX);
    let pieces = read(file, usize::from(*piece).max(1));
    match (whole, pieces) {
        (Ok((records, end)), Ok((same_records, same_end))) => {
            assert_eq!((&records, &end), (&same_records, &same_end));
            let mut writer = HubWriter::new(Vec::new(), head(file)).expect("a vector takes everything");
            for record in &records {
                writer.write(record.at, &record.input).expect("a vector takes everything");
            }
            let (bytes, ..) = writer.finish().expect("a vector takes everything");
            assert_eq!(read(&bytes, usize::MAX).expect("it has a head").0, records);
        }
        (Err(_), Err(_)) => {}
        _ => panic!("a head depends on the pieces in which it comes"),
    }
    let (records, _) = records_of(file);
    assert_eq!(records_of(&block_of(&records)), (records, None));
}

fn head(file: &[u8]) -> sorter_sim::recording::HubHead {
    HubReader::new(file).expect("it was read before").head()
}

/// The records of a file until something is wrong, and what that is.
fn read(file: &[u8], piece: usize) -> Result<(Vec<Record>, Option<String>), HubFileError> {
    let mut reader = HubReader::new(Pieces { rest: file, piece })?;
    let mut records = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(record)) => records.push(record),
            Ok(None) => return Ok((records, None)),
            Err(error) => return Ok((records, Some(error.to_string()))),
        }
    }
}
