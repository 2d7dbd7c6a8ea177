//! A plan as it is written: outlets in TOML, rules in CSV.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::rules::{self, Rule};
use super::{ChuteRole, Plan, check, compile};
use crate::address::{Country, Destinations};
use crate::container::ContainerKind;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ids::{ChuteId, PlanVersion};
use crate::journal::PlanNote;
use crate::layout::Layout;
use crate::layout::toml_table::{FormCodes, Located, TomlTable, TomlText};

const CODES: FormCodes =
    FormCodes { syntax: "SP0001", unknown_key: "SP0002", missing_key: "SP0003", bad_value: "SP0004" };

/// The two texts of a plan, read but not yet held against a layout.
#[derive(Clone, Debug)]
pub struct PlanSource {
    pub(super) toml_name: String,
    pub(super) csv_name: String,
    /// The texts themselves, for the journal.
    toml: Arc<str>,
    csv: Arc<str>,
    pub(super) name: String,
    pub(super) lap_limit: Located<u8>,
    pub(super) home: Option<Country>,
    pub(super) outlets: Vec<OutletSource>,
    pub(super) rules: Vec<Rule>,
    /// What is wrong with single keys and rows, kept so that a check reports it together with the rest.
    pub(super) form_problems: Diagnostics,
}

/// One `[[outlet]]` as it is written.
#[derive(Clone, Debug)]
pub(super) struct OutletSource {
    pub(super) line: u32,
    pub(super) name: String,
    pub(super) display: String,
    pub(super) role: ChuteRole,
    pub(super) chutes: Option<Vec<Located<ChuteId>>>,
    pub(super) overflow: Option<Located<String>>,
    pub(super) lane: Option<Located<String>>,
    pub(super) bonded: bool,
    pub(super) container: ContainerKind,
    pub(super) unannounced: Option<Located<String>>,
}

/// Why the files of a plan could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanReadError {
    /// A file could not be read from the disk.
    #[error("plan file {} is not readable", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The texts are no plan.
    #[error(transparent)]
    Content(#[from] Diagnostics),
}

impl PlanSource {
    /// Reads the two texts of a plan. The names are those that problems are reported under.
    ///
    /// # Errors
    /// All syntax errors, when the first text is not TOML or the second has not the header
    /// `country,first,last,outlet`. Everything else that is wrong comes out of [`PlanSource::check`].
    pub fn from_texts(toml_name: &str, toml: &str, csv_name: &str, csv: &str) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::default();
        let root = TomlText { file: toml_name, text: toml, codes: CODES }.root(&mut problems);
        let rules = rules::read(csv_name, csv, &mut problems);
        let (Some(mut root), Some(rules)) = (root, rules) else { return Err(problems) };

