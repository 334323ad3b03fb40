//! Membership in a consumer group: join, get partitions, stay alive, leave.
//!
//! Speaks the classic protocol with the assignor "range", which every other client knows too, so
//! a command can stand in for any consumer. When it is elected to divide the partitions, it does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use kafka_wire::consumer_protocol_assignment::TopicPartition;
use kafka_wire::join_group_request::JoinGroupRequestProtocol;
use kafka_wire::leave_group_request::MemberIdentity;
use kafka_wire::sync_group_request::SyncGroupRequestAssignment;
use kafka_wire::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, ErrorCode, HeartbeatRequest,
    JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, SyncGroupRequest, decode_versioned,
    encode_versioned,
};

use super::cluster::Client;
use super::error::ClientError;
use super::groups::assigned_partitions;

const PROTOCOL_TYPE: &str = "consumer";
const ASSIGNOR: &str = "range";
/// Version of the subscription and assignment blobs: the first is all that is needed.
const BLOB_VERSION: i16 = 0;
/// The coordinator removes a member that was silent for this long, in ms.
const SESSION_TIMEOUT_MS: i32 = 30_000;
/// How long the coordinator waits for all members to rejoin, in ms.
const REBALANCE_TIMEOUT_MS: i32 = 60_000;
/// Rounds of joining before giving up.
const ATTEMPTS_MAX: usize = 20;

/// A place in a group, valid until a rebalance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    group: String,
    member_id: String,
    generation: i32,
    coordinator: i32,
    assignment: Vec<(String, i32)>,
}

/// What a heartbeat brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeat {
    /// All is well.
    Member,
    /// The group divides its partitions anew: commit, then join again.
    Rebalance,
}

enum Joined {
    Done(Membership),
    Again,
}

impl Membership {
    /// How often to send a heartbeat.
    pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

    /// The coordinator's name for this member.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// Number of the division of partitions this belongs to.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// Topics and partitions that are this member's.
    pub fn assignment(&self) -> &[(String, i32)] {
        &self.assignment
    }

    /// Joins a group that reads `topics`. `member_id` is empty for who is new, and holds what the
    /// coordinator called the member as soon as that is known: who gives up waiting, can still
    /// [`Self::leave`].
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn join(
        client: &mut Client,
        group: &str,
        topics: &[String],
        member_id: &mut String,
    ) -> Result<Self, ClientError> {
        for _ in 0..ATTEMPTS_MAX {
            let coordinator = client.coordinator(group).await?;
            match join_once(client, coordinator, group, topics, member_id).await? {
                Joined::Done(membership) => return Ok(membership),
                Joined::Again => {}
            }
        }
        let code = ErrorCode::RebalanceInProgress;
        let message = "the group does not settle";
        Err(ClientError::refused(
            code,
            &format!("group {group}"),
            Some(message),
        ))
    }

    /// Tells the coordinator that the member lives.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn heartbeat(&self, client: &mut Client) -> Result<Heartbeat, ClientError> {
        let request = HeartbeatRequest {
            group_id: self.group.as_str().into(),
            generation_id: self.generation,
            member_id: self.member_id.as_str().into(),
            group_instance_id: None,
        };
        let answer = client
            .ask_node(self.coordinator, &request, i16::MAX, Duration::ZERO)
            .await?;
        let code = answer.read()?.error_code;
        match ErrorCode::from_i16(code) {
            Some(
                ErrorCode::RebalanceInProgress
                | ErrorCode::IllegalGeneration
                | ErrorCode::UnknownMemberId
                | ErrorCode::NotCoordinator,
            ) => Ok(Heartbeat::Rebalance),
            _ => {
                ClientError::check(code, &format!("group {}", self.group), None)?;
                Ok(Heartbeat::Member)
            }
        }
    }

    /// Takes a member out of a group, so that the others get its partitions at once.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn leave(
        client: &mut Client,
        group: &str,
        member_id: &str,
    ) -> Result<(), ClientError> {
        let coordinator = client.coordinator(group).await?;
        let connection = client.node(coordinator).await?;
        let version = connection.version_of(kafka_wire::ApiKey::LeaveGroup, i16::MAX)?;
        let mut request = LeaveGroupRequest {
            group_id: group.into(),
            ..Default::default()
        };
        if version >= 3 {
            let member_id = member_id.into();
            request.members = vec![MemberIdentity {
                member_id,
                ..Default::default()
            }];
        } else {
            request.member_id = member_id.into();
        }
        let answer = connection.call(&request).await?;
        ClientError::check(answer.read()?.error_code, &format!("group {group}"), None)
    }
}

async fn join_once(
    client: &mut Client,
    coordinator: i32,
    group: &str,
    topics: &[String],
    member_id: &mut String,
) -> Result<Joined, ClientError> {
    let subscription = ConsumerProtocolSubscription {
        topics: topics
            .iter()
            .map(|topic| Cow::from(topic.as_str()))
            .collect(),
        ..Default::default()
    };
    let request = JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: SESSION_TIMEOUT_MS,
        rebalance_timeout_ms: REBALANCE_TIMEOUT_MS,
        member_id: member_id.clone().into(),
        protocol_type: PROTOCOL_TYPE.into(),
        protocols: vec![JoinGroupRequestProtocol {
            name: ASSIGNOR.into(),
            metadata: encode_versioned(&subscription, BLOB_VERSION)?.into(),
        }],
        ..JoinGroupRequest::default()
    };
    let longer = Duration::from_millis(u64::from(REBALANCE_TIMEOUT_MS.unsigned_abs()));
    let answer = client
        .ask_node(coordinator, &request, i16::MAX, longer)
        .await?;
    let response = answer.read()?;
    match ErrorCode::from_i16(response.error_code) {
        Some(ErrorCode::MemberIdRequired) => {
            *member_id = response.member_id.to_string();
            return Ok(Joined::Again);
        }
        Some(ErrorCode::UnknownMemberId) => {
            member_id.clear();
            return Ok(Joined::Again);
        }
        code => {
            if may_settle(code) {
                tokio::time::sleep(Duration::from_millis(200)).await;
                return Ok(Joined::Again);
            }
            ClientError::check(response.error_code, &format!("group {group}"), None)?;
        }
    }
    *member_id = response.member_id.to_string();
    let mut assignments = Vec::new();
    if response.leader == response.member_id {
        assignments = divide(client, &response).await?;
    }
    sync(client, coordinator, group, &response, assignments).await
}

