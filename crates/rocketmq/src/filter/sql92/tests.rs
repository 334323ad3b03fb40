//! What expressions mean, by table; and that no input breaks anything.

use proptest::prelude::*;

use super::{DEPTH_MAX, Expression};

/// Text, fraction, number, large number, truth.
const PROPERTIES: &[u8] =
    b"a\x01x\x02f\x011.5\x02n\x015\x02big\x013000000000\x02t\x01true\x02q\x01it's\x02";

#[test]
fn wanted_and_not_wanted() {
    for (text, wanted) in [
        ("a = 'x'", true),
        ("a <> 'x'", false),
        ("a = 'y' OR n = 5", true),
        ("a = 'x' AND n > 4 AND n < 6", true),
        ("NOT (a = 'y')", true),
        // NOT binds to what is next to it.
        ("NOT a = 'y'", false),
        ("n >= 5 and n <= 5", true),
        ("5 = n", true),
        ("n = 5L", true),
        ("n = 5.0", true),
        ("n > -5", true),
        ("n > +4", true),
        ("n BETWEEN 1 AND 5", true),
        ("n NOT BETWEEN 1 AND 5", false),
        ("f BETWEEN 1.0 AND 2.0", true),
        ("a IN ('x', 'y')", true),
        ("a NOT IN ('x', 'y')", false),
        ("missing IN ('x')", false),
        ("missing NOT IN ('x')", false),
        ("missing IS NULL", true),
        ("missing IS NOT NULL", false),
        ("a IS NOT NULL", true),
        ("missing = 'x'", false),
        ("NOT missing = 'x'", false),
        ("missing = 'x' OR a = 'x'", true),
        ("missing = 'x' AND a = 'x'", false),
        ("q = 'it''s'", true),
        ("t = TRUE", true),
        ("t = FALSE", false),
        ("TRUE", true),
        ("FALSE OR TRUE", true),
        ("t", false),
        ("a CONTAINS 'x'", true),
        ("a NOT CONTAINS 'x'", false),
        ("a CONTAINS ''", false),
        ("a NOT CONTAINS ''", false),
        ("q STARTSWITH 'it'", true),
        ("q ENDSWITH 'it'", false),
        ("q NOT ENDSWITH 'it'", true),
        ("missing CONTAINS 'x'", false),
        ("f > n", false),
        ("n > f", true),
        // Text is read as wide as the number beside it, and fails beyond that.
        ("big > 5", false),
        ("big > 5 OR TRUE", false),
        ("TRUE OR big > 5", true),
        ("big > 2999999999", true),
        ("f > 1", false),
        ("f > 1.0", true),
        ("a > 1", false),
        ("a > a", false),
        ("TRUE = t", false),
        ("(a = 'x') = TRUE", true),
        ("/* c */ a = 'x' -- rest", true),
        ("\ta\n=\r'x'", true),
        ("a='x'AND n=5", true),
        ("n = 5E0", true),
        ("n < 5.5e+1", true),
        ("n > .5", true),
    ] {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expression.wants(PROPERTIES), wanted, "{text}");
    }
}

#[test]
fn refused() {
    for text in [
        "",
        "a =",
        "= a",
        "a == 'x'",
        "a != 'x'",
        "'x'",
        "5",
        "a = 'x' b",
        "a = 'x",
        "a > 'x'",
        "a > TRUE",
        "(a = 'x') > 5",
        "a = NULL",
        "NULL = a",
        "TRUE = 'x'",
        "5 IN ('x')",
        "a IN ()",
        "a IN (5)",
        "a IN ('x'",
        "a BETWEEN 5 AND 1",
        "a BETWEEN NULL AND 1",
        "a BETWEEN 'a' AND 'b'",
        "a BETWEEN 1",
        "a CONTAINS 5",
        "a NOT 5",
        "a IS 5",
        "n = 0.0",
        "n = 9223372036854775808",
        "n = 1E400",
        "n = 007",
        "a = 'x' /* c",
        "(a = 'x'",
        "a = 'x')",
        "a AND",
        "é = 1",
    ] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}

#[test]
fn depth_is_bounded_and_length_does_not_count_as_depth() {
    for deep in [
        format!(
            "{}a{}",
            "(".repeat(DEPTH_MAX + 1),
            ")".repeat(DEPTH_MAX + 1)
        ),
        format!("n = {}5", "-".repeat(DEPTH_MAX + 1)),
        "NOT ".repeat(DEPTH_MAX + 1) + "a",
        "a".to_owned() + &" = a".repeat(DEPTH_MAX + 1),
    ] {
        assert!(Expression::parse(&deep).is_err(), "{deep}");
    }
    let long = "n = 4".to_owned() + &" OR n = 5".repeat(2000);
    assert!(Expression::parse(&long).unwrap().wants(PROPERTIES));
}

#[test]
fn ranges_inside_ranges_do_not_multiply() {
    let mut text = "n".to_owned();
    for _ in 0..40 {
        text = format!("-({text} BETWEEN 1 AND 9)");
    }
    let nested = Expression::parse(&format!("{text} BETWEEN 1 AND 9"));
    assert!(!nested.unwrap().wants(PROPERTIES));
}

proptest! {
    #[test]
    fn any_text_is_understood_or_refused(text in ".{0,80}") {
        let _ = Expression::parse(&text).map(|e| e.wants(PROPERTIES));
    }

    #[test]
    fn any_words_are_understood_or_refused(words in proptest::collection::vec(
        prop::sample::select(vec!["a", "n", "5", "1.5", "'x'", "=", "<>", "<", ">=", "(", ")", ",", "-", "NOT", "AND",
            "OR", "IN", "IS", "NULL", "BETWEEN", "TRUE", "CONTAINS"]), 0..24)) {
        let text = words.join(" ");
        let _ = Expression::parse(&text).map(|e| e.wants(PROPERTIES));
    }

    #[test]
    fn a_range_is_its_two_comparisons(n in -9i32..9, low in 1i32..5, high in 5i32..9) {
        let properties = format!("n\x01{n}\x02");
        let wants = |text: &str| Expression::parse(text).unwrap().wants(properties.as_bytes());
        prop_assert_eq!(wants(&format!("n BETWEEN {low} AND {high}")), low <= n && n <= high);
        prop_assert_eq!(wants(&format!("n NOT BETWEEN {low} AND {high}")), n < low || high < n);
    }
}
