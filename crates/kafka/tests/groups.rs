//! Consumer groups over a real socket: parked requests, pipelines, connections that go away, stopping.

mod served;

use std::borrow::Cow;
use std::thread;

use kafka::config::Layers;
use kafka_wire::join_group_request::JoinGroupRequestProtocol;
use kafka_wire::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_wire::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_wire::sync_group_request::SyncGroupRequestAssignment;
use kafka_wire::{
    FindCoordinatorRequest, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest,
    JoinGroupResponse, Message, MetadataRequest, OffsetCommitRequest, OffsetCommitResponse,
    OffsetFetchRequest, Reader, SyncGroupRequest,
};
use served::{Client, Served};

const JOIN: i16 = 3;
const SYNC: i16 = 2;
const BEAT: i16 = 2;

fn served() -> Served {
    let served = Served::start();
    assert_eq!(find(&mut served.client()), 0);
    served
}

fn find(client: &mut Client) -> i16 {
    let request = FindCoordinatorRequest {
        key: "g".into(),
        ..Default::default()
    };
    client.call(&request, 3).error_code
}

fn join(member: &str) -> JoinGroupRequest<'_> {
    JoinGroupRequest {
        group_id: "g".into(),
        session_timeout_ms: 6000,
        rebalance_timeout_ms: 60_000,
        member_id: member.into(),
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol {
            name: "range".into(),
            metadata: Cow::Borrowed(&[0, 0, 0, 0, 0, 0]),
        }],
        ..Default::default()
    }
}

fn sync<'a>(member: &'a str, generation_id: i32, parts: &[&'a str]) -> SyncGroupRequest<'a> {
    let part = |id: &&'a str| SyncGroupRequestAssignment {
        member_id: Cow::Borrowed(id),
        assignment: Cow::Borrowed(id.as_bytes()),
    };
    SyncGroupRequest {
        group_id: "g".into(),
        generation_id,
        member_id: member.into(),
        assignments: parts.iter().map(part).collect(),
        ..Default::default()
    }
}

fn beat(member: &str, generation_id: i32) -> HeartbeatRequest<'_> {
    HeartbeatRequest {
        group_id: "g".into(),
        generation_id,
        member_id: member.into(),
        group_instance_id: None,
    }
}

fn joined(client: &mut Client, id: i32) -> JoinGroupResponse<'static> {
    let body = client.receive::<JoinGroupRequest<'_>>(id, JOIN).leak();
    JoinGroupResponse::decode(&mut Reader::new(body), JOIN).expect("decodes")
}

#[test]
fn two_members_form_a_group_while_one_waits_for_the_other() {
    let served = served();
    let (mut a, mut b) = (served.client(), served.client());
    let first = a.call(&join(""), JOIN);
    assert_eq!((first.error_code, first.generation_id), (0, 1));
    let waiting = b.send(&join(""), JOIN);
    // A request behind the parked join is taken, and answered after it.
    let behind = b.send(&beat("stranger", 1), BEAT);
    while a.call(&beat(&first.member_id, 1), BEAT).error_code == 0 {
        thread::yield_now();
    }
    let again = a.call(&join(&first.member_id), JOIN);
    assert_eq!((again.generation_id, again.members.len()), (2, 2));
    let second = joined(&mut b, waiting);
    assert_eq!(
        (second.generation_id, second.leader),
        (2, first.member_id.clone())
    );
    let body = b.receive::<HeartbeatRequest<'_>>(behind, BEAT);
    let answer = HeartbeatResponse::decode(&mut Reader::new(&body), BEAT).expect("decodes");
    assert_eq!(answer.error_code, 25);

    let parts = [&*first.member_id, &*second.member_id];
    let part = a.call(&sync(parts[0], 2, &parts), SYNC).assignment;
    assert_eq!(part, parts[0].as_bytes());
    let part = b.call(&sync(parts[1], 2, &[]), SYNC).assignment;
    assert_eq!(part, parts[1].as_bytes());
    served.stop();
}

#[test]
fn a_member_whose_connection_goes_away_in_mid_join_does_not_stop_the_others() {
    let served = served();
    let mut a = served.client();
    let first = a.call(&join(""), JOIN);
    let mut b = served.client();
    b.send(&join(""), JOIN);
    while a.call(&beat(&first.member_id, 1), BEAT).error_code == 0 {
        thread::yield_now();
    }
    drop(b);
    let again = a.call(&join(&first.member_id), JOIN);
    assert_eq!((again.error_code, again.generation_id), (0, 2));
    let part = a.call(&sync(&first.member_id, 2, &[&first.member_id]), SYNC);
    assert_eq!(
        (part.error_code, &*part.assignment),
        (0, first.member_id.as_bytes())
    );
    served.stop();
}

#[test]
fn stopping_answers_members_that_wait() {
    let mut layers = Layers::default();
    layers
        .set_fixed("group.initial.rebalance.delay.ms", "600000")
        .expect("a setting");
    let served = Served::with(layers);
    let mut client = served.client();
    assert_eq!(find(&mut client), 0);
    let mut request = join("");
    request.rebalance_timeout_ms = 600_000;
    let waiting = client.send(&request, JOIN);
    // The join is parked once the group is listed.
    let mut other = served.client();
    while other
        .call(&kafka_wire::ListGroupsRequest::default(), 0)
        .groups
        .is_empty()
    {
        thread::yield_now();
    }
    served.stop();
    assert_eq!(joined(&mut client, waiting).error_code, 16);
}

#[test]
fn clients_that_come_while_the_offsets_topic_is_made_are_served_at_once() {
    let served = Served::start();
    let mut client = served.client();
    client.call(
        &MetadataRequest {
            topics: Some(vec![kafka_wire::metadata_request::MetadataRequestTopic {
                name: Some("t".into()),
                ..Default::default()
            }]),
            ..Default::default()
        },
        4,
    );
    thread::scope(|scope| {
        let works = |n: i64| {
            let mut client = served.client();
            assert_eq!(find(&mut client), 0);
            let group = format!("g-{n}");
            let answer: OffsetCommitResponse<'_> = client.call(&commit(&group, n), 8);
            assert_eq!(answer.topics[0].partitions[0].error_code, 0, "{group}");
        };
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || works(n))).collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("works"));
    });
    for n in 0..8 {
        let group = OffsetFetchRequestGroup {
            group_id: format!("g-{n}").into(),
            topics: None,
            ..Default::default()
        };
        let request = OffsetFetchRequest {
            groups: vec![group],
            ..Default::default()
        };
        let answer = client.call(&request, 8);
        assert_eq!(answer.groups[0].topics[0].partitions[0].committed_offset, n);
    }
    served.stop();
}

fn commit(group: &str, offset: i64) -> OffsetCommitRequest<'_> {
    OffsetCommitRequest {
        group_id: group.into(),
        topics: vec![OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: offset,
                committed_metadata: Some("".into()),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}
