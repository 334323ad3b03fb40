//! From words to an expression.
//!
//! ```text
//! or         = and { OR and }
//! and        = equality { AND equality }
//! equality   = comparison { ("=" | "<>") comparison | IS [NOT] NULL }
//! comparison = unary { ("<" | "<=" | ">" | ">=") unary | [NOT] CONTAINS text | [NOT] STARTSWITH text
//!                    | [NOT] ENDSWITH text | [NOT] BETWEEN unary AND unary | [NOT] IN "(" text { "," text } ")" }
//! unary      = "+" unary | "-" unary | NOT unary | literal | name | "(" or ")"
//! ```

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::lexer::{Lexer, Token, Word};
use super::value::{Value, compare};
use super::{DEPTH_MAX, Node, Order, Place, SqlError};

pub(super) fn parse(text: &str) -> Result<Node, SqlError> {
    let mut lexer = Lexer::new(text);
    let (token, place) = lexer.next()?;
    let mut parser = Parser {
        lexer,
        token,
        place,
        depth: 0,
    };
    let node = parser.or()?;
    let node = parser.boolean(node)?;
    match parser.token {
        Token::End => Ok(node),
        _ => parser.error("the expression should end here"),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that comes next.
    token: Token,
    place: Range<usize>,
    depth: usize,
}

impl Parser<'_> {
    fn error<T>(&self, what: impl Into<String>) -> Result<T, SqlError> {
        Err(SqlError {
            at: self.place.start,
            what: what.into(),
        })
    }

    fn advance(&mut self) -> Result<Token, SqlError> {
        let (token, place) = self.lexer.next()?;
        self.place = place;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn take(&mut self, wanted: &Token) -> Result<bool, SqlError> {
        let found = self.token == *wanted;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn take_word(&mut self, word: Word) -> Result<bool, SqlError> {
        self.take(&Token::Word(word))
    }

    fn expect_sign(&mut self, sign: &'static str) -> Result<(), SqlError> {
        match self.take(&Token::Sign(sign))? {
            true => Ok(()),
            false => self.error(format!("`{sign}` was expected")),
        }
    }

    /// One level deeper, if there may be one.
    fn deeper(&mut self) -> Result<(), SqlError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error(format!("an expression has {DEPTH_MAX} levels at most"));
        }
        Ok(())
    }

    /// A node where a truth value is needed.
    fn boolean(&self, node: Node) -> Result<Node, SqlError> {
        match node {
            node if node.is_boolean() => Ok(node),
            Node::Property(_) => Ok(Node::Truth(Box::new(node))),
            _ => self.error("a truth value was expected before this"),
        }
    }

    fn or(&mut self) -> Result<Node, SqlError> {
        let first = self.and()?;
        let mut nodes = vec![first];
        while self.take_word(Word::Or)? {
            let next = self.and()?;
            nodes.push(next);
        }
        self.joined(nodes, Node::Or)
    }

    fn and(&mut self) -> Result<Node, SqlError> {
        let first = self.equality()?;
        let mut nodes = vec![first];
        while self.take_word(Word::And)? {
            let next = self.equality()?;
            nodes.push(next);
        }
        self.joined(nodes, Node::And)
    }

    /// One node as it is, several as truth values.
    fn joined(&self, mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Result<Node, SqlError> {
        if nodes.len() == 1
            && let Some(only) = nodes.pop()
        {
            return Ok(only);
        }
        let nodes = nodes.into_iter().map(|node| self.boolean(node));
        Ok(join(nodes.collect::<Result<_, _>>()?))
    }

    fn equality(&mut self) -> Result<Node, SqlError> {
        let entered = self.depth;
        let mut left = self.comparison()?;
        loop {
            left = match self.token {
                Token::Sign("=") => {
                    self.advance()?;
                    let right = self.comparison()?;
                    self.equal(left, right)?
                }
                Token::Sign("<>") => {
                    self.advance()?;
                    let right = self.comparison()?;
                    Node::Not(Box::new(self.equal(left, right)?))
                }
                Token::Word(Word::Is) => self.is_null(left)?,
                _ => break,
            };
            self.deeper()?;
        }
        self.depth = entered;
        Ok(left)
    }

    fn is_null(&mut self, left: Node) -> Result<Node, SqlError> {
        self.advance()?;
        let negated = self.take_word(Word::Not)?;
        if !self.take_word(Word::Null)? {
            return self.error("NULL was expected");
        }
        let is_null = Node::Equal(Box::new(left), Box::new(Node::Constant(Value::Null)));
        Ok(match negated {
            true => Node::Not(Box::new(is_null)),
            false => is_null,
        })
    }

    fn equal(&self, left: Node, right: Node) -> Result<Node, SqlError> {
        let null = |node: &Node| matches!(node, Node::Constant(Value::Null));
        if null(&left) || null(&right) {
            return self.error("NULL cannot be compared; say IS NULL");
        }
        if let (Node::Constant(Value::Boolean(_)), Node::Constant(right)) = (&left, &right)
            && !matches!(right, Value::Boolean(_))
        {
            return self.error("a truth value is compared with something else");
        }
        Ok(Node::Equal(Box::new(left), Box::new(right)))
    }

    fn comparison(&mut self) -> Result<Node, SqlError> {
        let entered = self.depth;
        let mut left = self.unary()?;
        loop {
            let order = match self.token {
                Token::Sign("<") => Some(Order::Less),
                Token::Sign("<=") => Some(Order::LessOrEqual),
                Token::Sign(">") => Some(Order::Greater),
                Token::Sign(">=") => Some(Order::GreaterOrEqual),
                _ => None,
            };
            if let Some(order) = order {
                self.advance()?;
                let right = self.unary()?;
                left = self.ordered(left, order, right)?;
            } else if let Some(negated) = self.test_follows()? {
                left = self.test(left, negated)?;
            } else {
                break;
            }
            self.deeper()?;
        }
        self.depth = entered;
        Ok(left)
    }

    /// Whether a test by word follows, and whether it is negated.
    fn test_follows(&mut self) -> Result<Option<bool>, SqlError> {
        if self.take_word(Word::Not)? {
            return match self.token {
                Token::Word(
                    Word::Contains | Word::StartsWith | Word::EndsWith | Word::Between | Word::In,
                ) => Ok(Some(true)),
                _ => self.error("a test was expected behind NOT"),
            };
        }
        let follows = matches!(
            self.token,
            Token::Word(
                Word::Contains | Word::StartsWith | Word::EndsWith | Word::Between | Word::In
            )
        );
        Ok(follows.then_some(false))
    }

    fn test(&mut self, left: Node, negated: bool) -> Result<Node, SqlError> {
        let place = match self.advance()? {
            Token::Word(Word::Contains) => Place::Anywhere,
            Token::Word(Word::StartsWith) => Place::Start,
            Token::Word(Word::EndsWith) => Place::End,
            Token::Word(Word::Between) => return self.between(left, negated),
            _ => return self.within(left, negated),
        };
        let text = self.text()?;
        Ok(Node::Part {
            of: Box::new(left),
            place,
            text,
            negated,
        })
    }

    fn between(&mut self, value: Node, negated: bool) -> Result<Node, SqlError> {
        let low = self.unary()?;
        if !self.take_word(Word::And)? {
            return self.error("AND was expected");
        }
        let high = self.unary()?;
        if let (Node::Constant(low), Node::Constant(high)) = (&low, &high)
            && (*low == Value::Null
                || *high == Value::Null
                || compare(high, low) == Ok(Ordering::Less))
        {
            return self.error("the bounds of BETWEEN are not in order");
        }
        self.check_order([&value, &low, &high])?;
        Ok(Node::Between {
            of: Box::new(value),
            low: Box::new(low),
            high: Box::new(high),
            negated,
        })
    }

    fn within(&mut self, left: Node, negated: bool) -> Result<Node, SqlError> {
        let Node::Property(property) = left else {
            return self.error("IN looks at a property, which should stand before it");
        };
        self.expect_sign("(")?;
        let mut texts = vec![self.text()?];
        while self.take(&Token::Sign(","))? {
            texts.push(self.text()?);
        }
        self.expect_sign(")")?;
        Ok(Node::In {
            property,
            texts,
            negated,
        })
    }

    fn ordered(&self, left: Node, order: Order, right: Node) -> Result<Node, SqlError> {
        self.check_order([&left, &right])?;
        Ok(Node::Compare(Box::new(left), order, Box::new(right)))
    }

    /// Only numbers, and what may be one, have an order.
    fn check_order<const N: usize>(&self, sides: [&Node; N]) -> Result<(), SqlError> {
        for side in sides {
            let has_order = match side {
                Node::Constant(value) => value.is_number(),
                other => !other.is_boolean(),
            };
            if !has_order {
                return self.error("only numbers and properties have an order");
            }
        }
        Ok(())
    }

    fn unary(&mut self) -> Result<Node, SqlError> {
        self.deeper()?;
        let node = match self.token {
            Token::Sign("+") => {
                self.advance()?;
                self.unary()?
            }
            Token::Sign("-") => {
                self.advance()?;
                Node::Negate(Box::new(self.unary()?))
            }
            Token::Word(Word::Not) => {
                self.advance()?;
                let node = self.unary()?;
                Node::Not(Box::new(self.boolean(node)?))
            }
            _ => self.primary()?,
        };
        self.depth -= 1;
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, SqlError> {
        if self.token == Token::Sign("(") {
            self.advance()?;
            let node = self.or()?;
            self.expect_sign(")")?;
            return Ok(node);
        }
        let place = self.place.clone();
        let value = match self.advance()? {
            Token::Name(name) => return Ok(Node::Property(name)),
            Token::Text(text) => Some(Value::Text(Cow::Owned(text))),
            Token::Integer(digits) => integer(&digits),
            Token::Fraction(digits) => fraction(&digits),
            Token::Word(Word::True) => Some(Value::Boolean(true)),
            Token::Word(Word::False) => Some(Value::Boolean(false)),
            Token::Word(Word::Null) => Some(Value::Null),
            _ => {
                let what = "a value, a property or `(` was expected".to_owned();
                return Err(SqlError {
                    at: place.start,
                    what,
                });
            }
        };
        value.map(Node::Constant).ok_or_else(|| SqlError {
            at: place.start,
            what: "the number is outside what can be compared".to_owned(),
        })
    }

    fn text(&mut self) -> Result<String, SqlError> {
        if !matches!(self.token, Token::Text(_)) {
            return self.error("a text in single quotes was expected");
        }
        match self.advance()? {
            Token::Text(text) => Ok(text),
            _ => Ok(String::new()),
        }
    }
}

/// As narrow as it fits.
fn integer(digits: &str) -> Option<Value<'static>> {
    let number: i64 = digits.parse().ok()?;
    Some(i32::try_from(number).map_or(Value::Long(number), Value::Int))
}

/// Zero and what is too large have no place, as in Java.
fn fraction(digits: &str) -> Option<Value<'static>> {
    let number: f64 = digits.parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(Value::Double(number))
}
