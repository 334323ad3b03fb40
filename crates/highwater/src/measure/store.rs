//! One chain as the store runs it: engine defaults, a flush service, space and pages made ready by its preparer.

use std::io::IoSlice;
use std::path::PathBuf;
use std::sync::Arc;

use segment::{
    Appender, Chain, ChainConfig, ChainListener, Engine, FlushOptions, FlushRules, FlushService,
    Mark, NoListener, Position, SegmentSpec,
};

use super::error::{Doing, MeasureError};
use super::workdir::Folder;

/// An open chain with one segment, in a folder that goes with it.
pub(super) struct Store {
    appender: Option<Appender>,
    chain: Arc<Chain>,
    flush: Arc<FlushService>,
    folder: Folder,
}

impl Store {
    /// Opens an empty chain whose segment holds `capacity_bytes`.
    pub(super) fn open(
        engine: &Arc<dyn Engine>,
        folder: Folder,
        capacity_bytes: u64,
        rules: FlushRules,
    ) -> Result<Self, MeasureError> {
        let spec = SegmentSpec {
            capacity_bytes,
            ..SegmentSpec::default()
        };
        Self::open_heard(engine, folder, spec, rules, Arc::new(NoListener))
    }

    /// The same with segments of any kind, and somebody who hears of marks that move.
    pub(super) fn open_heard(
        engine: &Arc<dyn Engine>,
        folder: Folder,
        spec: SegmentSpec,
        rules: FlushRules,
        listener: Arc<dyn ChainListener>,
    ) -> Result<Self, MeasureError> {
        Self::open_spared(engine, folder, spec, rules, listener, 0)
    }

    /// The same with so many segments kept ready ahead of the last one.
    pub(super) fn open_spared(
        engine: &Arc<dyn Engine>,
        folder: Folder,
        spec: SegmentSpec,
        rules: FlushRules,
        listener: Arc<dyn ChainListener>,
        spares: usize,
    ) -> Result<Self, MeasureError> {
        let spare_dir = folder.path().join("spares");
        if spares > 0 {
            std::fs::create_dir(&spare_dir).doing("create", &spare_dir)?;
        }
        let config = ChainConfig {
            rules,
            spare_dir: (spares > 0).then_some(spare_dir),
            spares_max: spares,
            ..ChainConfig::new(folder.path(), ".log", spec)
        };
        let flush = FlushService::start(FlushOptions::default());
        let opened = Chain::open(
            Arc::clone(engine),
            config,
            &[],
            listener,
            Arc::clone(&flush),
        );
        let (chain, appender) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                flush.stop();
                return Err(MeasureError::store("open a chain in", folder.path(), error));
            }
        };
        let mut store = Self {
            appender: Some(appender),
            chain,
            flush,
            folder,
        };
        let path = store.folder.path().to_owned();
        store
            .appender()?
            .roll(0)
            .doing("create a segment in", &path)?;
        Ok(store)
    }

    fn appender(&mut self) -> Result<&mut Appender, MeasureError> {
        self.appender.as_mut().ok_or(MeasureError::Stopped)
    }

    /// Bytes left in the last segment.
    pub(super) fn remaining(&mut self) -> Result<u64, MeasureError> {
        self.appender().map(|appender| appender.remaining())
    }

    /// Ends the last segment and begins the next, whose base is above all before.
    pub(super) fn roll(&mut self, base: u64) -> Result<(), MeasureError> {
        let rolled = self.appender()?.roll(base);
        rolled.map(|_| ()).doing("roll in", self.folder.path())
    }

    /// Appends one record.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), MeasureError> {
        let appended = self.appender()?.append(&[IoSlice::new(bytes)]);
        appended.map(|_| ()).doing("append to", self.folder.path())
    }

    /// Waits until all that was appended is committed.
    pub(super) fn commit(&self) -> Result<(), MeasureError> {
        let committed = self.chain.commit_to(self.chain.marks().written);
        committed.map(|_| ()).doing("commit", self.folder.path())
    }

    /// Waits until all that was appended is durable.
    pub(super) fn sync(&self) -> Result<(), MeasureError> {
        let synced = self.chain.flush_to(self.chain.marks().written);
        synced.map(|_| ()).doing("sync", self.folder.path())
    }

    /// Asks for a mark, and does not wait for it.
    pub(super) fn request(&self, mark: Mark, upto: Position) -> Result<(), MeasureError> {
        let asked = self.chain.request(mark, upto);
        asked.doing("ask for a sync of", self.folder.path())
    }

    /// The chain, for its marks.
    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The file that takes the appends.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.chain.active().map(|segment| segment.path())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.appender = None;
        self.chain.retire();
        self.flush.stop();
    }
}
