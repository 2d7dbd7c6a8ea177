//! The link against plain register servers: no program stands behind the registers, register n holds 7 n + 3 until
//! somebody writes it.

use std::path::Path;
use std::process::Command;

use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::Inputs;
use sorter_plc::exchange::{Exchange, ExchangeConfig, SessionState};
use sorter_plc::host::{Host, Resync};
use sorter_plc::link::{
    Consequence, Exception, Function23, Link, LinkConfig, LinkError, LinkFault, MOST_READ, TcpDial, UnitId,
};
use sorter_plc::register_map::{BaseAddresses, BlockId, ORDER_WORDS, PLANT_WORDS, SCAN_WORDS, STATUS_WORDS};
use sorter_plc::request::{Request, Span};

use crate::process::{Peer, installed};

/// Enough for the blocks of the contract and a BELT of 200 items.
const REGISTERS: u16 = 2100;
/// Short, so that a server that stands still is noticed soon.
const DEADLINE: Micros = Micros::from_millis(60);
/// Attempts to reach a server that is there again; more would be a fault of the link.
const ATTEMPTS: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Libmodbus,
    Pymodbus,
}

impl Server {
    fn start(self, unit: u8, port: u16) -> Peer {
        let mut command = match self {
            Self::Libmodbus => Command::new(installed("SORTER_LIBMODBUS_SERVER")),
            Self::Pymodbus => {
                let mut python = Command::new(installed("SORTER_PYMODBUS_PYTHON"));
                python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/pymodbus_server.py"));
                python
            }
        };
        Peer::start(command.args([REGISTERS, unit.into(), port].map(|number| number.to_string())))
    }
}

/// What a register holds before it is written.
fn untouched(address: u16, count: usize) -> Vec<u16> {
    (address..).take(count).map(|n| n.wrapping_mul(7).wrapping_add(3)).collect()
}

fn order_image(beat: u16) -> [u16; ORDER_WORDS] {
    std::array::from_fn(|word| if word == 1 { beat } else { (word as u16) << 8 | beat & 0xFF })
}

fn whole(block: BlockId, words: usize) -> Request<'static> {
    Request::Read(Span { block, offset: 0, words: u16::try_from(words).unwrap() })
}

struct Fixture {
    peer: Peer,
    link: Link<TcpDial>,
    answer: Vec<u16>,
}

impl Fixture {
    async fn new(server: Server) -> Self {
        Self::with(server, 0, LinkConfig::default()).await
    }

    async fn with(server: Server, unit: u8, config: LinkConfig) -> Self {
        let peer = server.start(unit, 0);
        let config = LinkConfig { deadline: DEADLINE, ..config };
        let mut link = Link::new(TcpDial::new(peer.address), config, 9);
        link.connect().await.unwrap();
        Self { peer, link, answer: Vec::new() }
    }

    async fn ask(&mut self, request: Request<'_>) -> Result<&[u16], LinkError> {
        self.link.request(&request, &mut self.answer).await?;
        Ok(&self.answer)
    }

    async fn cycle(&mut self, beat: u16, may_probe: bool) -> Result<&[u16], LinkError> {
        self.ask(Request::Cycle { order: &order_image(beat), may_probe }).await
    }

    /// One cycle, and a look whether it arrived as it was sent.
    async fn proven_cycle(&mut self, beat: u16, may_probe: bool) {
        assert_eq!(self.cycle(beat, may_probe).await.unwrap(), untouched(0, STATUS_WORDS));
        assert_eq!(self.ask(whole(BlockId::Order, ORDER_WORDS)).await.unwrap(), order_image(beat));
    }

    /// Connects and asks until an answer is right.
    async fn recover(&mut self) {
        for _ in 0..ATTEMPTS {
            if self.link.connect().await.is_ok() && self.cycle(1, false).await.is_ok() {
                return;
            }
            assert!(!self.link.is_connected(), "a connection that failed is not kept");
        }
        panic!("{ATTEMPTS} attempts did not reach a server that is there");
    }
}

/// Each of these is a test against both servers.
macro_rules! against_both {
    ($($behaviour:ident),* $(,)?) => {
        mod libmodbus {
            $(#[tokio::test]
            #[ignore = "needs libmodbus, run by .ci/peers"]
            async fn $behaviour() {
                super::$behaviour(super::Server::Libmodbus).await;
            })*
        }
        mod pymodbus {
            $(#[tokio::test]
            #[ignore = "needs pymodbus, run by .ci/peers"]
            async fn $behaviour() {
                super::$behaviour(super::Server::Pymodbus).await;
            })*
        }
    };
}

