//! The folder of a recording: made before a run, finished after it, and checked before a replay.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use sorter_core::ids::HubId;

use super::error::RecordingError;
use super::head::{Head, RecordedFile, RecordedHub};
use super::trace::Counts;
use super::{FORMAT, HEAD_FILE, HubReader, PROGRAM};
use crate::check::RouteOracle;
use crate::report::Summary;
use crate::scenario::Scenario;

/// The name of the file of a hub.
pub fn hub_file_name(hub: HubId) -> String {
    format!("hub-{}.inputs", hub.get())
}

/// The folder of a recording that is being made.
#[derive(Debug)]
pub struct NewRecording {
    folder: PathBuf,
    scenario: String,
    files: Vec<RecordedFile>,
}

impl NewRecording {
    /// Makes the folder and takes along the files that the scenario names.
    ///
    /// # Errors
    /// When there is something in the folder, or a file cannot be read or written.
    pub fn create(folder: &Path, scenario: &Scenario) -> Result<Self, RecordingError> {
        let write = |source| RecordingError::Write { path: folder.to_owned(), source };
        if folder.is_file() {
            return Err(RecordingError::NotAFolder(folder.to_owned()));
        }
        fs::create_dir_all(folder).map_err(write)?;
        if fs::read_dir(folder).map_err(write)?.next().is_some() {
            return Err(RecordingError::NotEmpty(folder.to_owned()));
        }
        let mut new = Self { folder: folder.to_owned(), scenario: String::new(), files: Vec::new() };
        let mut inside = scenario.clone();
        for (name, path) in
            [("layout.toml", &mut inside.layout_file), ("schedule.csv", &mut inside.schedule_file)]
        {
            if let Some(from) = path.take() {
                *path = Some(new.take_along(&from, name)?.0);
            }
        }
        if let Some(from) = inside.plan_file.take() {
            let (plan, text) = new.take_along(&from, "plan/plan.toml")?;
            inside.plan_file = Some(plan);
            // A plan without the name of its rules is refused when it is read.
            if let Ok(rules) = RouteOracle::rules_file(&String::from_utf8_lossy(&text)) {
                let name = Path::new(&rules);
                let beside = name.file_name().is_some_and(|last| last == name.as_os_str());
                if beside {
                    new.take_along(&from.with_file_name(&rules), &format!("plan/{rules}"))?;
                } else {
                    let source =
                        io::Error::other(format!("its rules are in {rules}, which is not beside it"));
                    return Err(RecordingError::Read { path: from, source });
                }
            }
        }
        new.scenario = inside.to_toml();
        if Scenario::from_toml("scenario", &new.scenario).as_ref() != Ok(&inside) {
            let source = io::Error::other("a file cannot say this scenario");
            return Err(RecordingError::Write { path: folder.join(HEAD_FILE), source });
        }
        Ok(new)
    }

    /// Copies a file, and gives its name in the recording with what is in it.
    fn take_along(&mut self, from: &Path, name: &str) -> Result<(PathBuf, Vec<u8>), RecordingError> {
        let text = fs::read(from).map_err(|source| RecordingError::Read { path: from.to_owned(), source })?;
        let path = self.folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &text));
        written.map_err(|source| RecordingError::Write { path, source })?;
        self.files.push(RecordedFile { path: name.to_owned(), crc32: crc32fast::hash(&text) });
        Ok((PathBuf::from(name), text))
    }

    /// The run is over: writes the head.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self, hubs: Vec<RecordedHub>, summary: &Summary) -> Result<(), RecordingError> {
        let mut counts = Counts::default();
        hubs.iter().for_each(|hub| counts.add(&hub.counts));
        let head = Head {
            format: FORMAT,
            program: PROGRAM.to_owned(),
            digest: summary.digest.clone(),
            parcels: summary.parcels.inducted,
            counts,
            scenario: self.scenario,
            file: self.files,
            hub: hubs,
        };
        let path = self.folder.join(HEAD_FILE);
        let begun = path.with_extension("toml.part");
        let text = toml::to_string(&head).map_err(|error| io::Error::other(error.to_string()));
        let written = text.and_then(|text| {
            let mut file = File::create(&begun)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&begun, &path)?;
            File::open(&self.folder)?.sync_all()
        });
        written.map_err(|source| RecordingError::Write { path, source })
    }
}

/// A recording that was made.
#[derive(Clone, Debug)]
pub struct Recording {
    folder: PathBuf,
    head: Head,
    scenario: Scenario,
}

