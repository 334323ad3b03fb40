//! Words of an expression.

use std::ops::Range;

use super::SqlError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(Word),
    Name(String),
    Text(String),
    Integer(String),
    Fraction(String),
    /// One of `= <> < <= > >= ( ) , + -`.
    Sign(&'static str),
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Not,
    And,
    Or,
    Between,
    In,
    True,
    False,
    Null,
    Is,
    Contains,
    StartsWith,
    EndsWith,
}

const WORDS: [(&str, Word); 12] = [
    ("NOT", Word::Not),
    ("AND", Word::And),
    ("OR", Word::Or),
    ("BETWEEN", Word::Between),
    ("IN", Word::In),
    ("TRUE", Word::True),
    ("FALSE", Word::False),
    ("NULL", Word::Null),
    ("IS", Word::Is),
    ("CONTAINS", Word::Contains),
    ("STARTSWITH", Word::StartsWith),
    ("ENDSWITH", Word::EndsWith),
];

/// Longer signs first.
const SIGNS: [&str; 11] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-"];

#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn error<T>(&self, what: impl Into<String>) -> Result<T, SqlError> {
        Err(SqlError {
            at: self.at,
            what: what.into(),
        })
    }

    /// The next token and where it lies.
    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>), SqlError> {
        self.skip_blanks()?;
        let start = self.at;
        let token = self.token()?;
        Ok((token, start..self.at))
    }

    /// White space and comments.
    fn skip_blanks(&mut self) -> Result<(), SqlError> {
        loop {
            let rest = self.rest();
            let blank = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - blank.len();
            if blank.starts_with("--") {
                let line = blank.find(['\n', '\r']);
                self.at += line.unwrap_or(blank.len());
            } else if blank.starts_with("/*") {
                let Some(end) = blank.get(2..).and_then(|inside| inside.find("*/")) else {
                    return self.error("a comment has no end");
                };
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Token, SqlError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        let second_is_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        match first {
            '\'' => self.quoted(),
            '0'..='9' => Ok(self.number()),
            '.' if second_is_digit => Ok(self.number()),
            'a'..='z' | 'A'..='Z' | '_' | '$' => Ok(self.word()),
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let Some(sign) = sign else {
                    return self.error(format!("`{}` means nothing here", first.escape_debug()));
                };
                self.at += sign.len();
                Ok(Token::Sign(sign))
            }
        }
    }

    /// `'it''s'`.
    fn quoted(&mut self) -> Result<Token, SqlError> {
        let mut text = String::new();
        let mut inside = self.rest().get(1..).unwrap_or("");
        loop {
            let Some((before, after)) = inside.split_once('\'') else {
                return self.error("a text has no end");
            };
            text.push_str(before);
            inside = after;
            match inside.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    inside = more;
                }
                None => break,
            }
        }
        self.at = self.text.len() - inside.len();
        Ok(Token::Text(text))
    }

    fn word(&mut self) -> Token {
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
        let name = self.take_while(in_word);
        let word = WORDS
            .iter()
            .find(|(text, _)| name.eq_ignore_ascii_case(text));
        match word {
            Some((_, word)) => Token::Word(*word),
            None => Token::Name(name.to_owned()),
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// `0`, `17`, `17L`, `5.5`, `5.`, `.5`, `5E10`.
    fn number(&mut self) -> Token {
        let start = self.at;
        let whole = self.take_while(|c| c.is_ascii_digit());
        let mut fraction = false;
        if self.rest().starts_with('.') {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
            fraction = true;
        }
        fraction |= self.exponent();
        let text = || self.text.get(start..self.at).unwrap_or("").to_owned();
        if fraction {
            return Token::Fraction(text());
        }
        if whole.starts_with('0') {
            // A leading zero is a number of its own; what follows it is not understood.
            self.at = start + 1;
            return Token::Integer("0".to_owned());
        }
        if self.rest().starts_with(['l', 'L']) {
            self.at += 1;
        }
        Token::Integer(whole.to_owned())
    }

    /// `E10`, `e+10`; false if that is not what follows.
    fn exponent(&mut self) -> bool {
        let before = self.at;
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            if self.rest().starts_with(['+', '-']) {
                self.at += 1;
            }
            if !self.take_while(|c| c.is_ascii_digit()).is_empty() {
                return true;
            }
        }
        self.at = before;
        false
    }
}
