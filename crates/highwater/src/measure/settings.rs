//! What a run is asked to do, and whether that makes sense.

use std::path::PathBuf;
use std::time::Duration;

use segment::EngineKind;

use super::error::MeasureError;
use super::state::State;
use crate::report::units::{Unit, show};

/// Settings of a run. Check them with [`Settings::check`]; [`super::Bench::open`] does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory to measure. A directory of the run's own is made in it.
    pub dir: PathBuf,
    /// Engines to measure, in the order of their columns. At least one.
    pub engines: Vec<EngineKind>,
    /// Bytes of one operation, in the matrix. At least one; each from 1 to the file's size.
    pub sizes: Vec<u64>,
    /// States of the page cache, in the matrix. At least one.
    pub states: Vec<State>,
    /// Size of the measured file. A multiple of 4 KiB.
    pub file_bytes: u64,
    /// Times that each cell is measured. 1 to 1000.
    pub runs: u32,
    /// A pass over a file ends early after this time; the throughput of what was done counts. At least 1 ms.
    pub cell_limit: Duration,
    /// Measure the bare calls that each engine is made of, too.
    pub bare: bool,
    /// Appends a second in the paced experiment. 1 to 10 million.
    pub rate: u32,
    /// Bytes of such an append.
    pub record_bytes: u64,
    /// How long one paced run takes. At least 10 ms.
    pub paced_time: Duration,
    /// Durable appends in one run of the synced experiment.
    pub synced_appends: u32,
    /// Most files in the fan-out experiment; the steps are 1, 10, 100, 1000 up to this.
    pub files_max: u32,
    /// Bytes sent in one run of the transfer experiment.
    pub transfer_bytes: u64,
    /// Program that runs a cell in a memory-limited group: this one. Absent: that experiment says that it cannot.
    pub limited_program: Option<PathBuf>,
}

/// The sixteen block sizes of the full matrix.
pub const ALL_SIZES: [u64; 16] = [
    64,
    128,
    512,
    1 << 10,
    2 << 10,
    4 << 10,
    8 << 10,
    16 << 10,
    32 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
    4 << 20,
    32 << 20,
    64 << 20,
    512 << 20,
];

/// The sizes of a short run: both ends, and where the crossings lie.
pub const FEW_SIZES: [u64; 6] = [64, 1 << 10, 4 << 10, 64 << 10, 1 << 20, 32 << 20];

impl Settings {
    /// A run of a few minutes in `dir`.
    #[must_use]
    pub fn short(dir: PathBuf) -> Self {
        Self {
            dir,
            engines: EngineKind::ALL.to_vec(),
            sizes: FEW_SIZES.to_vec(),
            states: vec![State::Resident, State::Cold],
            file_bytes: 128 << 20,
            runs: 5,
            cell_limit: Duration::from_millis(150),
            bare: false,
            rate: 50_000,
            record_bytes: 1 << 10,
            paced_time: Duration::from_secs(1),
            synced_appends: 100,
            files_max: 100,
            transfer_bytes: 128 << 20,
            limited_program: None,
        }
    }

    /// The whole matrix: several hours.
    #[must_use]
    pub fn full(dir: PathBuf) -> Self {
        Self {
            sizes: ALL_SIZES.to_vec(),
            states: State::ALL.to_vec(),
            file_bytes: 1 << 30,
            cell_limit: Duration::from_secs(2),
            rate: 100_000,
            paced_time: Duration::from_secs(5),
            synced_appends: 2000,
            files_max: 1000,
            transfer_bytes: 1 << 30,
            ..Self::short(dir)
        }
    }

    /// Takes out the sizes that are larger than the file: for sizes that nobody asked for by name.
    pub fn drop_sizes_above_the_file(&mut self) {
        let most = self.file_bytes;
        self.sizes.retain(|size| *size <= most);
    }

    /// Says what makes no sense.
    ///
    /// # Errors
    /// `Settings`.
    pub fn check(&self) -> Result<(), MeasureError> {
        let bytes = |bytes: u64| show(bytes as f64, Unit::Bytes);
        let refuse = |text: String| Err(MeasureError::Settings(text));
        if self.file_bytes < 4096 || !self.file_bytes.is_multiple_of(4096) {
            return refuse(format!(
                "a file of {} cannot be measured: it must be a multiple of 4 KiB and at least that",
                bytes(self.file_bytes)
            ));
        }
        if self.engines.is_empty() || self.sizes.is_empty() || self.states.is_empty() {
            return refuse("nothing to measure: no engine, size or state was named".to_owned());
        }
        for size in &self.sizes {
            if *size == 0 {
                return refuse("a block of 0 bytes cannot be measured".to_owned());
            }
            if *size > self.file_bytes {
                return refuse(format!(
                    "a block of {} does not fit into a file of {}",
                    bytes(*size),
                    bytes(self.file_bytes)
                ));
            }
        }
        if !(1..=1000).contains(&self.runs) {
            return refuse(format!("{} runs: it must be from 1 to 1000", self.runs));
        }
        if !(1..=10_000_000).contains(&self.rate) {
            return refuse(format!(
                "{} appends a second: it must be from 1 to 10 million",
                self.rate
            ));
        }
        if !(1..=1 << 20).contains(&self.record_bytes) {
            return refuse(format!(
                "records of {}: it must be from 1 B to 1 MiB",
                bytes(self.record_bytes)
            ));
        }
        if self.cell_limit < Duration::from_millis(1) || self.paced_time < Duration::from_millis(10)
        {
            return refuse("the time of a cell is too short to be measured".to_owned());
        }
        let least_one = [
            ("durable appends", u64::from(self.synced_appends)),
            ("files", u64::from(self.files_max)),
            ("transferred bytes", self.transfer_bytes),
        ];
        match least_one.iter().find(|(_, value)| *value == 0) {
            Some((what, _)) => refuse(format!("0 {what} cannot be measured")),
            None => Ok(()),
        }
    }
}
