//! Topic names: which are legal, and which two may not stand side by side.
//!
//! Kafka's metrics write `.` as `_`, so two names that differ only there are refused.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::ChangeError;

/// Longest topic name, in bytes.
pub const TOPIC_NAME_BYTES_MAX: usize = 249;
/// The topic of committed offsets and group metadata.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// The topic of transaction states.
pub const TRANSACTIONS_TOPIC: &str = "__transaction_state";
/// The name of the metadata log itself; no topic may have it.
pub const METADATA_TOPIC: &str = "__cluster_metadata";

/// Whether clients may not write to the topic directly.
pub fn is_internal(name: &str) -> bool {
    name == OFFSETS_TOPIC || name == TRANSACTIONS_TOPIC
}

/// Checks a name by itself.
///
/// # Errors
/// `InvalidTopic` with Kafka's wording.
pub fn check_topic_name(name: &str) -> Result<(), ChangeError> {
    let why = if name.is_empty() {
        "Topic name is invalid: the empty string is not allowed".to_owned()
    } else if name == "." || name == ".." {
        "Topic name is invalid: '.' or '..' is not allowed".to_owned()
    } else if name.len() > TOPIC_NAME_BYTES_MAX {
        format!(
            "Topic name is invalid: the length of '{name}' is longer than the max allowed length \
             {TOPIC_NAME_BYTES_MAX}"
        )
    } else if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        format!(
            "Topic name is invalid: '{name}' contains one or more characters other than ASCII \
             alphanumerics, '.', '_' and '-'"
        )
    } else if name == METADATA_TOPIC {
        format!("Topic name is invalid: '{name}' is reserved")
    } else {
        return Ok(());
    };
    Err(ChangeError::InvalidTopic(why))
}

/// Names that contain `.` or `_`, by what they are in metrics.
#[derive(Debug, Default)]
pub(super) struct Collisions {
    taken: HashMap<String, Vec<Arc<str>>>,
}

fn folded(name: &str) -> Option<String> {
    name.contains(['.', '_']).then(|| name.replace('.', "_"))
}

impl Collisions {
    pub(super) fn insert(&mut self, name: &Arc<str>) {
        if let Some(folded) = folded(name) {
            self.taken.entry(folded).or_default().push(Arc::clone(name));
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let Some(folded) = folded(name) else { return };
        if let Some(names) = self.taken.get_mut(&folded) {
            names.retain(|taken| &**taken != name);
            if names.is_empty() {
                self.taken.remove(&folded);
            }
        }
    }

    pub(super) fn check(&self, name: &str) -> Result<(), ChangeError> {
        let other = folded(name)
            .and_then(|folded| self.taken.get(&folded))
            .and_then(|names| names.iter().find(|taken| &***taken != name));
        match other {
            None => Ok(()),
            Some(other) => Err(ChangeError::InvalidTopic(format!(
                "Topic '{name}' collides with existing topic: {other}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rules() {
        let longest = "x".repeat(TOPIC_NAME_BYTES_MAX);
        for good in ["a", "A-b_c.9", "...", "__consumer_offsets", &longest] {
            assert!(check_topic_name(good).is_ok(), "{good}");
        }
        let too_long = "x".repeat(TOPIC_NAME_BYTES_MAX + 1);
        for bad in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "ü",
            "a\0",
            METADATA_TOPIC,
            &too_long,
        ] {
            assert!(check_topic_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dots_and_underscores_collide_until_the_other_is_gone() {
        let mut collisions = Collisions::default();
        collisions.insert(&"a.b_c".into());
        for (name, fine) in [
            ("a.b_c", true),
            ("a_b_c", false),
            ("a.b.c", false),
            ("abc", true),
        ] {
            assert_eq!(collisions.check(name).is_ok(), fine, "{name}");
        }
        collisions.remove("a.b_c");
        assert!(collisions.check("a_b_c").is_ok());
    }
}