        let name = root.text("name", &mut problems).map(|name| name.value).unwrap_or_default();
        // A limit that could not be read has been reported; 1 keeps the check of zero out of it.
        let lap_limit =
            root.integer("lap_limit", 0..=255, &mut problems).unwrap_or(Located { line: 1, value: 1 });
        let home = root.optional_text("home", &mut problems).and_then(|code| {
            let country = Country::parse(&code.value);
            if country.is_none() {
                let message = format!("home \"{}\" is not one of the served countries", code.value);
                problems.push(Diagnostic::at("SP0029", toml_name, code.line, message));
            }
            country
        });
        root.text("rules", &mut problems);
        let tables = root.tables("outlet", &mut problems);
        let outlets =
            tables.into_iter().map(|table| OutletSource::read(table, toml_name, &mut problems)).collect();
        root.finish(&mut problems);
        Ok(Self {
            toml_name: toml_name.to_owned(),
            csv_name: csv_name.to_owned(),
            toml: toml.into(),
            csv: csv.into(),
            name,
            lap_limit,
            home,
            outlets,
            rules,
            form_problems: problems,
        })
    }

    /// Reads a plan from its TOML file and the CSV file that its key `rules` names, which lies beside it.
    ///
    /// # Errors
    /// A file that cannot be read, or texts that [`PlanSource::from_texts`] refuses.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PlanReadError> {
        let path = path.as_ref();
        let toml = read_text(path)?;
        let toml_name = path.display().to_string();
        let mut problems = Diagnostics::default();
        let root = TomlText { file: &toml_name, text: &toml, codes: CODES }.root(&mut problems);
        let rules = root.and_then(|mut root| root.text("rules", &mut problems));
        let Some(rules) = rules else { return Err(problems.into()) };
        let rules_path = path.with_file_name(&rules.value);
        let csv = read_text(&rules_path)?;
        Ok(Self::from_texts(&toml_name, &toml, &rules_path.display().to_string(), &csv)?)
    }

    /// What the journal is told of it.
    pub(crate) fn to_note(&self, version: PlanVersion) -> PlanNote {
        PlanNote {
            version,
            toml_name: self.toml_name.clone(),
            toml: self.toml.to_string(),
            csv_name: self.csv_name.clone(),
            csv: self.csv.to_string(),
        }
    }

    /// Reads it again from what the journal was told.
    ///
    /// # Errors
    /// As [`PlanSource::from_texts`].
    pub(crate) fn from_note(note: &PlanNote) -> Result<Self, Diagnostics> {
        Self::from_texts(&note.toml_name, &note.toml, &note.csv_name, &note.csv)
    }

    /// The name of the plan; empty when the file gives none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the file of the outlets, under which problems are reported.
    pub(crate) fn file(&self) -> &str {
        &self.toml_name
    }

    /// The line of an outlet; 1 for one that is not there.
    pub(crate) fn line_of(&self, outlet: &str) -> u32 {
        self.outlets.iter().find(|known| known.name == outlet).map_or(1, |known| known.line)
    }

    /// The lanes that its outlets leave by, in their order.
    pub fn lanes(&self) -> impl Iterator<Item = &str> {
        self.outlets.iter().filter_map(|outlet| Some(outlet.lane.as_ref()?.value.as_str()))
    }

    /// How many rules were read.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// Everything that is wrong with the plan on this layout, the problems of the TOML file first, each
    /// file in the order of its lines. Empty when the plan can be compiled.
    pub fn check(&self, layout: &Layout) -> Diagnostics {
        check::check(self, layout)
    }

    /// Compiles the plan for a layout, with an outlet for each destination that is known now. Later ones are
    /// taught with [`Plan::learn`].
    ///
    /// # Errors
    /// Everything that [`PlanSource::check`] finds.
    pub fn compile(
        &self,
        layout: &Layout,
        destinations: &Destinations,
        version: PlanVersion,
    ) -> Result<Plan, Diagnostics> {
        let problems = self.check(layout);
        if !problems.is_empty() {
            return Err(problems);
        }
        compile::compile(self, layout, destinations, version)
    }
}

impl OutletSource {
    fn read(mut table: TomlTable<'_>, file: &str, problems: &mut Diagnostics) -> Self {
        let line = table.line();
        let name = table.text("name", problems).map(|name| name.value).unwrap_or_default();
        let display = table.optional_text("display", problems).map(|text| text.value);
        let role = table.optional_text("role", problems);
        let chutes = table.integers::<u16>("chutes", &(0..=65_535), problems);
        let overflow = table.optional_text("overflow", problems);
        let lane = table.optional_text("lane", problems);
        let bonded = table.optional_flag("bonded", problems).unwrap_or(false);
        let container = table.optional_text("container", problems);
        let unannounced = table.optional_text("unannounced", problems);
        table.finish(problems);
        let container = container.map_or(ContainerKind::default(), |key| {
            ContainerKind::from_key(&key.value).unwrap_or_else(|| {
                let message = format!("container `{}` is not bag, roll_cage, uld or pallet", key.value);
                problems.push(Diagnostic::at("SP0024", file, key.line, message));
                ContainerKind::default()
            })
        });
        let role = role.map_or(ChuteRole::Outbound, |key| {
            ChuteRole::from_key(&key.value).unwrap_or_else(|| {
                let message =
                    format!("role `{}` is not outbound, overflow, exception, hold or no_read", key.value);
                problems.push(Diagnostic::at("SP0023", file, key.line, message));
                ChuteRole::Outbound
            })
        });
        let chutes = chutes.map(|chutes| {
            chutes
                .iter()
                .map(|chute| Located { line: chute.line, value: ChuteId::new(chute.value) })
                .collect()
        });
        Self {
            line,
            display: display.unwrap_or_else(|| name.clone()),
            name,
            role,
            chutes,
            overflow,
            lane,
            bonded,
            container,
            unannounced,
        }
    }
}

fn read_text(path: &Path) -> Result<String, PlanReadError> {
    std::fs::read_to_string(path).map_err(|source| PlanReadError::Io { path: path.to_owned(), source })
}
