//! A whole simulated day of one hub with two sorters on one thread: plant, virtual PLC, engine and checkers.
//!
//! The parameter is the number of parcels. `cargo bench -p sorter-benches --bench day`

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sorter_benches::is_smoke_run;
use sorter_sim::run_options::RunOptions;
use sorter_sim::scenario::Scenario;

fn day(criterion: &mut Criterion) {
    let parcels = if is_smoke_run() { 2_000 } else { 50_000 };
    let scenario = Scenario { parcels, hubs: 1, sorters: 2, ..Scenario::default() };
    let mut group = criterion.benchmark_group("day");
    group
        .throughput(Throughput::Elements(parcels.into()))
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    group.bench_function(BenchmarkId::new("one_thread", parcels), |bencher| {
        bencher.iter(|| {
            sorter_sim::day::run(&scenario, 1, &RunOptions::default(), &|_| {})
                .expect("the standard network takes the day")
        });
    });
    group.finish();
}

criterion_group!(benches, day);
criterion_main!(benches);
