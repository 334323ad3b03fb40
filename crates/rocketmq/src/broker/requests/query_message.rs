//! QUERY_MESSAGE (12): messages by a key, by the id their client gave them, or by their tags.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::QueryMessageHeader;
use crate::remoting::{Answer, Command, Refusal};
use crate::store::{QueryKey, QueryRequest};

/// Set where `key` is a unique id: then many may be looked at.
const UNIQUE_KEY_QUERY: &str = "_UNIQUE_KEY_QUERY";
/// Messages looked for then.
const UNIQUE_KEY_MESSAGES: usize = 32;
/// `indexType` where `key` is a tag.
const INDEX_TAG_TYPE: &str = "T";
/// Messages in an answer, at most.
const MESSAGES_MAX: usize = 64;

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = QueryMessageHeader::decode(&command.ext)?;
    let by_unique_key = command.ext.get(UNIQUE_KEY_QUERY) == Some("true");
    let wanted = match by_unique_key {
        true => UNIQUE_KEY_MESSAGES,
        false => usize::try_from(header.max_num)
            .unwrap_or(0)
            .min(MESSAGES_MAX),
    };
    let by_tags = !by_unique_key && header.index_type == Some(INDEX_TAG_TYPE);
    let (topic, key) = (header.topic.to_owned(), header.key.to_owned());
    let (begin_ms, end_ms) = (header.begin_timestamp, header.end_timestamp);
    Ok(broker.answer_blocking(move |broker| {
        let request = QueryRequest {
            topic: &topic,
            key: match by_tags {
                true => QueryKey::Tags(&key),
                false => QueryKey::Key(&key),
            },
            messages_max: wanted,
            begin_ms,
            end_ms,
        };
        let found = broker.store().query(&request);
        let found = found.map_err(|error| read_refusal(&error))?;
        let mut answer = if found.entries.is_empty() {
            let remark = "can not find message, maybe time range not correct";
            Answer::with_code(response::QUERY_NOT_FOUND, remark)
        } else {
            Answer::success()
        };
        for entry in &found.entries {
            answer.body.extend_from_slice(entry);
        }
        let newest_ms = found.index_last_update_timestamp_ms;
        Ok(answer
            .number("indexLastUpdateTimestamp", newest_ms)
            .number("indexLastUpdatePhyoffset", found.index_last_update_offset.0))
    }))
}
