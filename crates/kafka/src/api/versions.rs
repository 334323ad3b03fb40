//! Which APIs are spoken, in which versions.
//!
//! The ranges are Kafka 4.3.1's, except where a client would be led into something that is not built: Produce stops
//! at 11 (12 joins a transaction implicitly), OffsetCommit and OffsetFetch keep Kafka's tops. A key that is `None`
//! is neither advertised nor answered: its connection is closed.

use kafka_wire::api_versions_response::ApiVersion;
use kafka_wire::{ApiKey, VersionRange};

/// The versions of `api` that are answered; `None` when none is.
pub(crate) const fn handled(api: ApiKey) -> Option<VersionRange> {
    let (min, max) = match api {
        ApiKey::Produce => (3, 11),
        ApiKey::Fetch => (4, 18),
        ApiKey::ListOffsets => (1, 10),
        ApiKey::Metadata => (0, 13),
        ApiKey::ApiVersions => (0, 4),
        ApiKey::InitProducerId => (0, 5),
        ApiKey::OffsetForLeaderEpoch => (2, 4),
        ApiKey::CreateTopics => (2, 7),
        ApiKey::DeleteTopics => (1, 6),
        ApiKey::DeleteRecords => (0, 2),
        // Answered with SECURITY_DISABLED: user interfaces ask at start and take that as "no ACLs".
        ApiKey::DescribeAcls | ApiKey::CreateAcls | ApiKey::DeleteAcls => (1, 3),
        ApiKey::DescribeConfigs => (1, 4),
        ApiKey::AlterConfigs => (0, 2),
        ApiKey::AlterReplicaLogDirs => (1, 2),
        ApiKey::DescribeLogDirs => (1, 4),
        ApiKey::CreatePartitions => (0, 3),
        ApiKey::ElectLeaders => (0, 2),
        ApiKey::IncrementalAlterConfigs => (0, 1),
        ApiKey::AlterPartitionReassignments => (0, 1),
        ApiKey::ListPartitionReassignments => (0, 0),
        ApiKey::DescribeQuorum => (0, 2),
        ApiKey::DescribeCluster => (0, 2),
        ApiKey::DescribeProducers => (0, 0),
        ApiKey::ListConfigResources => (0, 1),
        ApiKey::DescribeTopicPartitions => (0, 0),
        ApiKey::OffsetCommit => (2, 10),
        ApiKey::OffsetFetch => (1, 10),
        ApiKey::FindCoordinator => (0, 6),
        ApiKey::JoinGroup => (0, 9),
        ApiKey::Heartbeat => (0, 4),
        ApiKey::LeaveGroup => (0, 5),
        ApiKey::SyncGroup => (0, 5),
        ApiKey::DescribeGroups => (0, 6),
        ApiKey::ListGroups => (0, 5),
        ApiKey::DeleteGroups => (0, 2),
        ApiKey::OffsetDelete => (0, 0),
        _ => return None,
    };
    Some(VersionRange::new(min, max))
}

/// The versions of `api` that are advertised.
///
/// Produce claims to start at 0 although below 3 is refused: librdkafka derives feature flags from the low end and
/// stops compressing, or producing, otherwise. Kafka does the same.
pub(crate) const fn advertised(api: ApiKey) -> Option<VersionRange> {
    match (api, handled(api)) {
        (ApiKey::Produce, Some(range)) => Some(VersionRange::new(0, range.max)),
        (_, range) => range,
    }
}

/// The table of an ApiVersions answer, by key.
pub(crate) fn table() -> Vec<ApiVersion> {
    let keys = ApiKey::ALL.iter();
    keys.filter_map(|api| {
        let range = advertised(*api)?;
        Some(ApiVersion {
            api_key: *api as i16,
            min_version: range.min,
            max_version: range.max,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_docs_is_what_is_answered() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kafka.md");
        let text = std::fs::read_to_string(path).expect("docs/kafka.md");
        let documented: Vec<String> = text
            .lines()
            .filter(|line| {
                line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit())
            })
            .map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | "))
            .collect();
        let answered: Vec<String> = ApiKey::ALL
            .iter()
            .filter_map(|api| {
                Some(format!(
                    "| {} | {} | {}",
                    *api as i16,
                    api.name(),
                    handled(*api)?
                ))
            })
            .collect();
        assert_eq!(documented, answered);
    }
}
