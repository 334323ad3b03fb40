//! Reading the dialect.
//!
//! Invariants: one pass, no recursion deeper than `DEPTH_MAX`; memory grows with what was read, not with what a number says.

use super::value::{Key, Value};

/// Deepest nesting.
pub const DEPTH_MAX: usize = 64;

/// Why a text is not a document.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at byte {at}: {what}")]
pub struct JsonDefect {
    /// Where.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads one document, with nothing but space around it.
///
/// # Errors
/// The first place at which it is none.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonDefect> {
    let mut parser = Parser { bytes, at: 0 };
    let value = parser.value(0)?;
    match parser.peek() {
        None => Ok(value),
        Some(_) => parser.fail("something follows the document"),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Parsed<T> = Result<T, JsonDefect>;

impl Parser<'_> {
    fn fail<T>(&self, what: &'static str) -> Parsed<T> {
        Err(JsonDefect { at: self.at, what })
    }

    /// The next byte that is not space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Parsed<Value> {
        if depth > DEPTH_MAX {
            return self.fail("nested too deeply");
        }
        match self.peek() {
            None => self.fail("the text ends where a value should be"),
            Some(b'{') => Ok(Value::Object(self.object(depth)?)),
            Some(b'[') => self.array(depth),
            Some(quote @ (b'"' | b'\'')) => Ok(Value::Text(self.text(quote)?)),
            Some(_) => self.word(),
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            if !self.take(b',') && self.peek() != Some(b']') {
                return self.fail("expected `,` or `]`");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Vec<(Key, Value)>> {
        self.at += 1;
        let mut members = Vec::new();
        loop {
            if self.take(b'}') {
                return Ok(members);
            }
            let key = self.key(depth)?;
            if !self.take(b':') {
                return self.fail("expected `:`");
            }
            members.push((key, self.value(depth + 1)?));
            if !self.take(b',') && self.peek() != Some(b'}') {
                return self.fail("expected `,` or `}`");
            }
        }
    }

    fn key(&mut self, depth: usize) -> Parsed<Key> {
        match self.peek() {
            Some(b'{') if depth >= DEPTH_MAX => self.fail("nested too deeply"),
            Some(b'{') => Ok(Key::Object(self.object(depth + 1)?)),
            Some(quote @ (b'"' | b'\'')) => Ok(Key::Text(self.text(quote)?)),
            _ => {
                let word = self.bare()?;
                Ok(match word.parse() {
                    Ok(number) => Key::Integer(number),
                    Err(_) => Key::Text(word.to_owned()),
                })
            }
        }
    }

    /// Everything up to what ends a word.
    fn bare(&mut self) -> Parsed<&str> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:{}[]\"'".contains(byte);
        let len = rest.iter().position(ends).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        match std::str::from_utf8(word) {
            Ok(word) if !word.is_empty() => {
                self.at += len;
                Ok(word)
            }
            Ok(_) => Err(JsonDefect {
                at: self.at,
                what: "expected a key or a value",
            }),
            Err(_) => Err(JsonDefect {
                at: self.at,
                what: "not UTF-8",
            }),
        }
    }

    fn word(&mut self) -> Parsed<Value> {
        let start = self.at;
        let word = self.bare()?;
        let value = match word {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            number => {
                let is_number = number.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                let whole = number.parse().ok().map(Value::Integer);
                let decimal = number
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite());
                whole.or(decimal.map(Value::Decimal)).filter(|_| is_number)
            }
        };
        value.ok_or(JsonDefect {
            at: start,
            what: "not a value",
        })
    }

    fn text(&mut self, quote: u8) -> Parsed<String> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return self.fail("a string does not end");
            };
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut text)?,
                byte if byte == quote => break,
                byte => text.push(byte),
            }
        }
        match String::from_utf8(text) {
            Ok(text) => Ok(text),
            Err(_) => self.fail("not UTF-8"),
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Parsed<()> {
        let Some(byte) = self.bytes.get(self.at).copied() else {
            return self.fail("a string does not end");
        };
        self.at += 1;
        text.push(match byte {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0B,
            b'"' | b'\\' | b'/' | b'\'' => byte,
            b'u' => {
                let first = self.unit()?;
                let mut buffer = [0; 4];
                let decoded = self.scalar(first)?.encode_utf8(&mut buffer);
                text.extend_from_slice(decoded.as_bytes());
                return Ok(());
            }
            _ => return self.fail("unknown escape"),
        });
        Ok(())
    }

    /// The character that starts with a UTF-16 unit; its second half follows as another escape.
    fn scalar(&mut self, first: u32) -> Parsed<char> {
        let is_high = (0xD800..0xDC00).contains(&first);
        let follows = self
            .bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(b"\\u"));
        if !is_high || !follows {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        self.at += 2;
        let second = self.unit()?;
        if !(0xDC00..0xE000).contains(&second) {
            self.at = before;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Parsed<u32> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let mut value = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(digit) => value = value << 4 | digit,
                None => return self.fail("bad \\u escape"),
            }
        }
        if digits.len() < 4 {
            return self.fail("bad \\u escape");
        }
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::Style;
    use super::*;

    #[test]
    fn the_dialect_is_read() {
        let offsets =
            parse(br#"{"offsetTable":{"TopicTest@g":{0:3,1:5000000000},"b@g":{"7":1,},}}"#)
                .unwrap();
        let table = offsets.get("offsetTable").unwrap();
        let keys: Vec<_> = table
            .get("TopicTest@g")
            .unwrap()
            .members()
            .iter()
            .map(|(key, value)| (key.integer(), value.integer()))
            .collect();
        assert_eq!(keys, [(Some(0), Some(3)), (Some(1), Some(5_000_000_000))]);
        assert_eq!(table.get("b@g").unwrap().members()[0].0.integer(), Some(7));
        let by_queue =
            parse(br#"{"t":{{"brokerName":"b","queueId":1}:{"x":-1.5e3}, {"a":[]}:null}}"#)
                .unwrap();
        let members = by_queue.get("t").unwrap().members();
        assert!(matches!(&members[0].0, Key::Object(key) if key.len() == 2));
        assert_eq!(members[0].1.get("x"), Some(&Value::Decimal(-1500.0)));
        let words = parse(b"{name:'it''s'}");
        assert!(words.is_err());
        let text =
            parse("{name:'a\"b', \"u\":\"\\u00e9\\ud83d\\ude00\\ud83dx\\n\"}".as_bytes()).unwrap();
        assert_eq!(text.get("name").unwrap().text(), Some("a\"b"));
        assert_eq!(text.get("u").unwrap().text(), Some("é😀\u{FFFD}x\n"));
        assert_eq!(parse(b" [1, 2 ,3,] ").unwrap().items().len(), 3);
        assert_eq!(
            parse(b"9223372036854775807").unwrap().integer(),
            Some(i64::MAX)
        );
        assert_eq!(
            parse(br#"{"a":1,"a":2}"#).unwrap().get("a"),
            Some(&Value::Integer(2))
        );
    }

    #[test]
    fn what_is_no_document_is_named() {
        let deep = "[".repeat(100);
        let deep_keys = "{".repeat(100);
        for (text, what) in [
            ("", "the text ends where a value should be"),
            ("{", "expected a key or a value"),
            ("{\"a\"}", "expected `:`"),
            ("{\"a\":1 \"b\":2}", "expected `,` or `}`"),
            ("[1 2]", "expected `,` or `]`"),
            ("[1", "expected `,` or `]`"),
            ("\"abc", "a string does not end"),
            ("\"abc\\", "a string does not end"),
            ("\"\\q\"", "unknown escape"),
            ("\"\\u12\"", "bad \\u escape"),
            ("nul", "not a value"),
            ("NaN", "not a value"),
            ("inf", "not a value"),
            ("1e999", "not a value"),
            ("{} {}", "something follows the document"),
            (deep.as_str(), "nested too deeply"),
            (deep_keys.as_str(), "nested too deeply"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().what, what, "{text}");
        }
        assert_eq!(parse(b"\"\xFF\"").unwrap_err().what, "not UTF-8");
    }

    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            (-1000..1000i32).prop_map(|n| Value::Decimal(f64::from(n) + 0.5)),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let object = |key: BoxedStrategy<Key>, inner: BoxedStrategy<Value>| {
                proptest::collection::vec((key, inner), 0..4)
            };
            let plain = prop_oneof![
                any::<String>().prop_map(Key::Text),
                any::<i64>().prop_map(Key::Integer),
            ]
            .boxed();
            let by_object = object(plain.clone(), inner.clone().boxed())
                .prop_map(Key::Object)
                .boxed();
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                object(plain, inner.clone().boxed()).prop_map(Value::Object),
                object(by_object, inner.boxed()).prop_map(Value::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in value()) {
            for style in [Style::Dialect, Style::DialectPretty] {
                prop_assert_eq!(&parse(value.write(style).as_bytes()).unwrap(), &value);
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(prop_oneof![
            Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b':'), Just(b','), Just(b'\\'), Just(b'u'), Just(b'1'), any::<u8>()
        ], 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn standard_text_is_what_serde_reads(value in value()) {
            let text = value.write(Style::Standard);
            if let Ok(read) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(read.is_object(), matches!(value, Value::Object(_)));
            } else {
                // An object as a key has no standard form.
                prop_assert!(text.contains("{{"), "{}", text);
            }
        }
    }
}
