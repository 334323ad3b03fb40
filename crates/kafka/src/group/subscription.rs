//! The topics inside a consumer's subscription, all the coordinator ever reads of it.
//!
//! Layout (all versions begin so): version i16, count i32, then each topic as i16 length and UTF-8.
//! Whatever follows belongs to newer versions and to the assignor.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The protocol type whose metadata has this layout.
pub(crate) const CONSUMER: &str = "consumer";

/// Adds the topics of one subscription to `into`. `None` if it is not one.
pub(crate) fn topics(metadata: &[u8], into: &mut BTreeSet<Arc<str>>) -> Option<()> {
    let (version, rest) = metadata.split_first_chunk::<2>()?;
    if i16::from_be_bytes(*version) < 0 {
        return None;
    }
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    for _ in 0..u32::try_from(i32::from_be_bytes(*count)).ok()? {
        let (len, tail) = rest.split_first_chunk::<2>()?;
        let len = usize::try_from(i16::from_be_bytes(*len)).ok()?;
        let (name, tail) = tail.split_at_checked(len)?;
        into.insert(Arc::from(std::str::from_utf8(name).ok()?));
        rest = tail;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Option<Vec<String>> {
        let mut found = BTreeSet::new();
        topics(bytes, &mut found)?;
        Some(found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn reads_the_common_prefix_of_all_versions_and_refuses_the_rest() {
        let two = [0, 3, 0, 0, 0, 2, 0, 1, b'b', 0, 1, b'a', 255, 255, 255, 255];
        assert_eq!(parse(&two), Some(vec!["a".into(), "b".into()]));
        assert_eq!(parse(&[0, 0, 0, 0, 0, 0]), Some(vec![]));
        for bad in [
            &[][..],
            &[0],
            &[255, 255, 0, 0, 0, 0],
            &[0, 0, 255, 255, 255, 255],
            &[0, 0, 127, 255, 255, 255],
            &[0, 0, 0, 0, 0, 1, 0, 5, b'a'],
            &[0, 0, 0, 0, 0, 1, 255, 255],
            &[0, 0, 0, 0, 0, 1, 0, 1, 0xff],
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
