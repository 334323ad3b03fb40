//! What a repair puts in the place of bytes that are no entry, so that a walk through the log gets past them.
//!
//! Invariants: a stand-in is a whole entry of exactly the bytes it covers, or a filler up to the end of the file; RocketMQ and
//! we read it, and give it no place in a queue and no key: it is marked as rolled back.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::super::ids::{PhysicalOffset, QueueOffset};
use super::encode::{NewMessage, Place, Shape};
use super::entry::{BLANK_HEAD_BYTES, BLANK_MAGIC, ENTRY_OVERHEAD_BYTES};
use super::sys_flag::SysFlag;

/// The topic that a stand-in has, as much of it as there is room for.
pub const STAND_IN_TOPIC: &str = "HIGHWATER_STAND_IN";

/// An entry of `bytes` bytes at `at` that is nobody's message; `None` where that is less than an entry takes.
#[must_use]
pub fn stand_in(at: PhysicalOffset, bytes: usize, store_timestamp_ms: i64) -> Option<Vec<u8>> {
    let room = bytes.checked_sub(ENTRY_OVERHEAD_BYTES)?;
    let topic = STAND_IN_TOPIC.get(..room.min(STAND_IN_TOPIC.len()))?;
    let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let body = vec![0; room - topic.len()];
    let message = NewMessage {
        topic,
        queue_id: 0,
        flag: 0,
        sys_flag: SysFlag(SysFlag::TRANSACTION_ROLLBACK),
        born_timestamp_ms: store_timestamp_ms,
        born_host: nobody,
        store_host: nobody,
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: &body,
        properties: b"",
    };
    let mut shape = Shape::of(&message, false);
    shape.stamp(&Place {
        physical_offset: at,
        queue_offset: QueueOffset(0),
        store_timestamp_ms,
    });
    let mut parts = Vec::new();
    shape.parts(&mut parts);
    Some(parts.iter().flat_map(|part| part.iter().copied()).collect())
}

/// The head of a filler for the last `room` bytes of a file; what is behind it does not count.
#[must_use]
pub fn filler_head(room: u32) -> [u8; BLANK_HEAD_BYTES] {
    let mut head = [0; BLANK_HEAD_BYTES];
    let (length, magic) = head.split_at_mut(4);
    length.copy_from_slice(&room.to_be_bytes());
    magic.copy_from_slice(&BLANK_MAGIC.to_be_bytes());
    head
}

#[cfg(test)]
mod tests {
    use super::super::{Found, TransactionKind, decode, find};
    use super::*;

    #[test]
    fn a_stand_in_is_an_entry_of_the_bytes_asked_for() {
        assert_eq!(
            stand_in(PhysicalOffset(0), ENTRY_OVERHEAD_BYTES - 1, 0),
            None
        );
        for bytes in [91, 92, 108, 109, 110, 5000, 70_000] {
            let made = stand_in(PhysicalOffset(77), bytes, 9).unwrap();
            assert_eq!(made.len(), bytes);
            let entry = decode(&made).unwrap();
            entry.check_place(PhysicalOffset(77)).unwrap();
            entry.check_body().unwrap();
            assert_eq!(entry.sys_flag.transaction(), TransactionKind::Rollback);
            assert_eq!(entry.store_timestamp_ms, 9);
            assert!(!entry.has_queue_place());
            let mut keys = 0;
            entry
                .visit_index_keys(|_| -> Result<(), ()> {
                    keys += 1;
                    Ok(())
                })
                .unwrap();
            assert_eq!(keys, 0);
        }
        let announced_bytes = 4096;
        assert_eq!(
            find(&filler_head(4096)),
            Ok(Found::Blank { announced_bytes })
        );
    }
}
