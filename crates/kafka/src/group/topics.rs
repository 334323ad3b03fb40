//! What the group APIs want to know about topics.

use std::sync::Arc;

use crate::log::TopicId;
use crate::metadata::Metadata;

/// A topic that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) id: TopicId,
    pub(crate) partitions: i32,
}

/// The topics there are.
pub(crate) trait Topics: Send + Sync {
    /// The topic of this name.
    fn by_name(&self, name: &str) -> Option<Topic>;
    /// The name of the topic with this id.
    fn name_of(&self, id: TopicId) -> Option<Arc<str>>;
}

impl Topics for Metadata {
    fn by_name(&self, name: &str) -> Option<Topic> {
        let topic = self.topic(name)?;
        Some(Topic {
            id: topic.id(),
            partitions: topic.partition_count(),
        })
    }

    fn name_of(&self, id: TopicId) -> Option<Arc<str>> {
        self.topic_by_id(id).map(|topic| topic.name().clone())
    }
}
