//! SQLite without a journal: prepared inserts of the same columns into the same table.

use anyhow::Result;
use rusqlite::{Connection, params};
use sorter_core::journal::{Body, Entry, RecordSeq};
use sorter_plc::journal::{JournalPlace, SqliteJournal};

/// The columns of a row, ready to be bound.
pub(super) type Columns = ([Option<i64>; 10], i64);

/// The columns of an entry that is a record.
pub(super) fn columns(entry: &Entry) -> Option<Columns> {
    let Body::Record(record) = &entry.body else { return None };
    let [at, ids, what, sizes, _, word, cause, extra] = record.to_words().map(u64::cast_signed);
    let some = |id: i64| (id != i64::from(u32::MAX)).then_some(id);
    let (parcel, container) = (some(ids & 0xFFFF_FFFF), some(ids >> 32 & 0xFFFF_FFFF));
    let (seq, prev) = (entry.seq.get().cast_signed(), entry.prev.get().cast_signed());
    let word = (word != 0).then_some(word);
    let columns = [
        Some(seq),
        Some(prev),
        Some(at),
        parcel,
        container,
        Some(what),
        Some(sizes),
        word,
        Some(cause),
        Some(extra),
    ];
    Some((columns, i64::from(entry.checksum())))
}

/// A file with the tables of a journal and nothing else of it: WAL, `synchronous=FULL`, all else as SQLite has it.
pub(super) struct Bare(Connection);

impl Bare {
    pub(super) fn open(place: &JournalPlace) -> Result<Self> {
        drop(SqliteJournal::open(place.clone(), RecordSeq::NONE)?);
        let db = Connection::open(place.file())?;
        db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")?;
        Ok(Self(db))
    }

    /// Inserts rows in one transaction.
    pub(super) fn insert(&mut self, rows: &[Columns]) -> Result<()> {
        let transaction = self.0.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            for ([seq, prev, at, parcel, container, what, sizes, word, cause, extra], sum) in rows {
                insert.execute(params![
                    seq, prev, at, parcel, container, what, sizes, word, cause, extra, sum
                ])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Reads every column of every row and gives the number of rows.
    pub(super) fn read(place: &JournalPlace) -> Result<u64> {
        let db = Connection::open(place.file())?;
        let mut select = db.prepare("SELECT * FROM record ORDER BY seq")?;
        let mut rows = select.query([])?;
        let (mut count, mut sum) = (0, 0);
        while let Some(row) = rows.next()? {
            for column in 0..11 {
                sum ^= row.get::<_, Option<i64>>(column)?.unwrap_or(0);
            }
            count += 1;
        }
        std::hint::black_box(sum);
        Ok(count)
    }
}
