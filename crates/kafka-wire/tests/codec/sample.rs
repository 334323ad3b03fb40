//! Random messages as bytes, written from the schema alone: a second, slow encoder.
//!
//! The bytes are canonical: tagged fields rise and never hold their default.

use crate::schema::{Field, Message};

/// A small generator of pseudo-random numbers (splitmix64); the same seed gives the same message.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        // Edge values are more telling than noise.
        match self.below(4) {
            0 => vec![0; count],
            1 => vec![0xff; count],
            _ => (0..count).map(|_| self.next().to_be_bytes()[0]).collect(),
        }
    }

    fn text(&mut self) -> String {
        let length = if self.one_in(12) { 130 } else { self.below(6) };
        (0..length)
            .map(|_| ['a', 'Z', '.', '9', 'é', '→', '𝄞'][self.below(7)])
            .collect()
    }
}

/// One message and where its array counts are.
pub(crate) struct Sample {
    pub(crate) bytes: Vec<u8>,
    pub(crate) counts: Vec<Count>,
}

/// An array count outside of tagged fields.
pub(crate) struct Count {
    pub(crate) at: usize,
    pub(crate) flexible: bool,
}

pub(crate) fn message(schema: &Message, version: i16, random: &mut Random) -> Sample {
    let mut out = Sample {
        bytes: Vec::new(),
        counts: Vec::new(),
    };
    Encoder { schema, version }.random_struct(&mut out, &schema.name, random);
    out
}

/// The message with every field at its default.
pub(crate) fn default_message(schema: &Message, version: i16) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder { schema, version }.default_struct(&mut out, &schema.name);
    out
}

pub(crate) fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}

struct Encoder<'s> {
    schema: &'s Message,
    version: i16,
}

impl Encoder<'_> {
    fn flexible(&self) -> bool {
        self.schema.is_flexible(self.version)
    }

    fn fields(&self, name: &str) -> impl Iterator<Item = &Field> {
        self.schema.structs[name]
            .iter()
            .filter(|field| field.versions.contains(&self.version))
    }

    fn random_struct(&self, out: &mut Sample, name: &str, random: &mut Random) {
        for field in self.fields(name).filter(|field| field.tag.is_none()) {
            self.random_field(out, field, random);
        }
        if !self.flexible() {
            return;
        }
        let mut tagged: Vec<(u32, Vec<u8>)> = Vec::new();
        for field in self.fields(name) {
            let Some(tag) = field.tag else { continue };
            let mut content = Sample {
                bytes: Vec::new(),
                counts: Vec::new(),
            };
            self.random_field(&mut content, field, random);
            let mut default = Vec::new();
            self.default_field(&mut default, field);
            if content.bytes != default && !random.one_in(3) {
                tagged.push((tag, content.bytes));
            }
        }
        tagged.sort();
        put_uvarint(&mut out.bytes, tagged.len() as u64);
        for (tag, content) in tagged {
            put_uvarint(&mut out.bytes, tag.into());
            put_uvarint(&mut out.bytes, content.len() as u64);
            out.bytes.extend(content);
        }
    }

    fn random_field(&self, out: &mut Sample, field: &Field, random: &mut Random) {
        let nullable = field.is_nullable(self.version);
        let null = nullable && random.one_in(4);
        let marker = nullable.then_some(if field.tag.is_some() { 0 } else { 0xff });
        self.random_value(out, &field.kind, null, marker, random);
    }

    fn random_value(
        &self,
        out: &mut Sample,
        kind: &str,
        null: bool,
        null_marker: Option<u8>,
        random: &mut Random,
    ) {
        match kind {
            "bool" => out.bytes.push(u8::from(random.one_in(2))),
            "string" | "bytes" | "array" if null => self.length(&mut out.bytes, kind, None),
            "string" => {
                let text = random.text();
                self.length(&mut out.bytes, kind, Some(text.len()));
                out.bytes.extend(text.bytes());
            }
            "bytes" => {
                let count = random.below(40);
                self.length(&mut out.bytes, kind, Some(count));
                out.bytes.extend(random.bytes(count));
            }
            _ => match (fixed_width(kind), kind.strip_prefix("[]")) {
                (Some(width), _) => out.bytes.extend(random.bytes(width)),
                (None, Some(_)) if null => self.length(&mut out.bytes, "array", None),
                (None, Some(element)) => {
                    let count = random.below(4);
                    out.counts.push(Count {
                        at: out.bytes.len(),
                        flexible: self.flexible(),
                    });
                    self.length(&mut out.bytes, "array", Some(count));
                    for _ in 0..count {
                        self.random_value(out, element, false, None, random);
                    }
                }
                (None, None) => {
                    if let Some(null_marker) = null_marker {
                        out.bytes.push(if null { null_marker } else { 1 });
                    }
                    if !null {
                        self.random_struct(out, kind, random);
                    }
                }
            },
        }
    }

    fn length(&self, out: &mut Vec<u8>, kind: &str, length: Option<usize>) {
        match (self.flexible(), kind) {
            (true, _) => put_uvarint(out, length.map_or(0, |length| length as u64 + 1)),
            (false, "string") => {
                let length = length.map_or(-1, |n| i16::try_from(n).expect("short text"));
                out.extend(length.to_be_bytes());
            }
            (false, _) => {
                let length = length.map_or(-1, |n| i32::try_from(n).expect("short value"));
                out.extend(length.to_be_bytes());
            }
        }
    }

    fn default_struct(&self, out: &mut Vec<u8>, name: &str) {
        for field in self.fields(name).filter(|field| field.tag.is_none()) {
            self.default_field(out, field);
        }
        if self.flexible() {
            out.push(0);
        }
    }

    fn default_field(&self, out: &mut Vec<u8>, field: &Field) {
        let text = field.default.as_deref().unwrap_or_default();
        match field.kind.as_str() {
            "bool" => out.push(u8::from(text == "true")),
            "string" | "bytes" if text == "null" => self.length(out, &field.kind, None),
            "string" | "bytes" => {
                self.length(out, &field.kind, Some(text.len()));
                out.extend(text.bytes());
            }
            kind => match fixed_width(kind) {
                Some(width) => {
                    let number: i64 = text.parse().unwrap_or_default();
                    let wide = i128::from(number).to_be_bytes();
                    out.extend(&wide[16 - width..]);
                }
                None if kind.starts_with("[]") => {
                    self.length(out, "array", (text != "null").then_some(0));
                }
                None if text == "null" => out.push(0xff),
                None => {
                    if field.is_nullable(self.version) {
                        out.push(1);
                    }
                    self.default_struct(out, kind);
                }
            },
        }
    }
}

fn fixed_width(kind: &str) -> Option<usize> {
    Some(match kind {
        "int8" => 1,
        "int16" | "uint16" => 2,
        "int32" | "uint32" => 4,
        "int64" | "float64" => 8,
        "uuid" => 16,
        _ => return None,
    })
}
