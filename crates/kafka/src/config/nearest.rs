//! The name somebody probably meant.

/// The candidate with the fewest edits from `wanted`, if that is few enough to be a slip: at most a
/// third of its length, and at most 4. Ties go to the first.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    candidates
        .map(|candidate| (edits(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other. `-`,
/// `_` and `.` count as the same character.
fn edits(from: &str, to: &str) -> usize {
    let fold = |c: char| {
        if matches!(c, '-' | '_') {
            '.'
        } else {
            c.to_ascii_lowercase()
        }
    };
    let to: Vec<char> = to.chars().map(fold).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, ch) in from.chars().map(fold).enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&previous, column) + usize::from(ch != *other);
            best = best
                .min(at(&previous, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = column > 0 && last == Some(*other) && to.get(column - 1) == Some(&ch);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
        last = Some(ch);
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let names = ["num.partitions", "log.retention.ms", "listen.kafka", "data"];
        for (wanted, found) in [
            ("num.partition", Some("num.partitions")),
            ("num_partitions", Some("num.partitions")),
            ("num.partitiosn", Some("num.partitions")),
            ("log.retention.sm", Some("log.retention.ms")),
            ("listen.kafak", Some("listen.kafka")),
            ("dat", Some("data")),
            ("date", Some("data")),
            ("compaction", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, names.into_iter()), found, "{wanted}");
        }
    }

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(edits("abcd", "abdc"), 1);
        assert_eq!(edits("abcd", "abcd"), 0);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
