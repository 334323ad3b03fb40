//! A store in a temporary directory, and a small framing, for all the tests here.

use std::path::Path;
use std::sync::Arc;

use segment::{
    Allocation, Appender, Chain, ChainConfig, ChainListener, Disk, Engine, EngineKind,
    EngineOptions, FlushOptions, FlushService, NoListener, RealDisk, SegmentSpec, open_engine,
};

pub(crate) const SUFFIX: &str = ".log";

/// Everything it takes to open a chain.
pub(crate) struct Store {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) flush: Arc<FlushService>,
    pub(crate) config: ChainConfig,
    pub(crate) listener: Arc<dyn ChainListener>,
}

impl Store {
    pub(crate) fn new(kind: EngineKind, dir: &Path) -> Self {
        Self::on(kind, dir, Arc::new(RealDisk))
    }

    pub(crate) fn on(kind: EngineKind, dir: &Path, disk: Arc<dyn Disk>) -> Self {
        let options = EngineOptions {
            disk,
            buffer_bytes: 2 << 20,
            ..EngineOptions::new(dir)
        };
        let (engine, choice) = open_engine(kind, &options);
        assert_eq!(choice.kind, kind, "{}", choice.why);
        let spec = SegmentSpec {
            capacity_bytes: 300_000,
            allocation: Allocation::Grow {
                step_bytes: 1 << 20,
            },
            ..SegmentSpec::default()
        };
        let config = ChainConfig::new(dir, SUFFIX, spec);
        let flush = FlushService::start(FlushOptions::default());
        Self {
            engine,
            flush,
            config,
            listener: Arc::new(NoListener),
        }
    }

    /// Opens what lies in the directory; all of it is valid.
    pub(crate) fn open(&self) -> (Arc<Chain>, Appender) {
        let found = Chain::scan(&self.config.dir, SUFFIX).unwrap();
        let config = self.config.clone();
        let (engine, flush) = (Arc::clone(&self.engine), Arc::clone(&self.flush));
        Chain::open(engine, config, &found, Arc::clone(&self.listener), flush).unwrap()
    }
}

/// Bytes that tell which ones they are.
pub(crate) fn pattern(seed: u64, len: usize) -> Vec<u8> {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x.to_le_bytes()[3]
        })
        .collect()
}
