//! Record batches as a client sends them and as a segment holds them.
//!
//! Holds: nothing panics; a walk over the batches of any bytes ends; what the deep check of a client's batch lets through
//! can be read record by record, and has as many records as it says. The checksum is made right on a copy, so that the
//! fuzzer gets behind it.
#![no_main]

use std::ops::ControlFlow;

use kafka::log::LogConfig;
use kafka::log::batch::{self, BatchView, Batches};
use kafka::log::{record, validate};
use libfuzzer_sys::fuzz_target;

/// What a topic allows by default, far below what one input may unpack to.
const NOW_MS: i64 = 1_800_000_000_000;

fn check(bytes: &[u8]) {
    for view in Batches::of(bytes) {
        let Ok(view) = view else { break };
        let _ = view.check_crc();
        let accepted = validate::check_client(&view, &LogConfig::default(), NOW_MS, true).is_ok();
        let mut records = 0;
        let read = record::visit(&view, |record| {
            assert!(
                record.headers().count() <= usize::try_from(record.header_count()).unwrap_or(0)
            );
            records += 1;
            ControlFlow::Continue(())
        });
        if accepted {
            assert!(read.is_ok(), "accepted, yet unreadable: {read:?}");
            assert_eq!(records, view.header().record_count);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    if let Ok(view) = BatchView::first(bytes) {
        let mut copy = view.bytes().to_vec();
        batch::stamp_crc(&mut copy);
        check(&copy);
    }
});
