//! Rule: numbers that a format document states are the code's.
//!
//! A document under `docs/` names a constant with `<!-- const: PATH NAME = VALUE -->`, PATH relative to the root, NAME the
//! constant's (without its type's name). The rule reads both values as text and compares them as numbers where they are.

use anyhow::Result;

use super::{Source, code};

/// Complains about documented constants that the code does not have or that have another value.
pub(super) fn check(sources: &[Source]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("docs/"))
    {
        for (index, line) in source.text.lines().enumerate() {
            for claim in claims(line) {
                if let Err(why) = compare(claim, sources) {
                    complaints.push(format!("{}:{}: {why}", source.path, index + 1));
                }
            }
        }
    }
    Ok(complaints)
}

/// The texts between `<!-- const:` and `-->` of a line.
fn claims(line: &str) -> impl Iterator<Item = &str> {
    line.split("<!-- const:")
        .skip(1)
        .filter_map(|rest| rest.split("-->").next())
        .map(str::trim)
}

fn compare(claim: &str, sources: &[Source]) -> Result<(), String> {
    let (left, documented) = claim.split_once('=').ok_or("claim without `=`")?;
    let (path, name) = left
        .trim()
        .split_once(' ')
        .ok_or("claim without a constant's name")?;
    let (name, documented) = (name.trim(), documented.trim());
    let source = sources
        .iter()
        .find(|source| source.path == path)
        .ok_or_else(|| format!("no file {path}"))?;
    let actual =
        definition(&source.text, name).ok_or_else(|| format!("{path} has no constant {name}"))?;
    let same = match (number(documented), number(&actual)) {
        (Some(documented), Some(actual)) => documented == actual,
        _ => squeeze(documented) == squeeze(&actual),
    };
    if same {
        Ok(())
    } else {
        Err(format!("{name} is {actual} in {path}, not {documented}"))
    }
}

/// The right side of `const NAME: TYPE = …;` or of an enum's `NAME = …,`.
fn definition(text: &str, name: &str) -> Option<String> {
    let constant = format!("const {name}:");
    let variant = format!("{name} = ");
    if let Some(at) = text.find(&constant) {
        let (_, value) = text.get(at..)?.split_once('=')?;
        let value: Vec<&str> = value
            .split(';')
            .next()?
            .lines()
            .map(|line| code(line).trim())
            .collect();
        return Some(value.join(" ").trim().to_owned());
    }
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with(&variant))?;
    Some(
        line.strip_prefix(&variant)?
            .split(',')
            .next()?
            .trim()
            .to_owned(),
    )
}

/// Value of a number or of a product, sum or shift of numbers: `61`, `0xff_u32`, `8 * 1024 * 1024`, `1 << 20`, `4 + 8`.
fn number(text: &str) -> Option<i128> {
    let text = text.trim();
    if let Some((left, right)) = text.rsplit_once('+') {
        return number(left)?.checked_add(number(right)?);
    }
    if let Some((left, right)) = text.split_once("<<") {
        return number(left)?.checked_shl(u32::try_from(number(right)?).ok()?);
    }
    if let Some((left, right)) = text.rsplit_once('*') {
        return number(left)?.checked_mul(number(right)?);
    }
    if let Some(rest) = text.strip_prefix('-') {
        return number(rest)?.checked_neg();
    }
    let mut digits: String = text.chars().filter(|c| *c != '_').collect();
    for suffix in [
        "usize", "u64", "u32", "u16", "u8", "i64", "i32", "i16", "i8",
    ] {
        if let Some(bare) = digits.strip_suffix(suffix) {
            digits = bare.to_owned();
        }
    }
    match digits.get(..2) {
        Some("0x") => i128::from_str_radix(digits.get(2..)?, 16).ok(),
        Some("0b") => i128::from_str_radix(digits.get(2..)?, 2).ok(),
        _ => digits.parse().ok(),
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        let cases = [
            ("61", Some(61)),
            ("0xff_u32", Some(255)),
            ("8 * 1024 * 1024", Some(8_388_608)),
            ("1 << 20", Some(1_048_576)),
            ("4 + 8 * 2", Some(20)),
            ("-1", Some(-1)),
            ("HEADER + 4", None),
            ("\".log\"", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn documents_and_code_disagree_loudly() {
        let code = "/// x\npub const HEADER_BYTES: usize = 61;\nconst SUFFIX: &str = \".log\";\n    Gzip = 1,\n";
        let tree = |claim: &str| {
            vec![
                Source {
                    path: "a.rs".to_owned(),
                    text: code.to_owned(),
                },
                Source {
                    path: "docs/formats/a.md".to_owned(),
                    text: format!("x <!-- const: {claim} --> y"),
                },
            ]
        };
        let cases = [
            ("a.rs HEADER_BYTES = 61", 0),
            ("a.rs HEADER_BYTES = 60", 1),
            ("a.rs SUFFIX = \".log\"", 0),
            ("a.rs Gzip = 1", 0),
            ("a.rs MISSING = 1", 1),
            ("b.rs HEADER_BYTES = 61", 1),
        ];
        for (claim, expected) in cases {
            let found = check(&tree(claim)).unwrap_or_default();
            assert_eq!(found.len(), expected, "{claim}: {found:?}");
        }
    }
}
