//! What a consumer group wants of one topic, as its heartbeat says.

use serde_json::Value;

use crate::filter::{Filter, FilterError};

/// One topic of a consumer group.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) topic: String,
    /// `TagA || TagB`, `*`, or an expression.
    pub(crate) text: String,
    /// `TAG` where absent.
    pub(crate) expression_type: Option<String>,
    /// Grows with every change; the client's clock in ms.
    pub(crate) version: i64,
    /// What follows from the text.
    pub(crate) filter: Result<Filter, FilterError>,
    /// As it was sent, for those who ask.
    pub(crate) json: Value,
}

impl Subscription {
    /// Reads one of a heartbeat's `subscriptionDataSet`; `None` without a topic.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let text = |field: &str| json[field].as_str();
        let sub = text("subString").unwrap_or("");
        let expression_type = text("expressionType");
        Some(Self {
            topic: text("topic")?.to_owned(),
            text: sub.to_owned(),
            expression_type: expression_type.map(ToOwned::to_owned),
            version: json["subVersion"].as_i64().unwrap_or(0),
            filter: Filter::of(Some(sub), expression_type),
            json: json.clone(),
        })
    }

    /// Whether it says the same as another, whatever its version.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.text == other.text && self.expression_type == other.expression_type
    }
}
