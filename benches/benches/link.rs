//! One exchange cycle over TCP on 127.0.0.1 beside a raw ping-pong of equal size, and the cycle without a wire.
//!
//! The contestants of a group take turns of 32 round trips, whichever of them a line is about: the machine is the
//! same for all. `cargo bench -p sorter-benches --bench link`

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sorter_benches::now;
use sorter_benches::plc::Work;
use sorter_benches::round_trips::{Arena, Contestant, Functions, InMemory};

/// Round trips of one contestant before the next one's turn.
const TURN: u32 = 32;

fn cycles(criterion: &mut Criterion) {
    for functions in [Functions::ReadWrite, Functions::WriteThenRead] {
        let mut arena = Arena::open(functions).expect("a machine with loopback sockets");
        let mut group = criterion.benchmark_group(format!("cycle_{}", functions.key()));
        group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(6));
        for measured in Contestant::ALL {
            group.bench_function(measured.key(), |bencher| {
                bencher.iter_custom(|count| {
                    let mut total = Duration::ZERO;
                    let mut left = count;
                    while left > 0 {
                        let turn = u32::try_from(left).unwrap_or(TURN).min(TURN);
                        for contestant in Contestant::ALL {
                            let time = arena.run(contestant, turn).expect("loopback does not break");
                            if contestant == measured {
                                total += time;
                            }
                        }
                        left -= u64::from(turn);
                    }
                    total
                });
            });
        }
        group.finish();
    }
}

fn without_a_wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cycle_in_memory");
    group.throughput(Throughput::Elements(1));
    group.bench_function("idle", |bencher| {
        let mut cycle = InMemory::new(Work::Nothing);
        bencher.iter(|| black_box(&mut cycle).step());
    });
    group.bench_function("order_and_event", |bencher| {
        let mut cycle = InMemory::new(Work::EveryCycle);
        bencher.iter(|| black_box(&mut cycle).step());
    });
    // The scan of the PLC is in the lines above, and the look at the clock is in this one.
    group.bench_function("order_and_event_without_scan", |bencher| {
        let mut cycle = InMemory::new(Work::EveryCycle);
        bencher.iter_custom(|count| {
            let mut total = Duration::ZERO;
            for _ in 0..count {
                cycle.scan();
                let begun = now();
                black_box(&mut cycle).cycle();
                total += begun.elapsed();
            }
            total
        });
    });
    group.finish();
}

criterion_group!(benches, cycles, without_a_wire);
criterion_main!(benches);