against_both!(
    reads_each_block_where_it_is,
    reads_as_many_words_as_modbus_allows_and_asks_for_no_more,
    writes_and_reads_by_functions_16_and_3,
    writes_and_reads_by_function_23_once_it_was_probed,
    speaks_to_the_unit_that_is_configured,
    another_unit_is_an_error_and_never_an_answer,
    registers_that_are_not_there_are_told_and_cost_no_connection,
    comes_back_after_the_server_was_killed_and_started_again,
    a_server_that_stands_still_costs_its_deadline_and_leaves_nothing_behind,
    registers_without_a_plc_behind_them_are_never_written,
);

async fn reads_each_block_where_it_is(server: Server) {
    let mut fixture = Fixture::new(server).await;
    let bases = BaseAddresses::default();
    let blocks = [
        (BlockId::Status, STATUS_WORDS),
        (BlockId::Order, ORDER_WORDS),
        (BlockId::Scan, SCAN_WORDS),
        (BlockId::Plant, PLANT_WORDS),
        (BlockId::Belt, 124),
    ];
    for (block, words) in blocks {
        let expected = untouched(bases.of(block), words);
        assert_eq!(fixture.ask(whole(block, words)).await.unwrap(), expected, "{block:?}");
        let part = Span { block, offset: 7, words: 2 };
        assert_eq!(fixture.ask(Request::Read(part)).await.unwrap(), &expected[7..9], "{block:?}");
    }
}

async fn reads_as_many_words_as_modbus_allows_and_asks_for_no_more(server: Server) {
    let mut fixture = Fixture::new(server).await;
    for words in [1, MOST_READ - 1, MOST_READ] {
        let expected = untouched(1024 + 500, words.into());
        let span = Span { block: BlockId::Belt, offset: 500, words };
        assert_eq!(fixture.ask(Request::Read(span)).await.unwrap(), expected);
    }
    for words in [0, MOST_READ + 1, 1000] {
        let span = Span { block: BlockId::Belt, offset: 500, words };
        let error = fixture.ask(Request::Read(span)).await.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Limit { most: MOST_READ }), "{error}");
    }
    assert!(fixture.link.is_connected(), "what is not sent costs no connection");
}

async fn writes_and_reads_by_functions_16_and_3(server: Server) {
    let config = LinkConfig { function_23: Function23::Never, ..LinkConfig::default() };
    let mut fixture = Fixture::with(server, 0, config).await;
    for beat in 0..50 {
        fixture.proven_cycle(beat, true).await;
    }
    assert!(!fixture.link.uses_function_23());
}

async fn writes_and_reads_by_function_23_once_it_was_probed(server: Server) {
    let mut fixture = Fixture::new(server).await;
    fixture.proven_cycle(1, false).await;
    assert!(!fixture.link.uses_function_23(), "it is not tried before it may be");
    fixture.proven_cycle(2, true).await;
    assert!(fixture.link.uses_function_23());
    for beat in 3..50 {
        fixture.proven_cycle(beat, false).await;
    }
    assert!(fixture.link.uses_function_23());
}

async fn speaks_to_the_unit_that_is_configured(server: Server) {
    for unit in [1, 17, 247, 255] {
        if server == Server::Pymodbus && unit > 247 {
            continue; // It takes the numbers of a serial line only.
        }
        let config = LinkConfig { unit: UnitId::new(unit), ..LinkConfig::default() };
        let mut fixture = Fixture::with(server, unit, config).await;
        fixture.proven_cycle(5, true).await;
    }
}

async fn another_unit_is_an_error_and_never_an_answer(server: Server) {
    let config = LinkConfig { unit: UnitId::new(3), ..LinkConfig::default() };
    let mut fixture = Fixture::with(server, 17, config).await;
    let error = fixture.cycle(1, true).await.unwrap_err();
    match server {
        // It says nothing, like a bus on which nobody has that number.
        Server::Libmodbus => assert!(matches!(error.fault, LinkFault::Deadline(DEADLINE)), "{error}"),
        // It answers that something is wrong behind it.
        Server::Pymodbus => {
            assert!(matches!(error.fault, LinkFault::Exception(_)), "{error}");
            assert_eq!(error.consequence(), Consequence::BackOff, "{error}");
        }
    }
    assert!(error.to_string().starts_with("unit 3, "), "{error}");
}

