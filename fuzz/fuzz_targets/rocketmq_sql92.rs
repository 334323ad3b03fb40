//! SQL92 expressions of consumers, judged on properties of messages: text up to the first zero byte, properties behind it.
//!
//! Holds: nothing panics, nothing grows beyond what was sent; in brackets an expression is the same one; it and its negation
//! are never both true; joined with what is certain it says what it says alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rocketmq::filter::sql92::Expression;

fn wants(text: &str, properties: &[u8]) -> Option<bool> {
    let expression = Expression::parse(text).ok()?;
    Some(expression.wants(properties))
}

fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let text = halves
        .next()
        .and_then(|text| std::str::from_utf8(text).ok());
    let (Some(text), properties) = (text, halves.next().unwrap_or_default()) else {
        return;
    };
    let Ok(expression) = Expression::parse(text) else {
        return;
    };
    let wanted = expression.wants(properties);
    // A comment may reach to the end of the line. What is at the bounds of depth or length is refused in brackets.
    if let Ok(same) = Expression::parse(&format!("({text}\n)")) {
        assert_eq!(same, expression);
    }
    if let Some(negated) = wants(&format!("NOT ({text}\n)"), properties) {
        assert!(!(negated && wanted), "wanted, and not wanted");
    }
    for certain in ["({text}\n) AND TRUE", "FALSE OR ({text}\n)"] {
        let joined = certain.replace("{text}", text);
        if let Some(joined) = wants(&joined, properties) {
            assert_eq!(joined, wanted, "{certain}");
        }
    }
});
