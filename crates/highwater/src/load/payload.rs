//! What is in the records: values that say which run and record they are and can be checked.
//!
//! A value of [`STAMP_BYTES`] or more begins with the run's seed, its sequence number and when it
//! was due (each 8 bytes, big-endian); the rest, and shorter values as a whole, are bytes that
//! follow from seed and sequence number. So a value that was read back proves itself.

use super::plan::RecordBytes;

/// Bytes at the front of a value that say what it is.
pub const STAMP_BYTES: usize = 24;

/// Values begin at one of so many places of the filling.
const PLACES: usize = 1 << 16;

/// Makes and checks the values of one run.
#[derive(Debug)]
pub(super) struct Payload {
    seed: u64,
    bytes: RecordBytes,
    /// Incompressible.
    filling: Vec<u8>,
}

/// What a stamped value says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) sequence: u64,
    pub(super) due_ns: u64,
}

impl Payload {
    pub(super) fn new(seed: u64, bytes: RecordBytes) -> Self {
        let words = (bytes.max + PLACES).div_ceil(8) as u64;
        let filling = (0..words).flat_map(|n| mix(seed ^ mix(n)).to_le_bytes());
        Self {
            seed,
            bytes,
            filling: filling.collect(),
        }
    }

    /// Size of the value with this sequence number.
    pub(super) fn len(&self, sequence: u64) -> usize {
        let RecordBytes { min, max } = self.bytes;
        let choices = (max - min) as u64 + 1;
        let chosen = mix(self.seed.wrapping_add(sequence)) % choices;
        min + usize::try_from(chosen).unwrap_or_default()
    }

    fn filling(&self, sequence: u64, len: usize) -> &[u8] {
        let hash = mix(sequence ^ self.seed.rotate_left(17));
        let place = usize::try_from(hash % PLACES as u64).unwrap_or_default();
        self.filling.get(place..place + len).unwrap_or_default()
    }

    /// Writes the value into `out`, in place of what is there.
    pub(super) fn write(&self, sequence: u64, due_ns: u64, out: &mut Vec<u8>) {
        let len = self.len(sequence);
        out.clear();
        out.extend_from_slice(self.filling(sequence, len));
        if let Some(stamp) = out.first_chunk_mut::<STAMP_BYTES>() {
            let words = [self.seed, sequence, due_ns];
            for (to, word) in stamp.chunks_exact_mut(8).zip(words) {
                to.copy_from_slice(&word.to_be_bytes());
            }
        }
    }

    /// What the value says, if it is one of this run; its filling is not looked at.
    pub(super) fn stamp(&self, value: &[u8]) -> Option<Stamp> {
        let stamp = value.first_chunk::<STAMP_BYTES>()?;
        let mut words = stamp.chunks_exact(8).map(|word| {
            let word = word.first_chunk::<8>().copied().unwrap_or_default();
            u64::from_be_bytes(word)
        });
        let seed = words.next()?;
        let stamp = Stamp {
            sequence: words.next()?,
            due_ns: words.next()?,
        };
        (seed == self.seed).then_some(stamp)
    }

    /// Whether the value is, to the last byte, the one of its sequence number.
    pub(super) fn is_whole(&self, value: &[u8]) -> bool {
        let Some(stamp) = self.stamp(value) else {
            return false;
        };
        let filling = self.filling(stamp.sequence, self.len(stamp.sequence));
        value.len() == filling.len() && value.get(STAMP_BYTES..) == filling.get(STAMP_BYTES..)
    }

    /// A key out of so many, for the record with this sequence number.
    pub(super) fn key(&self, sequence: u64, keys: u64, out: &mut Vec<u8>) {
        let number = mix(sequence ^ self.seed)
            .checked_rem(keys)
            .unwrap_or_default();
        out.clear();
        out.extend_from_slice(format!("key-{number:08}").as_bytes());
    }
}

/// A number that has nothing to do with its argument but follows from it (the finalizer of
/// SplitMix64).
pub(super) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(min: usize, max: usize) -> Payload {
        Payload::new(42, RecordBytes { min, max })
    }

    #[test]
    fn values_prove_themselves_and_any_change_shows() {
        let payload = payload(24, 300);
        let mut value = Vec::new();
        for sequence in [0, 1, 77, u64::MAX] {
            payload.write(sequence, 99, &mut value);
            assert!(payload.is_whole(&value), "{sequence}");
            let stamp = Stamp {
                sequence,
                due_ns: 99,
            };
            assert_eq!(payload.stamp(&value), Some(stamp));
            if let Some(last) = value.get_mut(STAMP_BYTES..).and_then(<[u8]>::last_mut) {
                *last ^= 1;
                assert!(!payload.is_whole(&value), "{sequence}");
            }
            payload.write(sequence, 99, &mut value);
            value.push(0);
            assert!(!payload.is_whole(&value), "longer");
        }
        payload.write(5, 0, &mut value);
        let other = Payload::new(43, RecordBytes { min: 24, max: 300 });
        assert_eq!(other.stamp(&value), None, "another run's");
        assert_eq!(payload.stamp(b"short"), None);
    }

    #[test]
    fn sizes_keep_their_bounds_and_reach_both() {
        let payload = payload(30, 33);
        let mut seen = [false; 4];
        for sequence in 0..1000 {
            let len = payload.len(sequence);
            assert!((30..=33).contains(&len));
            seen[len - 30] = true;
        }
        assert_eq!(seen, [true; 4]);
        let mut value = Vec::new();
        for size in [0, 1, 23, 24, 5000] {
            let payload = Payload::new(
                1,
                RecordBytes {
                    min: size,
                    max: size,
                },
            );
            payload.write(3, 4, &mut value);
            assert_eq!(value.len(), size);
        }
    }

    #[test]
    fn keys_are_out_of_so_many() {
        let payload = payload(0, 0);
        let mut keys = std::collections::BTreeSet::new();
        let mut key = Vec::new();
        for sequence in 0..1000 {
            payload.key(sequence, 10, &mut key);
            keys.insert(key.clone());
        }
        assert_eq!(keys.len(), 10);
        assert_eq!(keys.first().map(Vec::as_slice), Some(&b"key-00000000"[..]));
    }
}
