//! Documents in fastjson's dialect, as they stand in `config/` and in bodies of the protocol.
//!
//! Holds: nothing panics; what was read, written in the dialect, dense or in lines, reads as the same; in standard JSON with
//! numbers in quotes for keys, and `serde_json` reads that too unless an object is a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rocketmq::config_json::{Key, Style, Value, parse};

/// The document with numbers as keys turned into text; `None` where a key is an object.
fn standard(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Array(items) => Value::Array(items.iter().map(standard).collect::<Option<_>>()?),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let key = Key::Text(key.text()?.into_owned());
                Some((key, standard(value)?))
            });
            Value::Object(members.collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

fn read(text: &str) -> Value {
    parse(text.as_bytes()).unwrap_or_else(|defect| panic!("{defect} in {text}"))
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = parse(bytes) else { return };
    for style in [Style::Dialect, Style::DialectPretty] {
        assert_eq!(read(&value.write(style)), value, "{style:?}");
    }
    if let Some(expected) = standard(&value) {
        let text = value.write(Style::Standard);
        assert_eq!(read(&text), expected);
        let json = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        assert!(json.is_ok(), "{json:?} in {text}");
    }
});
