//! A scanner over JSON text that borrows strings from it: just what a header needs.
//!
//! Lenient where fastjson is (single values may be numbers, words or strings), strict where leniency would hide
//! damage: what is not JSON is an error. Nesting is bounded, so no input exhausts the stack.

use std::borrow::Cow;

/// Values inside values inside a header that are passed over.
const DEPTH_MAX: u32 = 32;

/// Why the text is not what it should be, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    what: &'static str,
    at: usize,
}

#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn error<T>(&self, what: &'static str) -> Result<T, JsonError> {
        Err(JsonError { what, at: self.at })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space, without taking it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `wanted` if it comes next.
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, wanted: u8, what: &'static str) -> Result<(), JsonError> {
        if self.take(wanted) {
            Ok(())
        } else {
            self.error(what)
        }
    }

    /// Nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.error("text behind the header"),
        }
    }

    /// Calls `field` for each name of an object, standing before its value, which `field` must take.
    pub(super) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.expect(b'{', "an object was expected")?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let name = self.string()?;
            self.expect(b':', "`:` was expected")?;
            field(self, name)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', "`,` or `}` was expected")?;
        }
    }

    /// A string, borrowed unless it has escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"', "a string was expected")?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let Some(length) = rest.iter().position(|b| matches!(b, b'"' | b'\\')) else {
            return self.error("a string has no end");
        };
        self.at += length;
        let plain = self.text.get(start..self.at).unwrap_or_default();
        if self.byte() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped(plain.to_owned()).map(Cow::Owned)
    }

    /// The rest of a string from its first backslash on.
    fn escaped(&mut self, mut so_far: String) -> Result<String, JsonError> {
        loop {
            let Some(next) = self
                .text
                .get(self.at..)
                .and_then(|rest| rest.chars().next())
            else {
                return self.error("a string has no end");
            };
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(so_far),
                '\\' => so_far.push(self.escape()?),
                plain => so_far.push(plain),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let Some(kind) = self.byte() else {
            return self.error("a string has no end");
        };
        self.at += 1;
        Ok(match kind {
            b'"' | b'\\' | b'/' | b'\'' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'v' => '\u{b}',
            b'u' => return self.unicode(),
            _ => return self.error("an unknown escape"),
        })
    }

    /// `\uXXXX`, two of them for what UTF-16 writes as two. A lone half becomes the replacement character, as in Java.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.four_digits()?;
        let mut units = vec![high];
        let pair_follows = (0xd800..0xdc00).contains(&high)
            && self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u");
        if pair_follows {
            let before = self.at;
            self.at += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                units.push(low);
            } else {
                self.at = before;
            }
        }
        let decoded = char::decode_utf16(units).next();
        Ok(decoded
            .and_then(Result::ok)
            .unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u16, JsonError> {
        let digits = self.text.get(self.at..self.at + 4);
        let all_hex = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = all_hex.and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
            return self.error("four hexadecimal digits were expected");
        };
        self.at += 4;
        Ok(unit)
    }

    /// A number or a word (`true`, `false`, `null`) as text.
    fn bare(&mut self) -> Result<&'a str, JsonError> {
        self.peek();
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let in_word = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let length = rest.iter().take_while(in_word).count();
        if length == 0 {
            return self.error("a value was expected");
        }
        let word = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        Ok(word)
    }

    /// A value as the text fastjson would put into a `Map<String, String>`; `None` for null.
    pub(super) fn text_value(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(Some),
            Some(b'{' | b'[') => {
                let start = self.at;
                self.skip(0)?;
                Ok(self.text.get(start..self.at).map(Cow::Borrowed))
            }
            _ => {
                let word = self.bare()?;
                Ok((word != "null").then_some(Cow::Borrowed(word)))
            }
        }
    }

    /// An integer, also where it is written as a string; 0 for null, as Java's default is.
    pub(super) fn integer(&mut self) -> Result<i32, JsonError> {
        let at = self.at;
        let Some(text) = self.text_value()? else {
            return Ok(0);
        };
        let what = "an integer was expected";
        text.parse().map_err(|_| JsonError { what, at })
    }

    /// Passes over a value of any kind.
    pub(super) fn skip(&mut self, depth: u32) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return self.error("values are nested too deeply");
        }
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(|scanner, _| scanner.skip(depth + 1)),
            Some(b'[') => self.skip_array(depth),
            _ => self.bare().map(drop),
        }
    }

    fn skip_array(&mut self, depth: u32) -> Result<(), JsonError> {
        self.at += 1;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth + 1)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',', "`,` or `]` was expected")?;
        }
    }
}
