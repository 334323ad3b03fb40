//! What a consumer wants of a topic: everything, some tags, or what an SQL92 expression says.
//!
//! Invariants: a filter is made once, when a consumer says what it wants, and judges without allocation beyond what an
//! expression needs. Tags are judged by their code; a consumer looks at the text again, as codes may collide.

pub mod sql92;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::sql92::{Expression, SqlError};
use crate::store::message::{Entry, java_hash};
use crate::store::{MessageFilter, TagCodes};

/// A subscription's text that wants everything.
pub const ALL: &str = "*";
/// The expression type of tags, also meant by none at all.
pub const TAG: &str = "TAG";
/// The expression type of SQL92 expressions.
pub const SQL92: &str = "SQL92";

/// Why a subscription cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No tag is named.
    #[error("the subscription `{0}` names no tag")]
    NoTag(String),
    /// The expression is wrong.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Neither tags nor SQL92.
    #[error("the expression type `{0}` is unknown")]
    UnknownType(String),
}

/// Which messages of a topic a consumer wants.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All.
    All,
    /// Those with one of these tags.
    Tags(TagCodes),
    /// Those the expression is true for.
    Sql(Arc<Expression>),
}

impl Filter {
    /// The filter of a subscription: its text and expression type, as clients send them.
    ///
    /// # Errors
    /// The text is not what the type says.
    pub fn of(text: Option<&str>, expression_type: Option<&str>) -> Result<Self, FilterError> {
        let text = text.unwrap_or("");
        match expression_type {
            None | Some("" | TAG) => Self::tags(text),
            Some(SQL92) => Ok(Self::Sql(Arc::new(Expression::parse(text)?))),
            Some(other) => Err(FilterError::UnknownType(other.to_owned())),
        }
    }

    /// `TagA || TagB`; nothing and `*` are everything.
    fn tags(text: &str) -> Result<Self, FilterError> {
        if text.is_empty() || text == ALL {
            return Ok(Self::All);
        }
        let tags = text
            .split("||")
            .map(str::trim)
            .filter(|tag| !tag.is_empty());
        let codes: Vec<i64> = tags.map(|tag| i64::from(java_hash(tag))).collect();
        if codes.is_empty() {
            return Err(FilterError::NoTag(text.to_owned()));
        }
        Ok(Self::Tags(TagCodes(codes)))
    }

    /// Whether the filter looks at more than tags.
    #[must_use]
    pub fn is_sql(&self) -> bool {
        matches!(self, Self::Sql(_))
    }
}

impl MessageFilter for Filter {
    fn wants_tags(&self, tags_code: i64) -> bool {
        match self {
            Self::All | Self::Sql(_) => true,
            Self::Tags(codes) => codes.wants_tags(tags_code),
        }
    }

    fn judges_entries(&self) -> bool {
        self.is_sql()
    }

    fn wants_entry(&self, entry: &Entry<'_>) -> bool {
        match self {
            Self::All | Self::Tags(_) => true,
            Self::Sql(expression) => expression.wants(entry.properties),
        }
    }
}
