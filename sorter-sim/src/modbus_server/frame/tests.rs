use proptest::prelude::*;
use sorter_plc::link::UnitId;

use super::*;
use crate::modbus_server::Exception;

/// A request as values of its own, to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Owned {
    Read(u16, u16),
    WriteOne(u16, u16),
    Write(u16, Vec<u16>),
    WriteRead(u16, u16, u16, Vec<u16>),
}

impl Owned {
    fn of(request: &Request<'_>) -> Self {
        match *request {
            Request::Read { address, count } => Self::Read(address, count),
            Request::WriteOne { address, value } => Self::WriteOne(address, value),
            Request::Write { address, words } => Self::Write(address, words.iter().collect()),
            Request::WriteRead { read_address, read_count, write_address, words } => {
                Self::WriteRead(read_address, read_count, write_address, words.iter().collect())
            }
        }
    }

    /// Function and data, put together from the specification.
    fn pdu(&self) -> Vec<u8> {
        let words = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        let counted = |head: &[u16], values: &[u16]| {
            let count = u16::try_from(values.len()).unwrap();
            [words(head), words(&[count]), vec![u8::try_from(count * 2).unwrap()], words(values)].concat()
        };
        let (function, data) = match self {
            Self::Read(address, count) => (3, words(&[*address, *count])),
            Self::WriteOne(address, value) => (6, words(&[*address, *value])),
            Self::Write(address, values) => (16, counted(&[*address], values)),
            Self::WriteRead(read, count, write, values) => (23, counted(&[*read, *count, *write], values)),
        };
        [vec![function], data].concat()
    }
}

fn frame(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).unwrap();
    [&transaction.to_be_bytes()[..], &[0, 0], &length.to_be_bytes(), &[unit], pdu].concat()
}

fn requests() -> impl Strategy<Value = Owned> {
    prop_oneof![
        any::<(u16, u16)>().prop_map(|(address, count)| Owned::Read(address, count)),
        any::<(u16, u16)>().prop_map(|(address, value)| Owned::WriteOne(address, value)),
        (any::<u16>(), proptest::collection::vec(any::<u16>(), 0..=123))
            .prop_map(|(address, words)| Owned::Write(address, words)),
        (any::<[u16; 3]>(), proptest::collection::vec(any::<u16>(), 0..=121))
            .prop_map(|([read, count, write], words)| Owned::WriteRead(read, count, write, words)),
    ]
}

/// Feeds bytes in pieces as long as there is room, and hands over every frame.
fn feed(
    buffer: &mut FrameBuffer,
    mut bytes: &[u8],
    pieces: &[usize],
    mut take: impl FnMut(Frame<'_>),
) -> Result<(), FrameError> {
    let mut pieces = pieces.iter().copied().cycle();
    while !bytes.is_empty() {
        let space = buffer.space();
        let piece = pieces.next().unwrap_or(usize::MAX).clamp(1, bytes.len()).min(space.len());
        assert!(piece > 0, "there is always room after all frames were taken");
        space[..piece].copy_from_slice(&bytes[..piece]);
        buffer.filled(piece);
        bytes = &bytes[piece..];
        while let Some(frame) = buffer.next_frame()? {
            take(frame);
        }
    }
    Ok(())
}

/// What the framing should make of a whole stream: every frame up to the end or up to the first error.
fn naive(mut bytes: &[u8]) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut frames = Vec::new();
    loop {
        let word = |at: usize| bytes.get(at + 1).map(|low| u16::from(bytes[at]) * 256 + u16::from(*low));
        match (word(2), word(4)) {
            (Some(received @ 1..), _) => return (frames, Some(FrameError::Protocol { received })),
            (_, Some(received)) if !(2..=254).contains(&received) => {
                return (frames, Some(FrameError::Length { received }));
            }
            (_, Some(length)) if bytes.len() >= usize::from(length) + 6 => {
                let (frame, rest) = bytes.split_at(usize::from(length) + 6);
                frames.push(frame.to_vec());
                bytes = rest;
            }
            _ => return (frames, None),
        }
    }
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_requests(
        sent in proptest::collection::vec((any::<u16>(), any::<u8>(), requests()), 1..30),
        pieces in proptest::collection::vec(1_usize..600, 1..20),
    ) {
        let bytes: Vec<u8> =
            sent.iter().flat_map(|(transaction, unit, request)| frame(*transaction, *unit, &request.pdu())).collect();
        let mut received = Vec::new();
        let mut buffer = FrameBuffer::new();
        let fed = feed(&mut buffer, &bytes, &pieces, |frame| {
            let request = Request::parse(frame.pdu).map(|request| Owned::of(&request));
            received.push((frame.header.transaction, frame.header.unit.get(), request.expect("it is well-formed")));
        });
        prop_assert_eq!(fed, Ok(()));
        prop_assert_eq!(received, sent);
        prop_assert_eq!(buffer.waiting(), 0);
    }

    #[test]
    fn arbitrary_bytes_give_what_a_naive_reader_finds(
        bytes in proptest::collection::vec(prop_oneof![3 => Just(0_u8), 1 => 0_u8..12, 1 => any::<u8>()], 0..6_000),
        pieces in proptest::collection::vec(1_usize..5_000, 1..8),
    ) {
        let (frames, error) = naive(&bytes);
        let mut received = Vec::new();
        let mut buffer = FrameBuffer::new();
        let fed = feed(&mut buffer, &bytes, &pieces, |found| {
            received.push(frame(found.header.transaction, found.header.unit.get(), found.pdu));
            let _ = Request::parse(found.pdu);
        });
        prop_assert_eq!(received, frames);
        prop_assert_eq!(fed.err(), error);
        if let Some(error) = error {
            prop_assert_eq!(buffer.next_frame(), Err(error));
        }
    }

    #[test]
    fn whatever_is_parsed_has_exactly_the_bytes_of_its_request(
        function in prop_oneof![Just(3_u8), Just(6), Just(16), Just(23), any::<u8>()],
        data in proptest::collection::vec(any::<u8>(), 0..252),
    ) {
        let pdu = [&[function][..], &data].concat();
        match Request::parse(&pdu) {
            Ok(request) => {
                prop_assert_eq!(request.function(), function);
                prop_assert_eq!(Owned::of(&request).pdu(), pdu);
            }
            Err(Exception::IllegalFunction) => prop_assert!(![3, 6, 16, 23].contains(&function)),
            Err(exception) => {
                prop_assert_eq!(exception, Exception::IllegalValue);
                prop_assert!([3, 6, 16, 23].contains(&function));
            }
        }
    }
}

