//! Who records what comes into a hub from outside, and what comes out.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use sorter_core::engine::Worker;
use sorter_core::ids::SorterId;
use sorter_core::journal::Progress;
use sorter_core::units::Micros;
use sorter_plc::contract::Order;
use sorter_plc::controller::{DecisionNote, Inputs};
use sorter_plc::host::Ready;

use crate::recording::{Counts, HubHead, HubWriter, Input, RecordedHub, Trace, hub_file_name};

/// Who records a hub.
pub(crate) enum Recorder {
    /// Nobody.
    Nothing,
    /// A file does.
    File(Box<FileRecorder>),
}

/// Records a hub into its file.
pub(crate) struct FileRecorder {
    head: HubHead,
    path: PathBuf,
    writer: Option<HubWriter<BufWriter<File>>>,
    /// Why nothing more is written.
    failed: Option<io::Error>,
    sorters: Vec<Trace>,
    /// Orders that had waited for the journal until the present scan.
    released: Vec<Order>,
    progress: Progress,
}

impl Recorder {
    /// Records into the file of a hub in a folder, or nowhere. What goes wrong is told at the end.
    pub(super) fn new(folder: Option<&Path>, head: HubHead) -> Self {
        let Some(folder) = folder else { return Self::Nothing };
        let path = folder.join(hub_file_name(head.hub));
        let opened = File::create_new(&path).and_then(|file| HubWriter::new(BufWriter::new(file), head));
        let (writer, failed) = match opened {
            Ok(writer) => (Some(writer), None),
            Err(error) => (None, Some(error)),
        };
        let sorters = vec![Trace::default(); usize::from(head.sorters)];
        let (released, progress) = (Vec::new(), Progress::default());
        Self::File(Box::new(FileRecorder { head, path, writer, failed, sorters, released, progress }))
    }

    /// Whether nothing more is written although it should be.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::File(file) if file.failed.is_some())
    }

    /// Something has come in. It is asked for only when it is recorded.
    pub(super) fn note(&mut self, at: Micros, input: impl FnOnce() -> Input) {
        if let Self::File(file) = self {
            file.write(|writer| writer.write(at, &input()));
        }
    }

    /// The journal may have come further.
    pub(super) fn journal(&mut self, at: Micros, progress: impl FnOnce() -> Progress) {
        if let Self::File(file) = self {
            let progress = progress();
            if progress != file.progress {
                file.progress = progress;
                file.write(|writer| writer.write(at, &Input::Journal(Box::new(progress))));
            }
        }
    }

    /// What a controller said before a scan, and the orders that went out then.
    pub(super) fn ready(&mut self, sorter: SorterId, ready: &Ready, orders: &[Order]) {
        if let Self::File(file) = self {
            file.sorters[sorter.index()].ready(ready);
            file.released.extend_from_slice(orders);
        }
    }

    /// A controller is about to be polled.
    pub(super) fn begin_poll(&mut self, at: Micros, sorter: SorterId, inputs: &Inputs<'_>) {
        if let Self::File(file) = self {
            file.sorters[sorter.index()].polling(inputs.events);
            file.write(|writer| {
                writer.begin_poll(at, sorter, inputs);
                Ok(())
            });
        }
    }

    /// It was polled, and these orders came out.
    pub(super) fn end_poll(&mut self, orders: &[Order], worker: &Worker) {
        if let Self::File(file) = self {
            let mut all = std::mem::take(&mut file.released);
            all.extend_from_slice(orders);
            let answer = file.sorters[worker.sorter().index()].answer(all.len(), worker);
            file.write(|writer| writer.end_poll(&all, &answer));
            all.clear();
            file.released = all;
        }
    }

    /// A controller has decided.
    pub(super) fn decided(&mut self, sorter: SorterId, note: &DecisionNote) {
        if let Self::File(file) = self {
            file.sorters[sorter.index()].decided(note);
        }
    }

    /// A decision has passed the point of no return.
    pub(super) fn committed(&mut self, sorter: SorterId, note: &DecisionNote) {
        if let Self::File(file) = self {
            file.sorters[sorter.index()].committed(note);
        }
    }

    /// The run is over. Gives what the head of the recording says about the hub, where it is recorded.
    ///
    /// # Errors
    /// When the file could not be written.
    pub(super) fn finish(
        &mut self,
        at: Micros,
        digest: u64,
        digests: Vec<u64>,
    ) -> Result<Option<RecordedHub>, (PathBuf, io::Error)> {
        let Self::File(mut file) = std::mem::replace(self, Self::Nothing) else { return Ok(None) };
        file.write(|writer| writer.write(at, &Input::Ended { digests }));
        let written = match (file.failed.take(), file.writer.take()) {
            (None, Some(writer)) => writer.finish().and_then(|(to, records, bytes)| {
                to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                Ok((records, bytes))
            }),
            (Some(error), _) => Err(error),
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        };
        let (hub, mut counts) = (file.head.hub, Counts::default());
        file.sorters.iter().for_each(|sorter| counts.add(&sorter.counts()));
        let (records, bytes) = written.map_err(|error| (file.path, error))?;
        Ok(Some(RecordedHub::new(hub, digest, (records, bytes), counts)))
    }
}

impl FileRecorder {
    fn write(&mut self, write: impl FnOnce(&mut HubWriter<BufWriter<File>>) -> io::Result<()>) {
        if self.failed.is_some() {
            return;
        }
        if let Some(writer) = &mut self.writer {
            self.failed = write(writer).err();
        }
    }
}
