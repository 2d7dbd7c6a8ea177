//! Row h of the reference: quantities are checked here, before anything is sent.

use sorter_plc::link::{Consequence, LinkConfig, LinkFault};
use sorter_plc::register_map::{BaseAddresses, BlockId};
use sorter_plc::request::{Request, Span};

use super::server::{STATUS, connected, counted, exchange, words};

#[tokio::test(start_paused = true)]
async fn sends_no_request_outside_the_limits_of_modbus() {
    let bases = BaseAddresses { belt: 65_500, ..BaseAddresses::default() };
    let (mut link, _far, mut server) = connected(LinkConfig { bases, ..LinkConfig::default() }).await;
    let scan = |offset, words| Span { block: BlockId::Scan, offset, words };
    let belt = |offset, words| Span { block: BlockId::Belt, offset, words };
    for span in [scan(0, 0), scan(0, 126), scan(0, 65_535), belt(0, 37), belt(36, 1), belt(65_535, 125)] {
        let (outcome, ()) = exchange(&mut link, &Request::Read(span), async {}).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error.fault, LinkFault::Limit { most: 125 }), "{error}");
        assert_eq!(error.consequence(), Consequence::Stop);
        assert_eq!(error.block(), Some(span.block));
    }
    let (outcome, ()) = exchange(&mut link, &STATUS, server.answer(3, |asked| words(asked, 0))).await;
    assert_eq!(outcome.unwrap(), counted(0), "the connection was not touched");
}

#[tokio::test(start_paused = true)]
async fn reads_up_to_the_last_register_and_up_to_the_most() {
    let bases = BaseAddresses { belt: 65_500, scan: 1000, ..BaseAddresses::default() };
    let (mut link, _far, mut server) = connected(LinkConfig { bases, ..LinkConfig::default() }).await;
    let spans = [
        (Span { block: BlockId::Belt, offset: 0, words: 36 }, [0xFF, 0xDC, 0, 36]),
        (Span { block: BlockId::Belt, offset: 35, words: 1 }, [0xFF, 0xFF, 0, 1]),
        (Span { block: BlockId::Scan, offset: 0, words: 125 }, [0x03, 0xE8, 0, 125]),
    ];
    for (span, on_the_wire) in spans {
        let serve = server.answer(3, |asked| {
            assert_eq!(asked.data, on_the_wire);
            words(asked, 0)
        });
        let (outcome, ()) = exchange(&mut link, &Request::Read(span), serve).await;
        assert_eq!(outcome.unwrap().len(), usize::from(span.words));
    }
}
