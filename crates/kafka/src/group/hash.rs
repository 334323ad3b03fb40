//! Which partition of the offsets topic a group lives in.

/// The partition of `group` among `partitions` (at least 1). Kafka's rule, so that a directory of either server
/// serves the other: the absolute value of Java's string hash over UTF-16 units, modulo.
pub(crate) fn partition_of(group: &str, partitions: i32) -> i32 {
    let hash = group.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    // Kafka's absolute value of the smallest integer is 0.
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_live_where_kafka_puts_them() {
        // Hashes computed by Java's String.hashCode.
        for (group, partition) in [
            ("", 0),
            ("a", 97 % 50),
            ("my-group", 12),
            ("console-consumer-12345", 6),
            ("grüße-😀", 27),
            // Hash -2147483648.
            ("polygenelubricants", 0),
        ] {
            assert_eq!(partition_of(group, 50), partition, "{group}");
        }
    }
}
