//! Says why connections were closed, without letting a misbehaving peer fill the log.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{debug, warn};

use crate::api::{Close, ConnectionInfo};

/// Lines a window may have.
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Closings {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    lines: u32,
    suppressed: u64,
}

impl Closings {
    pub(crate) fn report(&self, who: &ConnectionInfo, close: &Close, unread_bytes: usize) {
        let peer = who.peer;
        match close {
            Close::ByPeer | Close::Idle | Close::Stopping | Close::Io(_) => {
                debug!(%peer, %close, unread_bytes, "connection closed");
                return;
            }
            _ => {}
        }
        let Some(suppressed) = self.window.lock().admit(Instant::now()) else {
            return;
        };
        let fault = if close.is_protocol_violation() {
            "peer"
        } else {
            "request"
        };
        warn!(%peer, %close, fault, suppressed, "connection closed");
    }
}

impl Window {
    /// How many lines were left out before this one; `None` to leave this one out too.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self
            .began
            .is_none_or(|began| now.duration_since(began) >= WINDOW)
        {
            self.began = Some(now);
            self.lines = 0;
        }
        if self.lines >= LINES {
            self.suppressed += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_window_are_counted_and_told_later() {
        let mut window = Window::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(window.admit(start), Some(0));
        }
        assert_eq!(window.admit(start), None);
        assert_eq!(window.admit(start), None);
        assert_eq!(window.admit(start + WINDOW), Some(2));
        assert_eq!(window.admit(start + WINDOW), Some(0));
    }
}
