//! The body of request 320: several messages, each with a short head of its own.
//!
//! Invariants: a message borrows from the body; no length is believed before it was held against the bytes that are left.

use super::entry::PROPERTIES_BYTES_MAX;

/// Bytes of a message's head: total size, magic, checksum, flag, and the length of its body.
const HEAD_BYTES: usize = 20;

/// Why a batch is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("message {index} of the batch: {what}")]
pub struct BatchDefect {
    /// Which message, from 0.
    pub index: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// A message in a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchMessage<'a> {
    /// The user's flag.
    pub flag: i32,
    /// The body.
    pub body: &'a [u8],
    /// The properties' text.
    pub properties: &'a [u8],
}

/// Walks a batch. After an error there is nothing more.
#[derive(Clone, Debug)]
pub struct BatchMessages<'a> {
    rest: &'a [u8],
    index: usize,
}

impl<'a> BatchMessages<'a> {
    /// The messages of a request's body.
    #[must_use]
    pub fn of(body: &'a [u8]) -> Self {
        Self {
            rest: body,
            index: 0,
        }
    }

    fn one(&mut self) -> Result<BatchMessage<'a>, &'static str> {
        let size = be_i32(self.rest, 0).ok_or("is cut off")?;
        let size = usize::try_from(size).map_err(|_| "has a negative size")?;
        let (own, rest) = self
            .rest
            .split_at_checked(size)
            .ok_or("is longer than the batch")?;
        let flag = be_i32(own, 12).ok_or("is shorter than its head")?;
        let body_length = be_i32(own, 16).ok_or("is shorter than its head")?;
        let body_length = usize::try_from(body_length).map_err(|_| "has a negative body length")?;
        let (body, after) = own
            .get(HEAD_BYTES..)
            .and_then(|after| after.split_at_checked(body_length))
            .ok_or("has a body longer than itself")?;
        let (length, properties) = after
            .split_first_chunk::<2>()
            .ok_or("has no length of properties")?;
        let length = usize::try_from(i16::from_be_bytes(*length))
            .map_err(|_| "has a negative length of properties")?;
        if length != properties.len() || length > PROPERTIES_BYTES_MAX {
            return Err("has a size that is not that of its parts");
        }
        self.rest = rest;
        Ok(BatchMessage {
            flag,
            body,
            properties,
        })
    }
}

fn be_i32(bytes: &[u8], at: usize) -> Option<i32> {
    let field = bytes.get(at..)?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*field))
}

impl<'a> Iterator for BatchMessages<'a> {
    type Item = Result<BatchMessage<'a>, BatchDefect>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let index = self.index;
        self.index += 1;
        Some(self.one().map_err(|what| {
            self.rest = &[];
            BatchDefect { index, what }
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn encode(messages: &[(i32, &[u8], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (flag, body, properties) in messages {
            let size = i32::try_from(HEAD_BYTES + body.len() + 2 + properties.len()).unwrap();
            out.extend_from_slice(&size.to_be_bytes());
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&flag.to_be_bytes());
            out.extend_from_slice(&i32::try_from(body.len()).unwrap().to_be_bytes());
            out.extend_from_slice(body);
            out.extend_from_slice(&i16::try_from(properties.len()).unwrap().to_be_bytes());
            out.extend_from_slice(properties);
        }
        out
    }

    #[test]
    fn a_batch_reads_back_and_its_damage_is_named() {
        let good = encode(&[(7, b"one", b"K\x011\x02"), (0, b"", b"")]);
        let read: Vec<_> = BatchMessages::of(&good).collect::<Result<_, _>>().unwrap();
        assert_eq!(
            (read[0].flag, read[0].body, read[0].properties),
            (7, &b"one"[..], &b"K\x011\x02"[..])
        );
        assert_eq!((read[1].body, read[1].properties), (&b""[..], &b""[..]));
        type Damage = fn(&mut Vec<u8>);
        let cases: &[(Damage, usize, &str)] = &[
            (|b| b.truncate(3), 0, "is cut off"),
            (|b| b[0] = 0x80, 0, "has a negative size"),
            (|b| b[0] = 0x7F, 0, "is longer than the batch"),
            (|b| b[3] = 10, 0, "is shorter than its head"),
            (|b| b[16] = 0xFF, 0, "has a negative body length"),
            (|b| b[19] = 200, 0, "has a body longer than itself"),
            (|b| b[19] = 8, 0, "has no length of properties"),
            (|b| b[23] = 0xFF, 0, "has a negative length of properties"),
            (|b| b[24] = 3, 0, "has a size that is not that of its parts"),
            (|b| b.push(1), 2, "is cut off"),
        ];
        for (damage, index, what) in cases {
            let mut bytes = good.clone();
            damage(&mut bytes);
            let read: Result<Vec<_>, _> = BatchMessages::of(&bytes).collect();
            assert_eq!(
                read,
                Err(BatchDefect {
                    index: *index,
                    what
                })
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(BatchMessages::of(&bytes).count() <= bytes.len());
        }
    }
}
