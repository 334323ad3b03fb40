//! What a setting can belong to, as the requests about settings name it.

use super::refusal::Refusal;
use kafka_wire::ErrorCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Topic,
    Broker,
    BrokerLogger,
    ClientMetrics,
    Group,
}

impl Resource {
    pub(crate) const ALL: [Self; 5] = [
        Self::Topic,
        Self::Broker,
        Self::BrokerLogger,
        Self::ClientMetrics,
        Self::Group,
    ];

    /// From the wire's number.
    ///
    /// # Errors
    /// `InvalidRequest` for a number that means nothing here.
    pub(crate) fn from_wire(number: i8) -> Result<Self, Refusal> {
        let found = Self::ALL
            .into_iter()
            .find(|resource| resource.to_wire() == number);
        found.ok_or_else(|| {
            Refusal::new(
                ErrorCode::InvalidRequest,
                format!("Unknown resource type {number}"),
            )
        })
    }

    pub(crate) const fn to_wire(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::BrokerLogger => 8,
            Self::ClientMetrics => 16,
            Self::Group => 32,
        }
    }

    /// Whether `name` is this broker's number; `or` says what else would have been right.
    ///
    /// # Errors
    /// `InvalidRequest`.
    pub(crate) fn check_is_this_broker(name: &str, own: i32, or: &str) -> Result<(), Refusal> {
        let message = match name.parse::<i32>() {
            Ok(id) if id == own => return Ok(()),
            Ok(_) => format!("Unexpected broker id, expected {own}{or}, but received {name}"),
            Err(_) => format!("Node id must be an integer, but it is: {name}"),
        };
        Err(Refusal::new(ErrorCode::InvalidRequest, message))
    }
}
