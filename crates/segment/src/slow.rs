//! Tells of calls to the disk that took long, so that whoever looks for the cause of a stall finds it in the log.
//!
//! Invariant: a call that is not slow pays for two readings of the coarse clock (a few ns), and nothing else.
//! Absent on purpose: page faults of a mapping, which no call of ours surrounds; reads.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A call that takes this long or longer is told of.
const SLOW: Duration = Duration::from_secs(1);

/// When something began; good to a tick of the kernel (1–10 ms).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began(Duration);

impl Began {
    pub(crate) fn now() -> Self {
        Self(coarse())
    }

    /// Logs that `what` was done to `file` if that took long.
    pub(crate) fn tell_if_slow(self, what: &str, file: &File) {
        let took = coarse().saturating_sub(self.0);
        if took >= SLOW {
            tell(took, what, file);
        }
    }
}

fn coarse() -> Duration {
    let now = clock_gettime(ClockId::MonotonicCoarse);
    let nanos = u32::try_from(now.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), nanos)
}

#[cold]
fn tell(took: Duration, what: &str, file: &File) {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = std::fs::read_link(link).unwrap_or_else(|_| PathBuf::from("a file"));
    tracing::warn!(file = %path.display(), took_ms = took.as_millis(), "a {what} was slow");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing::field::{Field, Visit};

    use super::*;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Visit for Kept {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            self.0.lock().push(format!("{}={value:?}", field.name()));
        }
    }

    impl tracing::Subscriber for Kept {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            event.record(&mut self.clone());
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    #[test]
    fn a_slow_call_is_told_of_with_its_file_and_a_quick_one_is_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let kept = Kept::default();
        tracing::subscriber::with_default(kept.clone(), || {
            Began::now().tell_if_slow("sync", file.as_file());
            assert!(kept.0.lock().is_empty());
            Began(coarse().saturating_sub(SLOW)).tell_if_slow("sync", file.as_file());
        });
        let said = kept.0.lock().join(" ");
        assert!(said.contains("a sync was slow"), "{said}");
        assert!(said.contains(&file.path().display().to_string()), "{said}");
    }
}