async fn registers_that_are_not_there_are_told_and_cost_no_connection(server: Server) {
    let end = REGISTERS - 50;
    let bases = BaseAddresses { order: end, belt: end, ..BaseAddresses::default() };
    let mut fixture = Fixture::with(server, 0, LinkConfig { bases, ..LinkConfig::default() }).await;
    let read = fixture.ask(whole(BlockId::Belt, 51)).await.unwrap_err();
    assert!(matches!(read.fault, LinkFault::Exception(Exception::ILLEGAL_ADDRESS)), "{read}");
    assert_eq!((read.block(), read.consequence()), (Some(BlockId::Belt), Consequence::Stop));
    for may_probe in [true, false] {
        let written = fixture.cycle(1, may_probe).await.unwrap_err();
        assert!(matches!(written.fault, LinkFault::Exception(Exception::ILLEGAL_ADDRESS)), "{written}");
        assert_eq!((written.block(), written.consequence()), (Some(BlockId::Order), Consequence::Stop));
    }
    assert!(fixture.link.is_connected());
    assert_eq!(
        fixture.ask(whole(BlockId::Belt, 50)).await.unwrap(),
        untouched(end, 50),
        "nothing was written"
    );
}

async fn comes_back_after_the_server_was_killed_and_started_again(server: Server) {
    let mut fixture = Fixture::new(server).await;
    fixture.proven_cycle(1, true).await;
    let port = fixture.peer.address.port();
    let Fixture { peer, mut link, mut answer } = fixture;
    peer.signal("KILL");
    let (status, _) = peer.wait();
    assert!(!status.success());
    let order = order_image(2);
    let cycle = Request::Cycle { order: &order, may_probe: false };
    let error = link.request(&cycle, &mut answer).await.unwrap_err();
    assert_eq!(error.consequence(), Consequence::Reconnect, "{error}");
    assert!(!link.is_connected() && answer.is_empty());
    for _ in 0..3 {
        let refused = link.connect().await.unwrap_err();
        assert!(matches!(refused.fault, LinkFault::Connect(_)), "{refused}");
    }
    let mut fixture = Fixture { peer: server.start(0, port), link, answer };
    fixture.recover().await;
    for beat in 10..30 {
        fixture.proven_cycle(beat, false).await;
    }
}

async fn a_server_that_stands_still_costs_its_deadline_and_leaves_nothing_behind(server: Server) {
    let mut fixture = Fixture::new(server).await;
    fixture.proven_cycle(1, true).await;
    fixture.peer.signal("STOP");
    for beat in 2..5 {
        // The operating system takes connections for a process that stands still.
        let error = fixture.cycle(beat, false).await.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Deadline(DEADLINE)), "{error}");
        assert!(!fixture.link.is_connected());
        fixture.link.connect().await.unwrap();
    }
    fixture.peer.signal("CONT");
    fixture.recover().await;
    for beat in 10..60 {
        fixture.proven_cycle(beat, false).await;
    }
}

/// Takes nothing and orders nothing.
struct Nobody;

impl Host for Nobody {
    fn plc_restarted(&mut self, _now: Micros) {
        panic!("registers do not restart");
    }

    fn poll(&mut self, _now: Micros, _inputs: &Inputs<'_>, _orders: &mut Vec<Order>) {
        panic!("registers report nothing");
    }

    fn resync(&mut self, _now: Micros, _resync: &Resync<'_>) {
        panic!("registers have no belt");
    }
}

async fn registers_without_a_plc_behind_them_are_never_written(server: Server) {
    let mut fixture = Fixture::new(server).await;
    let mut exchange = Exchange::new(ExchangeConfig::default(), 5).unwrap();
    let mut asked = 0;
    for cycle in 0..400_u64 {
        let now = Micros::from_millis(10 * cycle);
        exchange.begin_cycle(now, &mut Nobody).unwrap();
        while let Some(request) = exchange.next_request() {
            assert!(matches!(request, Request::Read(_)), "nothing is written before STATUS reads right");
            fixture.link.request(&request, &mut fixture.answer).await.unwrap();
            let fault = exchange.answered(now, &fixture.answer, &mut Nobody).unwrap_err();
            assert!(fault.to_string().contains("magic"), "{fault}");
            asked += 1;
        }
        assert!(matches!(exchange.state(), SessionState::Faulted(_)));
    }
    assert_eq!(asked, 4, "it is looked at again once a second");
    let order = fixture.ask(whole(BlockId::Order, ORDER_WORDS)).await.unwrap();
    assert_eq!(order, untouched(BaseAddresses::default().order, ORDER_WORDS));
}
