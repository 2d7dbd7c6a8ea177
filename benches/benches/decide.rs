//! Decisions: one call each, in batches, with commit and confirmation, and by the naive program.
//!
//! The parameter is the number of announced parcels. `cargo bench -p sorter-benches --bench decide`

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sorter_benches::is_smoke_run;
use sorter_benches::naive::Naive;
use sorter_benches::runs::{EngineRun, naive};
use sorter_benches::workload::Workload;

/// Announced parcels: one that fits into the caches of most machines, and one that does not.
const SIZES: [u32; 2] = [100_000, 1_000_000];
const SMOKE_SIZES: [u32; 1] = [1_000];

fn decide(criterion: &mut Criterion) {
    let sizes: &[u32] = if is_smoke_run() { &SMOKE_SIZES } else { &SIZES };
    for size in sizes {
        let workload = Workload::new(*size);
        let mut group = criterion.benchmark_group("decide");
        group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(5));
        group.bench_function(BenchmarkId::new("single", size), |bencher| {
            let mut run = EngineRun::new(&workload);
            bencher.iter_custom(|count| black_box(run.singles(count)));
        });
        group.bench_function(BenchmarkId::new("batch", size), |bencher| {
            let mut run = EngineRun::new(&workload);
            bencher.iter_custom(|count| black_box(run.batches(count)));
        });
        group.bench_function(BenchmarkId::new("commit_confirm", size), |bencher| {
            let mut run = EngineRun::new(&workload);
            bencher.iter_custom(|count| black_box(run.commits_and_confirms(count)));
        });
        group.bench_function(BenchmarkId::new("naive", size), |bencher| {
            let sorter = Naive::new(&workload);
            bencher.iter_custom(|count| black_box(naive(&sorter, &workload, count)));
        });
        group.finish();
    }
}

criterion_group!(benches, decide);
criterion_main!(benches);
