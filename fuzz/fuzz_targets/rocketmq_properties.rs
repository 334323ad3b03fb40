//! Properties as a client sends them, and the body of a batch request, which is made of messages with properties.
//!
//! Holds: nothing panics, both walks end; pairs that were read, written one by one, are read the same; the messages of a
//! batch that is whole, written again, are the same batch but for the fields without meaning. The first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rocketmq::store::message::{BatchMessages, Properties, property, push_property};

fn properties(text: &[u8]) {
    let pairs: Vec<_> = Properties::of(text).collect();
    assert!(pairs.len() <= text.len());
    let mut again = Vec::new();
    for (name, value) in &pairs {
        assert!(!name.is_empty() && !value.is_empty());
        let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
            return;
        };
        push_property(&mut again, name, value);
        let found = property(text, name).expect("a pair of this name was read");
        let last = pairs.iter().rfind(|(known, _)| *known == name.as_bytes());
        let expected = last.map(|(_, value)| String::from_utf8_lossy(value));
        assert_eq!(Some(found), expected);
    }
    assert_eq!(Properties::of(&again).collect::<Vec<_>>(), pairs);
}

fn batch(body: &[u8]) {
    let mut again = Vec::new();
    for message in BatchMessages::of(body) {
        let Ok(message) = message else { return };
        properties(message.properties);
        let start = again.len();
        again.extend_from_slice(&[0; 4]);
        // Magic and checksum mean nothing here: as they came.
        again.extend_from_slice(&body[start + 4..][..8]);
        again.extend_from_slice(&message.flag.to_be_bytes());
        let body_bytes = u32::try_from(message.body.len()).expect("part of an input");
        again.extend_from_slice(&body_bytes.to_be_bytes());
        again.extend_from_slice(message.body);
        let properties_bytes = u16::try_from(message.properties.len()).expect("checked");
        again.extend_from_slice(&properties_bytes.to_be_bytes());
        again.extend_from_slice(message.properties);
        let size = u32::try_from(again.len() - start).expect("part of an input");
        again[start..][..4].copy_from_slice(&size.to_be_bytes());
    }
    assert_eq!(again, body);
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((choice, text)) if choice % 2 == 0 => properties(text),
        Some((_, body)) => batch(body),
        None => {}
    }
});
