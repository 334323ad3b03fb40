//! What a chain costs that nobody uses: alone in its process, because it counts that.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::SystemTime;

use segment::{
    Chain, ChainConfig, EngineKind, EngineOptions, FlushOptions, FlushService, FoundSegment,
    NoListener, SegmentSpec, open_engine,
};

/// Resident bytes of this process, those of files not counted.
fn anonymous_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

fn count(dir: &str) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[test]
fn an_idle_chain_costs_less_than_a_kib_and_no_file_and_no_thread() {
    const CHAINS: u32 = 20_000;
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let (engine, _) = open_engine(kind, &EngineOptions::new(dir.path()));
        let flush = FlushService::start(FlushOptions::default());
        let before = (count("/proc/self/fd"), count("/proc/self/task"));
        let memory = anonymous_bytes();
        let mut chains = Vec::with_capacity(CHAINS as usize);
        for number in 0..CHAINS {
            // Nothing of this exists: opening looks at no file.
            let config = ChainConfig::new(
                dir.path().join(format!("topic-{number}")),
                ".log",
                SegmentSpec::default(),
            );
            let found = FoundSegment {
                base: 0,
                len_bytes: 1000,
                modified: SystemTime::UNIX_EPOCH,
            };
            let (engine, flush) = (Arc::clone(&engine), Arc::clone(&flush));
            chains
                .push(Chain::open(engine, config, &[found], Arc::new(NoListener), flush).unwrap());
        }
        let each = (anonymous_bytes() - memory) / u64::from(CHAINS);
        assert!(each < 1024, "{kind}: {each} bytes");
        assert_eq!(
            (count("/proc/self/fd"), count("/proc/self/task")),
            before,
            "{kind}"
        );
        assert_eq!(flush.open_files(), 0);
    }
}