impl Recording {
    /// Reads the head and checks that everything else is there. What is in the files of the hubs is checked while they
    /// are read. A recording that another version of the program made is refused unless `any_version`.
    ///
    /// # Errors
    /// [`RecordingError`] with the file and what is wrong with it.
    pub fn open(folder: &Path, any_version: bool) -> Result<Self, RecordingError> {
        if folder.is_file() {
            return Err(RecordingError::NotAFolder(folder.to_owned()));
        }
        if !folder.is_dir() {
            return Err(RecordingError::Missing(folder.to_owned()));
        }
        let path = folder.join(HEAD_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordingError::Unfinished(folder.to_owned()));
            }
            Err(source) => return Err(RecordingError::Read { path, source }),
        };
        let head = head(&path, &text)?;
        if head.program != PROGRAM && !any_version {
            return Err(RecordingError::Program { path, found: head.program });
        }
        let scenario = scenario(folder, &path, &head)?;
        let recording = Self { folder: folder.to_owned(), head, scenario };
        recording.check_files()?;
        Ok(recording)
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The scenario, with the paths of the files that were taken along.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The file of a hub.
    pub fn hub_path(&self, hub: HubId) -> PathBuf {
        self.folder.join(hub_file_name(hub))
    }

    /// The records of a hub from the first on.
    ///
    /// # Errors
    /// When its file cannot be read or is of another run.
    pub fn hub(&self, hub: HubId) -> Result<HubReader<BufReader<File>>, RecordingError> {
        let path = self.hub_path(hub);
        let file = File::open(&path).map_err(|source| RecordingError::Read { path: path.clone(), source })?;
        let reader = HubReader::new(BufReader::with_capacity(1 << 17, file))
            .map_err(|source| RecordingError::Damaged { path: path.clone(), source })?;
        let found = reader.head();
        if (found.hub, found.sorters, found.seed) != (hub, self.scenario.sorters, self.scenario.seed) {
            let (hub, sorters, seed) = (found.hub.get(), found.sorters, found.seed);
            return Err(RecordingError::OtherRun { path, hub, sorters, seed });
        }
        Ok(reader)
    }

    /// Looks whether exactly the files are there that should be, each as long as it was.
    fn check_files(&self) -> Result<(), RecordingError> {
        let numbers = self.head.hub.iter().map(|hub| hub.number);
        if !numbers.eq(0..self.scenario.hubs) {
            return Err(RecordingError::Contradiction {
                path: self.folder.join(HEAD_FILE),
                said: format!("it has {} hubs", self.head.hub.len()),
                expected: format!("the {} of its scenario, from 0 on", self.scenario.hubs),
            });
        }
        let mut known = BTreeSet::new();
        for hub in &self.head.hub {
            let path = self.hub_path(HubId::new(hub.number));
            let found = match fs::metadata(&path) {
                Ok(found) => found.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(RecordingError::NoFile(path));
                }
                Err(source) => return Err(RecordingError::Read { path, source }),
            };
            if found != hub.bytes {
                return Err(RecordingError::Size { path, found, expected: hub.bytes });
            }
            known.insert(path);
        }
        let read = |source| RecordingError::Read { path: self.folder.clone(), source };
        for entry in fs::read_dir(&self.folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.extension().is_some_and(|kind| kind == "inputs") && !known.contains(&path) {
                return Err(RecordingError::ExtraFile(path));
            }
        }
        Ok(())
    }
}

/// Reads a head; its format is looked at before anything else in it.
fn head(path: &Path, text: &str) -> Result<Head, RecordingError> {
    let refused =
        |source: toml::de::Error| RecordingError::Head { path: path.to_owned(), source: source.into() };
    let table: toml::Table = text.parse().map_err(refused)?;
    let format = table.get("format").and_then(toml::Value::as_integer);
    if let Some(found) = format.and_then(|format| u32::try_from(format).ok()).filter(|found| *found != FORMAT)
    {
        return Err(RecordingError::Format { path: path.to_owned(), found });
    }
    table.try_into().map_err(refused)
}

/// Reads the scenario of a head, and looks whether the files that it names are what they were.
fn scenario(folder: &Path, path: &Path, head: &Head) -> Result<Scenario, RecordingError> {
    let name = format!("scenario of {}", path.display());
    let mut scenario = Scenario::from_toml(&name, &head.scenario)
        .map_err(|source| RecordingError::Head { path: path.to_owned(), source: source.into() })?;
    for file in &head.file {
        let path = folder.join(&file.path);
        let text = fs::read(&path).map_err(|source| RecordingError::Read { path: path.clone(), source })?;
        let found = crc32fast::hash(&text);
        if found != file.crc32 {
            return Err(RecordingError::Changed { path, found, expected: file.crc32 });
        }
    }
    for file in [&mut scenario.plan_file, &mut scenario.layout_file, &mut scenario.schedule_file] {
        *file = file.take().map(|inside| folder.join(inside));
    }
    Ok(scenario)
}
