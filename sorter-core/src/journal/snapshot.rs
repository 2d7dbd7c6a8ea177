//! Images as bytes.
//!
//! # Format
//! Numbers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | [`SnapshotHead::MAGIC`] |
//! | 4 | version of the schema, [`SnapshotHead::VERSION`] |
//! | 4 | hub |
//! | 8 | number of the last record that is in it |
//! | 8 | length of the body in bytes |
//! | 4 | CRC-32 (ISO-HDLC, as in zip) of all of the above and of the body |
//! | | body: the number of parcels in 8 bytes, 36 for each of them, then the rest as postcard |
//!
//! The 36 bytes of a parcel are the fields of a [`ParcelImage`] in their order: its state word (8), the number of the
//! last record about it (8), its container (4), its connection (4), the time of the newest ruling (8), the connection
//! that this names (2), its status (1), and a zero.

use thiserror::Error;

use super::{Image, ParcelImage, RecordSeq};
use crate::ids::HubId;

/// Bytes of one parcel.
const PARCEL: usize = 36;

/// Bytes that say how many parcels there are.
const COUNT: usize = 8;

/// What stands before the body of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotHead {
    /// The hub.
    pub hub: HubId,
    /// The last record that is in it.
    pub seq: RecordSeq,
    /// Bytes of the body.
    pub length: u64,
    /// The checksum that it states.
    pub checksum: u32,
}

/// Bytes that are no snapshot that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// It begins with something else.
    #[error("snapshot begins with {found:02x?} (a snapshot of a sorter begins with \"SORTSNAP\")")]
    Foreign {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// A later program wrote it.
    #[error("snapshot has schema version {found} (this program knows versions up to {known})")]
    Newer {
        /// Its version.
        found: u32,
        /// The last version that is known here.
        known: u32,
    },
    /// An earlier program wrote it.
    #[error("snapshot has schema version {found} (this program reads version {known})")]
    Older {
        /// Its version.
        found: u32,
        /// The version that is read here.
        known: u32,
    },
    /// It ends too early.
    #[error("snapshot ends after {found} bytes (it has to have {expected})")]
    Truncated {
        /// Bytes that it has.
        found: u64,
        /// Bytes that it should have, as far as that is known.
        expected: u64,
    },
    /// Something comes after its end.
    #[error("snapshot goes on after its end: {found} bytes (it has to have {expected})")]
    Trailing {
        /// Bytes that it has.
        found: u64,
        /// Bytes that it should have.
        expected: u64,
    },
    /// It is not what was written.
    #[error("snapshot is damaged: its checksum is {computed:08x} (its head states {stated:08x})")]
    Damaged {
        /// What its head states.
        stated: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The checksum is right and the contents make no sense: a fault of the program that wrote it.
    #[error("snapshot cannot be read although its checksum is right: {text}")]
    Unreadable {
        /// What is wrong.
        text: String,
    },
}

impl SnapshotHead {
    /// What every snapshot begins with.
    pub const MAGIC: [u8; 8] = *b"SORTSNAP";
    /// The version of the schema that is written.
    pub const VERSION: u32 = 2;
    /// Bytes before the body.
    pub const SIZE: usize = 36;

    /// Reads what stands before the body, without looking at the body.
    ///
    /// # Errors
    /// [`SnapshotError::Foreign`], [`SnapshotError::Newer`], [`SnapshotError::Older`] and [`SnapshotError::Truncated`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let found = &bytes[..bytes.len().min(Self::MAGIC.len())];
        if !Self::MAGIC.starts_with(found) {
            return Err(SnapshotError::Foreign { found: found.to_vec() });
        }
        let Some(head) = bytes.first_chunk::<{ Self::SIZE }>() else {
            return Err(SnapshotError::Truncated { found: bytes.len() as u64, expected: Self::SIZE as u64 });
        };
        let version = u32_at(head, 8);
        if version == 0 {
            return Err(SnapshotError::Foreign { found: head[..12].to_vec() });
        }
        if version > Self::VERSION {
            return Err(SnapshotError::Newer { found: version, known: Self::VERSION });
        }
        if version < Self::VERSION {
            return Err(SnapshotError::Older { found: version, known: Self::VERSION });
        }
        let hub = u32_at(head, 12);
        let hub = u8::try_from(hub).map_err(|_| SnapshotError::Foreign { found: head[..16].to_vec() })?;
        Ok(Self {
            hub: HubId::new(hub),
            seq: RecordSeq::new(u64_at(head, 16)),
            length: u64_at(head, 24),
            checksum: u32_at(head, 32),
        })
    }

    /// Bytes of the whole snapshot.
    pub const fn total(&self) -> u64 {
        self.length.saturating_add(Self::SIZE as u64)
    }
}

