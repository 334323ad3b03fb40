//! Subscriptions become filters.

use super::{Filter, FilterError};
use crate::store::MessageFilter;
use crate::store::message::tags_code;

#[test]
fn tags() {
    let code = |tag| tags_code(Some(tag));
    for (text, wanted, refused) in [
        ("*", vec!["A", "B"], vec![]),
        ("", vec!["A", "B"], vec![]),
        ("A", vec!["A"], vec!["B"]),
        ("A || B", vec!["A", "B"], vec!["C"]),
        ("A||B||", vec!["A", "B"], vec!["C"]),
        // One bar is part of a tag.
        ("A|B", vec!["A|B"], vec!["A", "B"]),
    ] {
        let filter = Filter::of(Some(text), None).unwrap();
        assert!(!filter.judges_entries());
        for tag in wanted {
            assert!(filter.wants_tags(code(tag)), "{text}: {tag}");
        }
        for tag in refused {
            assert!(!filter.wants_tags(code(tag)), "{text}: {tag}");
        }
    }
    let none = Filter::of(Some(" || "), Some("TAG"));
    assert!(matches!(none, Err(FilterError::NoTag(_))));
}

#[test]
fn types() {
    assert!(Filter::of(Some("a = 1"), Some("SQL92")).unwrap().is_sql());
    assert!(Filter::of(None, None).is_ok());
    let wrong = Filter::of(Some("a ="), Some("SQL92"));
    assert!(matches!(wrong, Err(FilterError::Sql(_))));
    let unknown = Filter::of(Some("*"), Some("REGEX"));
    assert!(matches!(unknown, Err(FilterError::UnknownType(_))));
}
