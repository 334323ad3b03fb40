//! SQL92 expressions over a message's properties, with the meaning RocketMQ's own evaluator gives them.
//!
//! What that meaning is, where it is not obvious: a property is text; beside a number it is read as one of that
//! number's width (`a > 5` reads `a` as a 32-bit integer), and text that is no such number makes the whole expression
//! fail, which means not wanted. Values of kinds that cannot be compared are neither equal nor greater. What is absent
//! is null, and null spreads as in SQL. `0.0` is refused as a literal, as it is there.
//!
//! One difference on purpose: text behind a whole expression is an error here, and ignored there.
//! Invariants: depth and length of an expression are bounded, so neither parsing nor judging exhausts the stack; an
//! expression has no more nodes than its text has words.

mod evaluate;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod value;

/// Bytes of an expression, at most.
pub const EXPRESSION_BYTES_MAX: usize = 64 << 10;
/// Levels of an expression, at most.
pub const DEPTH_MAX: usize = 128;

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the SQL92 expression is wrong at byte {at}: {what}")]
pub struct SqlError {
    /// Where, in bytes.
    pub at: usize,
    /// What is wrong.
    pub what: String,
}

/// An expression that has been understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
}

impl Expression {
    /// Understands an expression.
    ///
    /// # Errors
    /// It is none, or larger than the bounds of this module.
    pub fn parse(text: &str) -> Result<Self, SqlError> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(SqlError {
                at: EXPRESSION_BYTES_MAX,
                what: format!("an expression has {EXPRESSION_BYTES_MAX} bytes at most"),
            });
        }
        let root = parser::parse(text)?;
        Ok(Self { root })
    }

    /// Whether a message with these properties, as text, is wanted.
    #[must_use]
    pub fn wants(&self, properties: &[u8]) -> bool {
        evaluate::wants(&self.root, properties)
    }
}

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// `'text'`, `5`, `5.0`, `TRUE`, `NULL`.
    Constant(value::Value<'static>),
    /// A property's name.
    Property(String),
    /// `-x`.
    Negate(Box<Node>),
    /// A property where a truth value is needed.
    Truth(Box<Node>),
    /// `NOT x`.
    Not(Box<Node>),
    /// `x AND y AND …`.
    And(Vec<Node>),
    /// `x OR y OR …`.
    Or(Vec<Node>),
    /// `x = y`, also `x IS NULL`.
    Equal(Box<Node>, Box<Node>),
    /// `x < y` and its like.
    Compare(Box<Node>, Order, Box<Node>),
    /// `x BETWEEN y AND z`.
    Between {
        of: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        negated: bool,
    },
    /// `x CONTAINS 'text'` and its like.
    Part {
        of: Box<Node>,
        place: Place,
        text: String,
        negated: bool,
    },
    /// `name IN ('a', 'b')`.
    In {
        property: String,
        texts: Vec<String>,
        negated: bool,
    },
}

/// An order that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Where a text is looked for in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    Start,
    End,
}

impl Node {
    /// Whether it is a truth value by itself.
    fn is_boolean(&self) -> bool {
        use value::Value;
        match self {
            Self::Constant(value) => matches!(value, Value::Boolean(_) | Value::Null),
            Self::Property(_) | Self::Negate(_) => false,
            _ => true,
        }
    }
}
