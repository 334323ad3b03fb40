//! The KV configuration: PUT (100), GET (101), DELETE (102), all of a namespace (219).

use super::{NameServer, done};
use crate::remoting::codes::response;
use crate::remoting::headers::{KvHeader, KvListHeader};
use crate::remoting::{Answer, Command, HeaderError, Refusal};

pub(super) fn put(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = KvHeader::decode(&command.ext)?;
    let value = header.value.ok_or(HeaderError::Missing("value"))?;
    let written = server.kv.put(header.namespace, header.key, value);
    written.map_err(|error| Refusal::system(error.to_string()))?;
    done()
}

pub(super) fn get(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = KvHeader::decode(&command.ext)?;
    let value = server.kv.get(header.namespace, header.key);
    let missing = || {
        let (namespace, key) = (header.namespace, header.key);
        let remark = format!("No config item, Namespace: {namespace} Key: {key}");
        Refusal::new(response::QUERY_NOT_FOUND, remark)
    };
    let value = value.ok_or_else(missing)?;
    Ok(Answer::success().field("value", value))
}

pub(super) fn delete(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = KvHeader::decode(&command.ext)?;
    let written = server.kv.delete(header.namespace, header.key);
    written.map_err(|error| Refusal::system(error.to_string()))?;
    done()
}

pub(super) fn list(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = KvListHeader::decode(&command.ext)?;
    if !server.kv.has(header.namespace) {
        let remark = format!("No config item, Namespace: {}", header.namespace);
        return Err(Refusal::new(response::QUERY_NOT_FOUND, remark));
    }
    let table = server.kv.table_json(header.namespace);
    Ok(Answer::with_body(table.into_bytes()))
}
