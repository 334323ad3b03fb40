//! Calls about consumer groups: list, describe, committed offsets, delete.

use std::time::Duration;

use kafka_wire::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_wire::{
    ConsumerGroupDescribeRequest, ConsumerProtocolAssignment, DeleteGroupsRequest,
    DescribeGroupsRequest, ErrorCode, ListGroupsRequest, OffsetCommitRequest, OffsetFetchRequest,
    decode_versioned,
};

use super::cluster::Client;
use super::error::ClientError;
use super::membership::Membership;

/// Last version of OffsetFetch that asks for one group in flat fields.
const OFFSET_FETCH_CEILING: i16 = 7;
/// Last version of OffsetCommit that names topics.
const OFFSET_COMMIT_CEILING: i16 = 9;

/// One line of a list of groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    /// Id of the group.
    pub id: String,
    /// `consumer`, `connect`, or empty for a group that only holds offsets.
    pub protocol_type: String,
    /// As the server words it; empty from old servers.
    pub state: String,
    /// `classic` or `consumer`; empty from old servers.
    pub kind: String,
}

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Chosen by the server.
    pub id: String,
    /// Chosen by the user, for static members.
    pub instance_id: Option<String>,
    /// Name the client gave itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// Topic and partition of what it was given, where that can be told.
    pub assignment: Vec<(String, i32)>,
}

/// What the coordinator knows of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDescription {
    /// Id of the group.
    pub id: String,
    /// As the server words it.
    pub state: String,
    /// How partitions are divided.
    pub assignor: String,
    /// Who is in it.
    pub members: Vec<GroupMember>,
}

/// An offset a group has committed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommittedOffset {
    /// Name of the topic.
    pub topic: String,
    /// Number of the partition.
    pub partition: i32,
    /// Next offset to read.
    pub offset: i64,
    /// What the client stored beside it.
    pub metadata: String,
}

fn about(group: &str) -> String {
    format!("group {group}")
}

/// Partitions in an assignment of the consumer protocol; empty when it is none.
pub(super) fn assigned_partitions(blob: &[u8]) -> Vec<(String, i32)> {
    let Ok((assignment, _)) = decode_versioned::<ConsumerProtocolAssignment<'_>>(blob) else {
        return Vec::new();
    };
    let mut partitions: Vec<(String, i32)> = assignment
        .assigned_partitions
        .iter()
        .flat_map(|topic| {
            topic
                .partitions
                .iter()
                .map(|&index| (topic.topic.to_string(), index))
        })
        .collect();
    partitions.sort();
    partitions
}

