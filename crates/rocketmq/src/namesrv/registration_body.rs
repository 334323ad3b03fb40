//! The body of REGISTER_BROKER: what a broker says of its topics, as JSON or as deflated lines.
//!
//! The deflated form holds, each behind an int32 length: the data version as JSON; for each topic a line of words; then
//! filter servers and queue mappings, which this build has no use for.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::ZlibDecoder;
use serde_json::Value;

use super::routes::DataVersion;

/// Inflated bytes that are taken from a broker: 100 000 topics have some 10 MiB.
const INFLATED_BYTES_MAX: u64 = 64 << 20;

/// The queues of a topic on one broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicQueues {
    /// Queues that are read.
    pub read: i32,
    /// Queues that are written.
    pub write: i32,
    /// 4 read, 2 write, 1 inherit.
    pub perm: i32,
    /// Unit bits.
    pub sys_flag: i32,
}

/// Why the body says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the registration is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the registration cannot be inflated: {0}")]
    Inflate(#[from] std::io::Error),
    #[error("the inflated registration is cut off or longer than {INFLATED_BYTES_MAX} bytes")]
    Cut,
}

/// What the body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RegistrationBody {
    pub(super) version: DataVersion,
    pub(super) topics: BTreeMap<String, TopicQueues>,
}

impl RegistrationBody {
    pub(super) fn read(body: &[u8], compressed: bool) -> Result<Self, BodyError> {
        if compressed {
            Self::inflated(body)
        } else {
            Self::json(body)
        }
    }

    fn json(body: &[u8]) -> Result<Self, BodyError> {
        let body: Value = serde_json::from_slice(body)?;
        let wrapper = &body["topicConfigSerializeWrapper"];
        let table = wrapper["topicConfigTable"].as_object();
        let topics = table.into_iter().flatten();
        let topics = topics.map(|(name, config)| {
            let number = |field: &str, usual: i64| {
                let number = config[field].as_i64().unwrap_or(usual);
                i32::try_from(number).unwrap_or(0)
            };
            let queues = TopicQueues {
                read: number("readQueueNums", 16),
                write: number("writeQueueNums", 16),
                perm: number("perm", 6),
                sys_flag: number("topicSysFlag", 0),
            };
            (name.clone(), queues)
        });
        Ok(Self {
            version: DataVersion::from_json(&wrapper["dataVersion"]),
            topics: topics.collect(),
        })
    }

    fn inflated(body: &[u8]) -> Result<Self, BodyError> {
        let mut bytes = Vec::new();
        let mut inflater = ZlibDecoder::new(body).take(INFLATED_BYTES_MAX);
        inflater.read_to_end(&mut bytes)?;
        let mut rest = bytes.as_slice();
        let version: Value = serde_json::from_slice(part(&mut rest)?)?;
        let count = number(&mut rest)?;
        let mut topics = BTreeMap::new();
        for _ in 0..count {
            let line = part(&mut rest)?;
            if let Some((name, queues)) = topic_line(line) {
                topics.insert(name, queues);
            }
        }
        Ok(Self {
            version: DataVersion::from_json(&version),
            topics,
        })
    }
}

/// `name read write perm filter-type attributes`.
fn topic_line(line: &[u8]) -> Option<(String, TopicQueues)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let name = words.next()?.to_owned();
    let mut number = || words.next()?.parse().ok();
    let queues = TopicQueues {
        read: number()?,
        write: number()?,
        perm: number()?,
        sys_flag: 0,
    };
    Some((name, queues))
}

fn number(rest: &mut &[u8]) -> Result<usize, BodyError> {
    let (number, after) = rest.split_first_chunk::<4>().ok_or(BodyError::Cut)?;
    *rest = after;
    usize::try_from(i32::from_be_bytes(*number)).map_err(|_| BodyError::Cut)
}

fn part<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], BodyError> {
    let length = number(rest)?;
    let (part, after) = rest.split_at_checked(length).ok_or(BodyError::Cut)?;
    *rest = after;
    Ok(part)
}

impl DataVersion {
    /// Reads `{"counter":…,"stateVersion":…,"timestamp":…}`; what is absent is 0.
    pub(super) fn from_json(json: &Value) -> Self {
        let number = |field: &str| json[field].as_i64().unwrap_or(0);
        Self {
            state_version: number("stateVersion"),
            timestamp: number("timestamp"),
            counter: number("counter"),
        }
    }

    pub(super) fn to_json(&self) -> String {
        format!(
            r#"{{"counter":{},"stateVersion":{},"timestamp":{}}}"#,
            self.counter, self.state_version, self.timestamp
        )
    }
}
