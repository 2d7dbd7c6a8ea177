//! The journal: what it costs a decision, a bare push, and what recovery is made of.
//!
//! The parameter is the number of announced parcels, or of entries. `cargo bench -p sorter-benches --bench journal`

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sorter_benches::is_smoke_run;
use sorter_benches::runs::{EngineRun, pushes};
use sorter_benches::workload::Workload;
use sorter_core::ids::{ChuteId, ItemId, ParcelId, SorterId};
use sorter_core::journal::{Body, Entry, Image, Record, RecordKind, RecordSeq};
use sorter_core::state_word::StateWord;
use sorter_core::units::Micros;

/// Announced parcels.
const PARCELS: u32 = 100_000;
const SMOKE_PARCELS: u32 = 1_000;
/// Parcels of the busiest day, and entries between two snapshots.
const ENTRIES: u32 = 5_000_000;
const SMOKE_ENTRIES: u32 = 2_000;

fn decide(criterion: &mut Criterion) {
    let size = if is_smoke_run() { SMOKE_PARCELS } else { PARCELS };
    let workload = Workload::new(size);
    let mut group = criterion.benchmark_group("journal");
    group.throughput(Throughput::Elements(1)).sample_size(20).measurement_time(Duration::from_secs(5));
    group.bench_function("push", |bencher| bencher.iter_custom(|count| black_box(pushes(count))));
    for journaled in [false, true] {
        let run =
            |workload| if journaled { EngineRun::journaled(workload) } else { EngineRun::new(workload) };
        let name = |what: &str| format!("{what}_{}", if journaled { "journaled" } else { "bare" });
        group.bench_function(BenchmarkId::new(name("decide"), size), |bencher| {
            let mut run = run(&workload);
            bencher.iter_custom(|count| black_box(run.singles(count)));
        });
        group.bench_function(BenchmarkId::new(name("commit_confirm"), size), |bencher| {
            let mut run = run(&workload);
            bencher.iter_custom(|count| black_box(run.commits_and_confirms(count)));
        });
    }
    group.finish();
}

/// Items that enter, are decided and discharged, one after the other: three entries each, every other about a new parcel.
fn entries(count: u32) -> Vec<Entry> {
    let sorter = SorterId::new(0);
    let entry = |number: u32| {
        let kind = [RecordKind::Entered, RecordKind::Decided, RecordKind::Discharged][number as usize % 3];
        let parcel = (kind != RecordKind::Entered).then_some(ParcelId::new(number / 3));
        let record = Record {
            item: ItemId::new((number / 3 % 60_000) as u16 + 1),
            chute: parcel.map(|parcel| ChuteId::new((parcel.get() % 100) as u16)),
            parcel,
            word: parcel.and_then(|_| StateWord::from_bits(u64::from(number) << 27 | 5)),
            flags: Record::CLAIMS,
            ..Record::new(Micros::new(u64::from(number)), kind, sorter)
        };
        let seq = RecordSeq::new(u64::from(number) + 1);
        Entry { seq, prev: RecordSeq::NONE, body: Body::Record(record) }
    };
    (0..count).map(entry).collect()
}

fn image(criterion: &mut Criterion) {
    let count = if is_smoke_run() { SMOKE_ENTRIES } else { ENTRIES };
    let mut group = criterion.benchmark_group("image");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    let entries = entries(count);
    let mut image = Image::default();
    group.throughput(Throughput::Elements(count.into()));
    group.bench_function(BenchmarkId::new("apply", count), |bencher| {
        bencher.iter(|| {
            image = Image::default();
            entries.iter().for_each(|entry| image.apply(entry));
        });
    });
    image.parcels.resize(count as usize, image.parcels[0]);
    drop(entries);
    let bytes = image.to_bytes();
    group.bench_function(BenchmarkId::new("to_bytes", count), |bencher| bencher.iter(|| image.to_bytes()));
    group.bench_function(BenchmarkId::new("from_bytes", count), |bencher| {
        bencher.iter(|| Image::from_bytes(black_box(&bytes)).expect("it was just made"));
    });
    group.finish();
}

criterion_group!(benches, decide, image);
criterion_main!(benches);