impl Client {
    /// All groups of all brokers, by id.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn list_groups(&mut self) -> Result<Vec<GroupListing>, ClientError> {
        let brokers = self.metadata(Some(&[]), false).await?.brokers;
        let mut groups = Vec::new();
        for broker in brokers {
            let request = ListGroupsRequest::default();
            let answer = self
                .ask_node(broker.id, &request, i16::MAX, Duration::ZERO)
                .await?;
            let response = answer.read()?;
            ClientError::check(response.error_code, &format!("broker {}", broker.id), None)?;
            groups.extend(response.groups.iter().map(|group| GroupListing {
                id: group.group_id.to_string(),
                protocol_type: group.protocol_type.to_string(),
                state: group.group_state.to_string(),
                kind: group.group_type.to_lowercase(),
            }));
        }
        groups.sort();
        groups.dedup();
        Ok(groups)
    }

    /// Who is in a group and what it does.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`: `GroupIdNotFound` when there is no such group.
    pub async fn describe_group(&mut self, group: &str) -> Result<GroupDescription, ClientError> {
        let coordinator = self.coordinator(group).await?;
        let request = DescribeGroupsRequest {
            groups: vec![group.into()],
            ..DescribeGroupsRequest::default()
        };
        let answer = self
            .ask_node(coordinator, &request, i16::MAX, Duration::ZERO)
            .await?;
        let response = answer.read()?;
        let missing = || ClientError::refused(ErrorCode::GroupIdNotFound, &about(group), None);
        let described = response.groups.first().ok_or_else(missing)?;
        let is_missing = described.error_code == ErrorCode::GroupIdNotFound.to_i16()
            || described.error_code == 0 && described.group_state == "Dead";
        if is_missing {
            // Perhaps a group of the newer protocol, which has a call of its own.
            return self
                .describe_consumer_group(coordinator, group)
                .await?
                .ok_or_else(missing);
        }
        let message = described.error_message.as_deref();
        ClientError::check(described.error_code, &about(group), message)?;
        Ok(GroupDescription {
            id: group.to_owned(),
            state: described.group_state.to_string(),
            assignor: described.protocol_data.to_string(),
            members: described
                .members
                .iter()
                .map(|member| GroupMember {
                    id: member.member_id.to_string(),
                    instance_id: member.group_instance_id.as_deref().map(str::to_owned),
                    client_id: member.client_id.to_string(),
                    host: member.client_host.to_string(),
                    assignment: assigned_partitions(&member.member_assignment),
                })
                .collect(),
        })
    }

    async fn describe_consumer_group(
        &mut self,
        coordinator: i32,
        group: &str,
    ) -> Result<Option<GroupDescription>, ClientError> {
        let request = ConsumerGroupDescribeRequest {
            group_ids: vec![group.into()],
            ..ConsumerGroupDescribeRequest::default()
        };
        let connection = self.node(coordinator).await?;
        let answer = match connection.call(&request).await {
            Err(ClientError::NotOffered { .. }) => return Ok(None),
            other => other?,
        };
        let response = answer.read()?;
        let Some(described) = response
            .groups
            .first()
            .filter(|group| group.error_code == 0)
        else {
            return Ok(None);
        };
        let members = described.members.iter().map(|member| GroupMember {
            id: member.member_id.to_string(),
            instance_id: member.instance_id.as_deref().map(str::to_owned),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            assignment: member
                .assignment
                .topic_partitions
                .iter()
                .flat_map(|topic| {
                    topic
                        .partitions
                        .iter()
                        .map(|&index| (topic.topic_name.to_string(), index))
                })
                .collect(),
        });
        Ok(Some(GroupDescription {
            id: group.to_owned(),
            state: described.group_state.to_string(),
            assignor: described.assignor_name.to_string(),
            members: members.collect(),
        }))
    }

    /// Everything a group has committed, by topic and partition.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn committed_offsets(
        &mut self,
        group: &str,
    ) -> Result<Vec<CommittedOffset>, ClientError> {
        let coordinator = self.coordinator(group).await?;
        let request = OffsetFetchRequest {
            group_id: group.into(),
            topics: None,
            ..OffsetFetchRequest::default()
        };
        let answer = self
            .ask_node(coordinator, &request, OFFSET_FETCH_CEILING, Duration::ZERO)
            .await?;
        let response = answer.read()?;
        ClientError::check(response.error_code, &about(group), None)?;
        let mut offsets = Vec::new();
        for topic in &response.topics {
            for partition in &topic.partitions {
                let what = format!(
                    "{} {}-{}",
                    about(group),
                    topic.name,
                    partition.partition_index
                );
                ClientError::check(partition.error_code, &what, None)?;
                offsets.push(CommittedOffset {
                    topic: topic.name.to_string(),
                    partition: partition.partition_index,
                    offset: partition.committed_offset,
                    metadata: partition.metadata.as_deref().unwrap_or_default().to_owned(),
                });
            }
        }
        offsets.retain(|committed| committed.offset >= 0);
        offsets.sort();
        Ok(offsets)
    }

    /// Commits offsets: as a member, or from outside of a group that has no members.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`: `UnknownMemberId` when a group has members and
    /// `member` is none.
    pub async fn commit_offsets(
        &mut self,
        group: &str,
        member: Option<&Membership>,
        offsets: &[CommittedOffset],
    ) -> Result<(), ClientError> {
        let coordinator = self.coordinator(group).await?;
        let mut topics: Vec<OffsetCommitRequestTopic<'_>> = Vec::new();
        for committed in offsets {
            let partition = OffsetCommitRequestPartition {
                partition_index: committed.partition,
                committed_offset: committed.offset,
                committed_metadata: Some(committed.metadata.as_str().into()),
                ..OffsetCommitRequestPartition::default()
            };
            match topics
                .iter_mut()
                .find(|topic| topic.name == committed.topic)
            {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(OffsetCommitRequestTopic {
                    name: committed.topic.as_str().into(),
                    partitions: vec![partition],
                    ..OffsetCommitRequestTopic::default()
                }),
            }
        }
        let request = OffsetCommitRequest {
            group_id: group.into(),
            generation_id_or_member_epoch: member.map_or(-1, Membership::generation),
            member_id: member.map_or("", Membership::member_id).into(),
            topics,
            ..OffsetCommitRequest::default()
        };
        let answer = self
            .ask_node(coordinator, &request, OFFSET_COMMIT_CEILING, Duration::ZERO)
            .await?;
        for topic in &answer.read()?.topics {
            for partition in &topic.partitions {
                let what = format!(
                    "{} {}-{}",
                    about(group),
                    topic.name,
                    partition.partition_index
                );
                ClientError::check(partition.error_code, &what, None)?;
            }
        }
        Ok(())
    }

    /// Deletes a group and its offsets.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`: `NonEmptyGroup` when it has members.
    pub async fn delete_group(&mut self, group: &str) -> Result<(), ClientError> {
        let coordinator = self.coordinator(group).await?;
        let request = DeleteGroupsRequest {
            groups_names: vec![group.into()],
        };
        let answer = self
            .ask_node(coordinator, &request, i16::MAX, Duration::ZERO)
            .await?;
        for result in &answer.read()?.results {
            ClientError::check(result.error_code, &about(group), None)?;
        }
        Ok(())
    }
}
