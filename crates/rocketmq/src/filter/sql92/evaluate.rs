//! Whether an expression is true for a message.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::value::{Failed, Value, compare, double};
use super::{Node, Order, Place};
use crate::store::message::property;

/// What has no value, and what is not true, is not wanted.
pub(super) fn wants(root: &Node, properties: &[u8]) -> bool {
    matches!(truth(root, properties), Ok(Some(true)))
}

/// The truth of a node that has one; `None` is null.
fn truth(node: &Node, properties: &[u8]) -> Result<Option<bool>, Failed> {
    match value(node, properties)? {
        Value::Boolean(truth) => Ok(Some(truth)),
        Value::Null => Ok(None),
        _ => Err(Failed),
    }
}

fn value<'v>(node: &'v Node, properties: &'v [u8]) -> Result<Value<'v>, Failed> {
    let truth_value = match node {
        Node::Constant(constant) => return Ok(borrowed(constant)),
        Node::Property(name) => {
            let found = property(properties, name);
            return Ok(found.map_or(Value::Null, Value::Text));
        }
        Node::Negate(of) => return Ok(negated(&value(of, properties)?)),
        Node::Truth(of) => match value(of, properties)? {
            Value::Null => None,
            Value::Boolean(truth) => Some(truth),
            _ => Some(false),
        },
        Node::Not(of) => truth(of, properties)?.map(|truth| !truth),
        Node::And(nodes) => joined(nodes, properties, false)?,
        Node::Or(nodes) => joined(nodes, properties, true)?,
        Node::Equal(left, right) => equal(&value(left, properties)?, &value(right, properties)?)?,
        Node::Compare(left, order, right) => ordered(
            &value(left, properties)?,
            *order,
            &value(right, properties)?,
        )?,
        Node::Between {
            of,
            low,
            high,
            negated,
        } => within(&value(of, properties)?, low, high, *negated, properties)?,
        Node::Part {
            of,
            place,
            text,
            negated,
        } => Some(part(&value(of, properties)?, *place, text, *negated)),
        Node::In {
            property: name,
            texts,
            negated,
        } => property(properties, name)
            .map(|found| texts.iter().any(|text| *text == found) != *negated),
    };
    Ok(truth_value.map_or(Value::Null, Value::Boolean))
}

fn borrowed<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

fn negated(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Int(number) => Value::Int(number.wrapping_neg()),
        Value::Long(number) => Value::Long(number.wrapping_neg()),
        Value::Double(number) => Value::Double(-number),
        _ => Value::Null,
    }
}

/// One that is `deciding` decides; else null if any is, else the other.
fn joined(nodes: &[Node], properties: &[u8], deciding: bool) -> Result<Option<bool>, Failed> {
    let mut all_known = true;
    for node in nodes {
        match truth(node, properties)? {
            Some(truth) if truth == deciding => return Ok(Some(deciding)),
            Some(_) => {}
            None => all_known = false,
        }
    }
    Ok(all_known.then_some(!deciding))
}

/// As the two comparisons joined by AND, or by OR where it is negated. The upper bound has no say where the lower decides.
fn within(
    of: &Value<'_>,
    low: &Node,
    high: &Node,
    negated: bool,
    properties: &[u8],
) -> Result<Option<bool>, Failed> {
    let (below, above) = match negated {
        true => (Order::Less, Order::Greater),
        false => (Order::GreaterOrEqual, Order::LessOrEqual),
    };
    let first = ordered(of, below, &value(low, properties)?)?;
    if first == Some(negated) {
        return Ok(first);
    }
    let second = ordered(of, above, &value(high, properties)?)?;
    Ok(match (first, second) {
        (_, Some(truth)) if truth == negated => Some(negated),
        (Some(_), Some(_)) => Some(!negated),
        _ => None,
    })
}

fn equal(left: &Value<'_>, right: &Value<'_>) -> Result<Option<bool>, Failed> {
    match (left, right) {
        (Value::Null, Value::Null) => Ok(Some(true)),
        (Value::Null, _) => Ok(None),
        (_, Value::Null) => Ok(Some(false)),
        _ => Ok(Some(compare(left, right)? == Ordering::Equal)),
    }
}

fn ordered(left: &Value<'_>, order: Order, right: &Value<'_>) -> Result<Option<bool>, Failed> {
    if *left == Value::Null || *right == Value::Null {
        return Ok(None);
    }
    // Two texts have an order only as numbers.
    let found = match (left, right) {
        (Value::Text(left), Value::Text(right)) => compare(
            &Value::Double(double(left)?),
            &Value::Double(double(right)?),
        )?,
        _ => compare(left, right)?,
    };
    Ok(Some(match order {
        Order::Less => found.is_lt(),
        Order::LessOrEqual => found.is_le(),
        Order::Greater => found.is_gt(),
        Order::GreaterOrEqual => found.is_ge(),
    }))
}

/// Nothing is part of what is no text, and the empty text is part of nothing, negated or not.
fn part(value: &Value<'_>, place: Place, text: &str, negated: bool) -> bool {
    let Value::Text(whole) = value else {
        return false;
    };
    if text.is_empty() {
        return false;
    }
    let is_part = match place {
        Place::Anywhere => whole.contains(text),
        Place::Start => whole.starts_with(text),
        Place::End => whole.ends_with(text),
    };
    is_part != negated
}