/// Whether the same request may do better after a pause.
fn may_settle(code: Option<ErrorCode>) -> bool {
    matches!(
        code,
        Some(
            ErrorCode::NotCoordinator
                | ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::CoordinatorNotAvailable
                | ErrorCode::RebalanceInProgress
        )
    )
}

async fn sync(
    client: &mut Client,
    coordinator: i32,
    group: &str,
    joined: &JoinGroupResponse<'_>,
    assignments: Vec<SyncGroupRequestAssignment<'_>>,
) -> Result<Joined, ClientError> {
    let request = SyncGroupRequest {
        group_id: group.into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        group_instance_id: None,
        protocol_type: Some(PROTOCOL_TYPE.into()),
        protocol_name: Some(ASSIGNOR.into()),
        assignments,
    };
    let longer = Duration::from_millis(u64::from(REBALANCE_TIMEOUT_MS.unsigned_abs()));
    let answer = client
        .ask_node(coordinator, &request, i16::MAX, longer)
        .await?;
    let response = answer.read()?;
    if may_settle(ErrorCode::from_i16(response.error_code)) {
        return Ok(Joined::Again);
    }
    ClientError::check(response.error_code, &format!("group {group}"), None)?;
    Ok(Joined::Done(Membership {
        group: group.to_owned(),
        member_id: joined.member_id.to_string(),
        generation: joined.generation_id,
        coordinator,
        assignment: assigned_partitions(&response.assignment),
    }))
}

/// As the elected member: who gets what.
async fn divide<'a>(
    client: &mut Client,
    joined: &JoinGroupResponse<'_>,
) -> Result<Vec<SyncGroupRequestAssignment<'a>>, ClientError> {
    let mut wishes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for member in &joined.members {
        let Ok((subscription, _)) =
            decode_versioned::<ConsumerProtocolSubscription<'_>>(&member.metadata)
        else {
            continue;
        };
        for topic in &subscription.topics {
            wishes
                .entry(topic.to_string())
                .or_default()
                .push(member.member_id.to_string());
        }
    }
    let names: Vec<&str> = wishes.keys().map(String::as_str).collect();
    let metadata = client.metadata(Some(&names), false).await?;
    let mut shares: BTreeMap<String, Vec<TopicPartition<'a>>> = joined
        .members
        .iter()
        .map(|member| (member.member_id.to_string(), Vec::new()))
        .collect();
    for topic in metadata.topics {
        let Some(members) = wishes.get_mut(&topic.name) else {
            continue;
        };
        members.sort();
        let indexes: Vec<i32> = topic.partitions.iter().map(|one| one.index).collect();
        for (member, partitions) in ranges(members, &indexes) {
            shares
                .entry(member.clone())
                .or_default()
                .push(TopicPartition {
                    topic: topic.name.clone().into(),
                    partitions: partitions.to_vec(),
                });
        }
    }
    let mut assignments = Vec::new();
    for (member_id, assigned_partitions) in shares {
        let assignment = ConsumerProtocolAssignment {
            assigned_partitions,
            user_data: None,
        };
        assignments.push(SyncGroupRequestAssignment {
            member_id: member_id.into(),
            assignment: encode_versioned(&assignment, BLOB_VERSION)?.into(),
        });
    }
    Ok(assignments)
}

/// Consecutive shares of nearly equal length; the first ones get the rest. Nobody gets nothing.
fn ranges<'m, 'p>(
    members: &'m [String],
    partitions: &'p [i32],
) -> impl Iterator<Item = (&'m String, &'p [i32])> {
    let each = partitions.len() / members.len().max(1);
    let longer = partitions.len() % members.len().max(1);
    let mut rest = partitions;
    let shares = members.iter().enumerate().map(move |(at, member)| {
        let (share, after) = rest.split_at((each + usize::from(at < longer)).min(rest.len()));
        rest = after;
        (member, share)
    });
    shares.filter(|(_, share)| !share.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_partition_once_and_in_order() {
        for (members, partitions, lengths) in [
            (1, 0, vec![]),
            (1, 5, vec![5]),
            (2, 5, vec![3, 2]),
            (3, 2, vec![1, 1]),
            (4, 9, vec![3, 2, 2, 2]),
        ] {
            let members: Vec<String> = (0..members).map(|n| format!("m{n}")).collect();
            let partitions: Vec<i32> = (0..partitions).collect();
            let shares: Vec<_> = ranges(&members, &partitions).collect();
            let got: Vec<usize> = shares.iter().map(|(_, share)| share.len()).collect();
            assert_eq!(got, lengths);
            let all: Vec<i32> = shares
                .iter()
                .flat_map(|(_, share)| share.to_vec())
                .collect();
            assert_eq!(all, partitions);
        }
    }
}
