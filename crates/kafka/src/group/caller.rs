//! Who asks, as far as groups care.

use crate::api::RequestContext;

/// The sender of a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller<'a> {
    /// The request's version.
    pub(crate) version: i16,
    pub(crate) client_id: &'a str,
    /// Its address as Kafka shows it: a slash and the IP.
    pub(crate) host: String,
}

impl<'a> Caller<'a> {
    /// The sender of the request at hand. No client id counts as an empty one.
    pub(crate) fn of(context: &RequestContext<'a>) -> Self {
        Self {
            version: context.version,
            client_id: context.client_id.unwrap_or(""),
            host: format!("/{}", context.connection.peer.ip().to_canonical()),
        }
    }
}
