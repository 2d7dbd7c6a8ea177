//! What a PLC shows before anything is written to it.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use sorter_core::units::{Micros, Pulses};
use sorter_plc::codec::{BeltHead, CodecError, PlantBlock, StatusImage};
use sorter_plc::contract::PlantImage;
use sorter_plc::link::{Link, LinkConfig, LinkError, TcpDial};
use sorter_plc::register_map::{
    BELT_HEAD_WORDS, BlockId, CAPABILITIES, Field, Named, PLANT_WORDS, STATE_BITS, STATUS_WORDS, WordOrder,
    belt_words,
};
use sorter_plc::request::{Request, Span};
use thiserror::Error;
use tokio::time::{Instant, interval};

/// How long the scan counter and the encoder are watched.
const WATCHED: Duration = Duration::from_millis(1_000);

/// What a PLC shows before anything is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The words of STATUS.
    words: Vec<u16>,
    /// The same, read.
    pub status: StatusImage,
    /// PLANT.
    pub plant: PlantImage,
    /// The head of BELT.
    pub belt: BeltHead,
    /// Time between two scans; `None` when the scan counter stood still.
    pub scan: Option<Micros>,
    /// Pulses of the encoder in a second.
    pub pulses_per_s: i64,
}

/// Why a PLC cannot be looked at.
#[derive(Debug, Error)]
pub enum LookError {
    /// The link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A block is not what it should be.
    #[error(transparent)]
    Block(#[from] CodecError),
}

/// Reads STATUS twice, PLANT and BELT, and writes nothing.
///
/// # Errors
/// The first thing that is not as the contract has it.
pub async fn look(
    address: SocketAddr,
    config: LinkConfig,
    order: WordOrder,
    belt_capacity: u16,
) -> Result<Look, LookError> {
    let mut link = Link::new(TcpDial::new(address), config, 1);
    link.connect().await?;
    let mut words = Vec::new();
    let mut watched = interval(WATCHED);
    // The first tick comes at once.
    watched.tick().await;
    let (status, begun) = read_status(&mut link, order, &mut words).await?;
    let plant =
        whole(&mut link, BlockId::Plant, PLANT_WORDS as u16, |words| PlantBlock::decode(words, order))
            .await?;
    let belt = whole(&mut link, BlockId::Belt, BELT_HEAD_WORDS as u16, BeltHead::decode).await?;
    // The last word shows that the block is as long as it is configured.
    let last = u16::try_from(belt_words(belt_capacity)).unwrap_or(u16::MAX) - 1;
    let mut answer = Vec::new();
    link.request(&Request::Read(Span { block: BlockId::Belt, offset: last, words: 1 }), &mut answer).await?;
    watched.tick().await;
    let mut words = Vec::new();
    let (later, ended) = read_status(&mut link, order, &mut words).await?;
    let elapsed = u64::try_from((ended - begun).as_micros()).unwrap_or(u64::MAX).max(1);
    let scans = u64::from(later.counter.wrapping_sub(status.counter));
    let pulses = status.status.encoder.distance_to(later.status.encoder);
    Ok(Look {
        words,
        status: later,
        plant: plant.image,
        belt,
        scan: elapsed.checked_div(scans).map(Micros::new),
        pulses_per_s: in_a_second(pulses, Micros::new(elapsed)),
    })
}

/// A number of pulses in some time as pulses in a second.
pub(super) fn in_a_second(pulses: Pulses, elapsed: Micros) -> i64 {
    i64::from(pulses.get()) * 1_000_000 / i64::try_from(elapsed.get().max(1)).unwrap_or(i64::MAX)
}

async fn read_status(
    link: &mut Link<TcpDial>,
    order: WordOrder,
    words: &mut Vec<u16>,
) -> Result<(StatusImage, Instant), LookError> {
    let image = whole(link, BlockId::Status, STATUS_WORDS as u16, |read| {
        words.clear();
        words.extend_from_slice(read);
        StatusImage::decode(read, order)
    })
    .await?;
    Ok((image, Instant::now()))
}

/// Reads a block, again where it is torn.
async fn whole<T>(
    link: &mut Link<TcpDial>,
    block: BlockId,
    words: u16,
    mut decode: impl FnMut(&[u16]) -> Result<T, CodecError>,
) -> Result<T, LookError> {
    const TRIES: usize = 10;
    let mut answer = Vec::new();
    let mut tries = 0;
    loop {
        link.request(&Request::Read(Span { block, offset: 0, words }), &mut answer).await?;
        tries += 1;
        match decode(&answer) {
            Err(CodecError::Torn { .. }) if tries < TRIES => {}
            decoded => return Ok(decoded?),
        }
    }
}

impl Look {
    /// Writes all words of STATUS with their names, then PLANT and BELT.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "STATUS")?;
        for field in BlockId::Status.map().fields {
            self.print_field(field, out)?;
        }
        print_bits("capabilities", self.status.status.capabilities.0, &CAPABILITIES, out)?;
        print_bits("state", self.status.status.state.0, &STATE_BITS, out)?;
        let plant = &self.plant;
        writeln!(
            out,
            "PLANT since boot: {} inducted, {} unexpected, {} discharged verified, {} unverified, {} left, {} lost, \
             {} on belt",
            plant.inducted,
            plant.unexpected,
            plant.discharged_verified,
            plant.discharged_unverified,
            plant.left,
            plant.lost,
            plant.on_belt
        )?;
        let chutes = |bits: &sorter_plc::contract::ChuteBits| -> u32 {
            bits.to_words().iter().map(|word| word.count_ones()).sum()
        };
        writeln!(
            out,
            "PLANT chutes: {} full, {} half full, {} not available, {} with a container",
            chutes(&plant.full),
            chutes(&plant.half_full),
            chutes(&plant.not_available),
            chutes(&plant.container)
        )?;
        writeln!(out, "BELT: {} entries, snapshot {}", self.belt.entries, self.belt.snapshot)
    }

    fn print_field(&self, field: &Field, out: &mut impl Write) -> io::Result<()> {
        let (first, count) = (usize::from(field.word), usize::from(field.words));
        let words = self.words.get(first..first + count).unwrap_or_default();
        let Some(record) = field.record else {
            let values: Vec<String> = words.iter().map(|word| format!("{word:#06x} = {word}")).collect();
            return writeln!(out, "  {first:>3} {:<18} {} {}", field.name, values.join(", "), field.unit);
        };
        for (slot, words) in words.chunks_exact(usize::from(record.words)).enumerate() {
            let values: Vec<String> = record
                .fields
                .iter()
                .map(|part| {
                    let at = usize::from(part.word);
                    let values: Vec<String> =
                        words[at..at + usize::from(part.words)].iter().map(ToString::to_string).collect();
                    format!("{} {}", part.name, values.join(" "))
                })
                .collect();
            let word = first + slot * usize::from(record.words);
            writeln!(out, "  {word:>3} {:<18} {}", format!("{}[{slot}]", field.name), values.join(", "))?;
        }
        Ok(())
    }
}

fn print_bits(what: &str, word: u16, names: &[Named], out: &mut impl Write) -> io::Result<()> {
    let set: Vec<&str> = names.iter().filter(|bit| word >> bit.number & 1 == 1).map(|bit| bit.name).collect();
    let set = if set.is_empty() { "none".to_owned() } else { set.join(" ") };
    writeln!(out, "  {what}: {set}")
}