#[test]
fn a_wrong_length_or_protocol_is_told_before_the_frame_is_whole() {
    for (bytes, error) in [
        (vec![0, 1, 0, 1], FrameError::Protocol { received: 1 }),
        (vec![0, 1, 0, 0, 0, 0], FrameError::Length { received: 0 }),
        (vec![0, 1, 0, 0, 0, 1], FrameError::Length { received: 1 }),
        (vec![0, 1, 0, 0, 0, 255], FrameError::Length { received: 255 }),
        (vec![0, 1, 0, 0, 255, 255], FrameError::Length { received: 65_535 }),
    ] {
        let mut buffer = FrameBuffer::new();
        assert_eq!(feed(&mut buffer, &bytes, &[1], |_| panic!("no frame")), Err(error));
    }
}

#[test]
fn byte_counts_that_do_not_agree_are_exception_03() {
    for pdu in [
        &[3][..],
        &[3, 0, 0, 0],
        &[3, 0, 0, 0, 1, 0],
        &[6, 0, 0, 0],
        &[16, 0, 0, 0, 1, 2, 0],
        &[16, 0, 0, 0, 1, 3, 0, 0, 0],
        &[16, 0, 0, 0, 2, 2, 0, 0],
        &[16, 0, 0, 0, 1, 4, 0, 0],
        &[16, 0, 0, 0, 1, 2, 0, 0, 0, 0],
        &[23, 0, 0, 0, 1, 0, 0, 0, 1],
        &[23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0],
        &[],
    ] {
        assert_eq!(Request::parse(pdu), Err(Exception::IllegalValue), "{pdu:?}");
    }
    for function in [0, 1, 2, 4, 5, 7, 15, 22, 43, 0x83, 255] {
        assert_eq!(Request::parse(&[function, 0, 0, 0, 1]), Err(Exception::IllegalFunction));
    }
}

#[test]
fn answers_stand_as_the_specification_has_them() {
    let to = Header { transaction: 0x0102, unit: UnitId::new(9) };
    let mut out = Vec::new();
    put_words(&mut out, to, READ, &[]);
    put_echo(&mut out, to, WRITE, 0x0304, 5);
    put_exception(&mut out, to, FUNCTION_23, Exception::GatewayTarget);
    assert_eq!(
        out,
        [
            &[1, 2, 0, 0, 0, 3, 9, 3, 0][..],
            &[1, 2, 0, 0, 0, 6, 9, 16, 3, 4, 0, 5],
            &[1, 2, 0, 0, 0, 3, 9, 0x97, 0x0B],
        ]
        .concat()
    );
}
