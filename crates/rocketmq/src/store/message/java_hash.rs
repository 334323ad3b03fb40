//! Java's `String.hashCode`, which tags and index keys are found by.

/// `String.hashCode()`: over UTF-16 units, wrapping.
#[must_use]
pub fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, step)
}

fn step(hash: i32, unit: u16) -> i32 {
    hash.wrapping_mul(31).wrapping_add(i32::from(unit))
}

/// The code of a queue unit for a `TAGS` value; 0 for none.
#[must_use]
pub fn tags_code(tags: Option<&str>) -> i64 {
    tags.map_or(0, |tags| i64::from(java_hash(tags)))
}

/// The index's hash of `key` of `topic`: that of `topic#key`, made positive.
#[must_use]
pub fn index_hash(topic: &str, key: &str) -> i32 {
    joined_hash(topic, "#", key)
}

/// The index's hash of messages of `topic` with these `TAGS`: that of `topic#T#tags`, made positive.
#[must_use]
pub fn index_hash_of_tags(topic: &str, tags: &str) -> i32 {
    joined_hash(topic, "#T#", tags)
}

fn joined_hash(topic: &str, between: &str, name: &str) -> i32 {
    let units = topic.encode_utf16().chain(between.encode_utf16());
    let hash = units.chain(name.encode_utf16()).fold(0i32, step);
    // `i32::MIN` has no absolute value.
    hash.checked_abs().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_javas() {
        for (text, hash) in [
            ("", 0),
            ("a", 97),
            ("TagA", 2_598_919),
            ("polygenelubricants", i32::MIN),
            ("日本", 835_047),
            ("😀", 1_772_899),
        ] {
            assert_eq!(java_hash(text), hash, "{text}");
        }
        assert_eq!(tags_code(Some("polygenelubricants")), -2_147_483_648);
        assert_eq!(tags_code(None), 0);
    }

    #[test]
    fn an_index_hash_is_that_of_the_joined_key() {
        assert_eq!(
            index_hash("T", "polygenelubricants"),
            java_hash("T#polygenelubricants").abs()
        );
        assert_eq!(index_hash("", ""), 35);
        assert_eq!(index_hash_of_tags("t", "a"), index_hash("t#T", "a"));
    }
}
