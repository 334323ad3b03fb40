//! Writing the dialect, or standard JSON.

use std::fmt::Write;

use super::value::{Key, Value};

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Without space; keys that are numbers have no quotes: what RocketMQ sends.
    Dialect,
    /// The same with a line per member, indented by tabs: what RocketMQ keeps in `config/`.
    DialectPretty,
    /// Without space; all keys in quotes. An object as a key stays one: it has no other form.
    Standard,
}

impl Value {
    /// The document as text.
    #[must_use]
    pub fn write(&self, style: Style) -> String {
        let mut writer = Writer {
            out: String::new(),
            style,
            depth: 0,
        };
        writer.value(self);
        writer.out
    }
}

struct Writer {
    out: String,
    style: Style,
    depth: usize,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Integer(number) => self.display(number),
            Value::Decimal(number) if number.is_finite() => {
                self.out.push_str(&format!("{number:?}"))
            }
            Value::Decimal(_) => self.out.push_str("null"),
            Value::Text(text) => self.text(text),
            Value::Array(items) => self.array(items),
            Value::Object(members) => self.object(members),
        }
    }

    fn display(&mut self, number: &i64) {
        // Writing to a `String` does not fail.
        let _ = write!(self.out, "{number}");
    }

    fn array(&mut self, items: &[Value]) {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value(item);
        }
        self.out.push(']');
    }

    fn object(&mut self, members: &[(Key, Value)]) {
        self.out.push('{');
        self.depth += 1;
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            // RocketMQ keeps members whose keys are no text on one line.
            if matches!(key, Key::Text(_)) {
                self.line();
            }
            self.key(key);
            self.out.push(':');
            self.value(value);
        }
        self.depth -= 1;
        if !members.is_empty() {
            self.line();
        }
        self.out.push('}');
    }

    fn line(&mut self) {
        if self.style == Style::DialectPretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n('\t', self.depth));
        }
    }

    fn key(&mut self, key: &Key) {
        match key {
            Key::Text(text) => self.text(text),
            Key::Integer(number) if self.style == Style::Standard => {
                self.out.push('"');
                self.display(number);
                self.out.push('"');
            }
            Key::Integer(number) => self.display(number),
            Key::Object(members) => self.object(members),
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if (c as u32) < 0x20 || c as u32 == 0x7F => {
                    let _ = write!(self.out, "\\u{:04x}", c as u32);
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_styles() {
        let value = Value::object()
            .with("a", Value::object().with(0, 3i64).with(1, 5i64))
            .with("b", vec![Value::Null, true.into()])
            .with("c", Value::object());
        let of = |style| value.write(style);
        assert_eq!(
            of(Style::Dialect),
            r#"{"a":{0:3,1:5},"b":[null,true],"c":{}}"#
        );
        assert_eq!(
            of(Style::Standard),
            r#"{"a":{"0":3,"1":5},"b":[null,true],"c":{}}"#
        );
        assert_eq!(
            of(Style::DialectPretty),
            "{\n\t\"a\":{0:3,1:5\n\t},\n\t\"b\":[null,true],\n\t\"c\":{}\n}"
        );
    }
}
