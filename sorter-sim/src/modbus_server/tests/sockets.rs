use std::net::{Ipv4Addr, SocketAddr};

use sorter_core::units::Micros;
use tokio::net::{TcpListener, TcpStream};
use tokio_modbus::client::{Reader, Writer, tcp};

use super::*;

/// Runs a test against a server behind a free port of the loopback, in real time.
fn behind_a_port<T: Future<Output = ()>>(
    profile: ServerProfile,
    test: impl FnOnce(SocketAddr, ModbusServer<PlainRegisters>) -> T,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let bank = Rc::new(RefCell::new(PlainRegisters::new(200)));
        let server = ModbusServer::new(bank, profile, WireFaults::none());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serving = server.clone();
        spawn_local(async move { serving.serve_tcp(listener).await });
        test(address, server).await;
    });
}

async fn ask_for_two(client: &mut TcpStream) -> Option<Vec<u8>> {
    send(client, &adu(1, 1, &READ_TWO)).await;
    receive(client).await
}

#[test]
fn serves_a_client_over_tcp() {
    behind_a_port(ServerProfile::default(), |address, server| async move {
        let mut client = tcp::connect(address).await.unwrap();
        client.write_multiple_registers(7, &[1, 2, 3]).await.unwrap().unwrap();
        assert_eq!(client.read_holding_registers(6, 4).await.unwrap(), Ok(vec![0, 1, 2, 3]));
        assert_eq!(server.counters().requests, 2);
    });
}

#[test]
fn connections_beyond_the_most_are_closed_until_one_ends() {
    let profile = ServerProfile { max_connections: 2, ..ServerProfile::default() };
    behind_a_port(profile, |address, server| async move {
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        assert!(ask_for_two(&mut first).await.is_some() && ask_for_two(&mut second).await.is_some());
        let mut third = TcpStream::connect(address).await.unwrap();
        assert!(rest(&mut third).await.is_empty());
        assert_eq!(server.counters().turned_away, 1);
        drop(first);
        // The server hears of the end in its own time: whoever is turned away meanwhile tries again.
        let mut fourth = None;
        for _ in 0..1_000 {
            let mut client = TcpStream::connect(address).await.unwrap();
            let _ = client.write_all(&adu(1, 1, &READ_TWO)).await;
            fourth = receive(&mut client).await;
            if fourth.is_some() {
                break;
            }
        }
        assert!(fourth.is_some());
        assert!(ask_for_two(&mut second).await.is_some());
    });
}

#[test]
fn half_open_and_dribbling_clients_hold_up_nobody_and_are_closed_when_idle() {
    let profile = ServerProfile { idle_close: Some(Micros::from_millis(50)), ..ServerProfile::default() };
    behind_a_port(profile, |address, server| async move {
        let mut idle = Vec::new();
        for count in 0..20 {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(&adu(1, 1, &READ_TWO)[..count % 12]).await.unwrap();
            idle.push(client);
        }
        let mut busy = TcpStream::connect(address).await.unwrap();
        for _ in 0..10 {
            assert!(ask_for_two(&mut busy).await.is_some());
        }
        for mut client in idle {
            assert!(rest(&mut client).await.is_empty());
        }
        assert!(server.counters().idle_closed >= 20);
    });
}

#[test]
fn rubbish_ends_its_connection_and_nothing_else() {
    behind_a_port(ServerProfile::default(), |address, server| async move {
        for round in 0..50_u8 {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(&[round; 40]).await.unwrap();
            drop(client);
        }
        let mut good = TcpStream::connect(address).await.unwrap();
        assert!(ask_for_two(&mut good).await.is_some());
        assert!(server.counters().malformed > 0);
    });
}