impl Image {
    /// The image as a snapshot; its format is told in the source of this module and in `docs/journal.md`.
    ///
    /// ```
    /// use sorter_core::ids::HubId;
    /// use sorter_core::journal::{Image, SnapshotError};
    ///
    /// let image = Image { hub: HubId::new(2), ..Image::default() };
    /// let mut bytes = image.to_bytes();
    /// assert_eq!(Image::from_bytes(&bytes), Ok(image));
    /// *bytes.last_mut().unwrap() ^= 1;
    /// assert!(matches!(Image::from_bytes(&bytes), Err(SnapshotError::Damaged { .. })));
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = COUNT + self.parcels.len() * PARCEL;
        let mut bytes = Vec::with_capacity(SnapshotHead::SIZE + body + 4_096);
        bytes.extend_from_slice(&SnapshotHead::MAGIC);
        bytes.extend_from_slice(&SnapshotHead::VERSION.to_le_bytes());
        bytes.extend_from_slice(&u32::from(self.hub.get()).to_le_bytes());
        bytes.extend_from_slice(&self.seq.get().to_le_bytes());
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(&(self.parcels.len() as u64).to_le_bytes());
        self.parcels.iter().for_each(|parcel| bytes.extend_from_slice(&packed(parcel)));
        let mut bytes = postcard::to_extend(self, bytes).expect("every part of an image has a stored form");
        let length = (bytes.len() - SnapshotHead::SIZE) as u64;
        bytes[24..32].copy_from_slice(&length.to_le_bytes());
        let checksum = checksum(&bytes);
        bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The image of a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError`]. Nothing is repaired and nothing is guessed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let head = SnapshotHead::from_bytes(bytes)?;
        let (found, expected) = (bytes.len() as u64, head.total());
        if found < expected {
            return Err(SnapshotError::Truncated { found, expected });
        }
        if found > expected {
            return Err(SnapshotError::Trailing { found, expected });
        }
        let computed = checksum(bytes);
        if computed != head.checksum {
            return Err(SnapshotError::Damaged { stated: head.checksum, computed });
        }
        let image = Self::from_body(&bytes[SnapshotHead::SIZE..])
            .map_err(|text| SnapshotError::Unreadable { text })?;
        if (image.hub, image.seq) != (head.hub, head.seq) {
            let text = format!(
                "its head states {} and {} (its body {} and {})",
                head.hub, head.seq, image.hub, image.seq
            );
            return Err(SnapshotError::Unreadable { text });
        }
        Ok(image)
    }

    fn from_body(body: &[u8]) -> Result<Self, String> {
        let (count, rest) =
            body.split_first_chunk::<COUNT>().ok_or("it does not say how many parcels it has")?;
        let count = u64::from_le_bytes(*count);
        let size = usize::try_from(count).ok().and_then(|count| count.checked_mul(PARCEL));
        let Some((parcels, rest)) = size.and_then(|size| rest.split_at_checked(size)) else {
            return Err(format!("it states {count} parcels (they would be longer than it)"));
        };
        let (mut image, left) = postcard::take_from_bytes::<Self>(rest).map_err(|error| error.to_string())?;
        if !left.is_empty() {
            return Err(format!("{} bytes follow its last part", left.len()));
        }
        image.parcels = parcels.as_chunks::<PARCEL>().0.iter().map(unpacked).collect();
        Ok(image)
    }
}

/// The checksum of a snapshot: all of it but the checksum.
fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..SnapshotHead::SIZE - 4]);
    hasher.update(&bytes[SnapshotHead::SIZE..]);
    hasher.finalize()
}

fn packed(parcel: &ParcelImage) -> [u8; PARCEL] {
    let mut bytes = [0; PARCEL];
    bytes[..8].copy_from_slice(&parcel.word.to_le_bytes());
    bytes[8..16].copy_from_slice(&parcel.last.get().to_le_bytes());
    bytes[16..20].copy_from_slice(&parcel.container.to_le_bytes());
    bytes[20..24].copy_from_slice(&parcel.onward.to_le_bytes());
    bytes[24..32].copy_from_slice(&parcel.ruled_at.to_le_bytes());
    bytes[32..34].copy_from_slice(&parcel.ruled_onward.to_le_bytes());
    bytes[34] = parcel.ruled;
    bytes
}

fn unpacked(bytes: &[u8; PARCEL]) -> ParcelImage {
    ParcelImage {
        word: u64_at(bytes, 0),
        last: RecordSeq::new(u64_at(bytes, 8)),
        container: u32_at(bytes, 16),
        onward: u32_at(bytes, 20),
        ruled_at: u64_at(bytes, 24),
        ruled_onward: u16::from_le_bytes([bytes[32], bytes[33]]),
        ruled: bytes[34],
    }
}

fn u32_at(bytes: &[u8], place: usize) -> u32 {
    bytes[place..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], place: usize) -> u64 {
    bytes[place..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
