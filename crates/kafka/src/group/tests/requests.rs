//! Odd requests and the errors they get, through the wire's bytes both ways.

use std::borrow::Cow;

use kafka_wire::describe_groups_request::DescribeGroupsRequest;
use kafka_wire::heartbeat_request::HeartbeatRequest;
use kafka_wire::join_group_request::{JoinGroupRequest, JoinGroupRequestProtocol};
use kafka_wire::join_group_response::JoinGroupResponse;
use kafka_wire::leave_group_request::{LeaveGroupRequest, MemberIdentity};
use kafka_wire::list_groups_request::ListGroupsRequest;
use kafka_wire::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_wire::offset_delete_request::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_wire::offset_fetch_request::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_wire::sync_group_request::{SyncGroupRequest, SyncGroupRequestAssignment};
use kafka_wire::{DeleteGroupsRequest, Message, Reader, Uuid, Writer};

use super::*;
use crate::api;
use crate::group::caller::Caller;
use crate::group::topics::{Topic, Topics};

const KNOWN: Uuid = Uuid([1; 16]);

/// One topic, "t", with two partitions.
struct OneTopic;

impl Topics for OneTopic {
    fn by_name(&self, name: &str) -> Option<Topic> {
        (name == "t").then_some(Topic {
            id: TopicId(KNOWN.0),
            partitions: 2,
        })
    }

    fn name_of(&self, id: TopicId) -> Option<Arc<str>> {
        (id == TopicId(KNOWN.0)).then(|| "t".into())
    }
}

fn caller(version: i16) -> Caller<'static> {
    Caller {
        version,
        client_id: "client",
        host: "/127.0.0.1".to_owned(),
    }
}

/// What the server reads when a client sends `message`, and the other way round.
fn over_the_wire<'a, M: Message<'a>>(message: &M, version: i16, bytes: &'a mut Vec<u8>) -> M {
    let mut writer = Writer::new();
    message
        .encode(&mut writer, version)
        .unwrap_or_else(|error| panic!("{}: {error}", M::NAME));
    *bytes = writer.into_vec();
    let mut reader = Reader::new(bytes);
    let read = M::decode(&mut reader, version).expect("decodes");
    reader.finish().expect("nothing left over");
    read
}

/// Sends a request of `$version` to `$call` and brings the response back.
macro_rules! send {
    ($version:expr, $request:expr, |$read:ident| $call:expr, $back:ident) => {{
        let mut bytes = Vec::new();
        let request = $request;
        let $read = over_the_wire(&request, $version, &mut bytes);
        let response = $call.await;
        let mut bytes = Vec::new();
        let $back = over_the_wire(&response, $version, &mut bytes);
        $back.into_owned()
    }};
}

fn join(group: &'static str, member: &str) -> JoinGroupRequest<'static> {
    JoinGroupRequest {
        group_id: Cow::Borrowed(group),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: -1,
        member_id: Cow::Owned(member.to_owned()),
        protocol_type: Cow::Borrowed("consumer"),
        protocols: vec![JoinGroupRequestProtocol {
            name: Cow::Borrowed("range"),
            metadata: Cow::Borrowed(&[0, 0, 0, 0, 0, 1, 0, 1, b't']),
        }],
        ..JoinGroupRequest::default()
    }
}

async fn send_join(
    server: &Coordinator,
    version: i16,
    request: JoinGroupRequest<'static>,
) -> (i16, String) {
    let who = caller(version);
    let mut bytes = Vec::new();
    let read = over_the_wire(&request, version, &mut bytes);
    let response = api::join_group::answer(server, &who, read).await;
    let mut bytes = Vec::new();
    let back: JoinGroupResponse<'_> = over_the_wire(&response, version, &mut bytes);
    (back.error_code, back.member_id.into_owned())
}

async fn send_sync(server: &Coordinator, version: i16, request: SyncGroupRequest<'static>) -> i16 {
    let who = caller(version);
    send!(
        version,
        request,
        |read| api::sync_group::answer(server, &who, read),
        back
    )
    .error_code
}

fn sync(group: &'static str, member: &str, generation: i32) -> SyncGroupRequest<'static> {
    SyncGroupRequest {
        group_id: Cow::Borrowed(group),
        generation_id: generation,
        member_id: Cow::Owned(member.to_owned()),
        ..SyncGroupRequest::default()
    }
}

/// A group "live" with a static member "one", stable in generation 1. Returns its id.
async fn live(server: &Coordinator) -> String {
    let request = JoinGroupRequest {
        group_instance_id: Some("one".into()),
        ..join("live", "")
    };
    let (error, id) = send_join(server, 5, request).await;
    assert_eq!(error, 0);
    let request = SyncGroupRequest {
        assignments: vec![SyncGroupRequestAssignment {
            member_id: Cow::Owned(id.clone()),
            assignment: Cow::Borrowed(b"part"),
        }],
        ..sync("live", &id, 1)
    };
    assert_eq!(send_sync(server, 3, request).await, 0);
    id
}

/// `request`, changed.
fn with<R>(mut request: R, change: impl FnOnce(&mut R)) -> R {
    change(&mut request);
    request
}

#[tokio::test(start_paused = true)]
async fn odd_joins_are_refused() {
    let (_, _, server) = fresh();
    let id = live(&server).await;
    let session = |ms| with(join("g", ""), |r| r.session_timeout_ms = ms);
    let named = |name: &'static str, id: &str| {
        with(join("live", id), |r| {
            r.group_instance_id = Some(name.into())
        })
    };
    for (what, version, request, expected) in [
        ("no group", 0, join("", ""), 24),
        ("short session", 0, session(1), 26),
        ("negative session", 0, session(-1), 26),
        ("long session", 0, session(i32::MAX), 26),
        (
            "no protocols",
            0,
            with(join("g", ""), |r| r.protocols.clear()),
            23,
        ),
        (
            "no type",
            0,
            with(join("g", ""), |r| r.protocol_type = "".into()),
            23,
        ),
        (
            "other type",
            0,
            with(join("live", ""), |r| r.protocol_type = "x".into()),
            23,
        ),
        ("stranger, no group", 1, join("g", "stranger"), 25),
        ("stranger", 2, join("live", "stranger"), 25),
        ("no id yet", 4, join("g", ""), 79),
        ("no id yet, flexible", 9, join("g", ""), 79),
        ("another's name", 5, named("one", "stranger"), 82),
        ("unknown name", 7, named("two", &id), 25),
    ] {
        let (error, member) = send_join(&server, version, request).await;
        assert_eq!(error, expected, "{what}");
        assert_eq!(
            member.is_empty(),
            matches!(expected, 23 | 24 | 26),
            "{what}"
        );
    }
    let groups = server.list().await.map(|l| l.len());
    assert_eq!(groups, Ok(2), "live, and g with two promises");
}

#[tokio::test(start_paused = true)]
async fn odd_syncs_are_refused() {
    let (_, _, server) = fresh();
    let id = live(&server).await;
    let named = |kind: Option<&'static str>, name: Option<&'static str>| {
        with(sync("live", &id, 1), |r| {
            r.protocol_type = kind.map(Cow::Borrowed);
            r.protocol_name = name.map(Cow::Borrowed);
        })
    };
    for (what, version, request, expected) in [
        ("no group", 0, sync("", "m", 1), 24),
        ("missing group", 0, sync("g", "m", 1), 25),
        ("stranger", 1, sync("live", "m", 1), 25),
        ("old generation", 2, sync("live", &id, 0), 22),
        ("no protocol", 5, named(None, None), 23),
        ("half a protocol", 5, named(Some("consumer"), None), 23),
        (
            "other protocol",
            5,
            named(Some("consumer"), Some("sticky")),
            23,
        ),
        ("right", 5, named(Some("consumer"), Some("range")), 0),
    ] {
        assert_eq!(
            send_sync(&server, version, request).await,
            expected,
            "{what}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn odd_heartbeats_are_refused() {
    let (_, _, server) = fresh();
    let id = live(&server).await;
    for (what, group, member, instance, generation, expected) in [
        ("no group", "", "m", None, 1, 24),
        ("missing group", "g", "m", None, 1, 25),
        ("stranger", "live", "m", None, 1, 25),
        ("old generation", "live", &*id, None, 7, 22),
        ("fenced", "live", "m", Some("one"), 1, 82),
        ("unknown name", "live", &*id, Some("two"), 1, 25),
        ("right", "live", &*id, Some("one"), 1, 0),
    ] {
        let request = HeartbeatRequest {
            group_id: group.into(),
            generation_id: generation,
            member_id: member.into(),
            group_instance_id: instance.map(Cow::Borrowed),
        };
        let mut bytes = Vec::new();
        let read = over_the_wire(&request, 4, &mut bytes);
        let got = api::heartbeat::answer(&server, read).await.error_code;
        assert_eq!(got, expected, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_leaves_are_refused() {
    let (_, _, server) = fresh();
    live(&server).await;
    let who = |member: &'static str, name: Option<&'static str>| MemberIdentity {
        member_id: member.into(),
        group_instance_id: name.map(Cow::Borrowed),
        reason: None,
    };
    for (group, version, expected) in [("", 0, 24), ("g", 0, 25), ("live", 2, 25), ("", 5, 24)] {
        let request = LeaveGroupRequest {
            group_id: group.into(),
            member_id: if version < 3 { "m".into() } else { "".into() },
            members: if version < 3 {
                vec![]
            } else {
                vec![who("m", None)]
            },
        };
        let from = caller(version);
        let back = send!(
            version,
            request,
            |read| api::leave_group::answer(&server, &from, read),
            back
        );
        assert_eq!(
            (back.error_code, back.members.len()),
            (expected, 0),
            "{group} {version}"
        );
    }
    let request = LeaveGroupRequest {
        group_id: "live".into(),
        members: vec![
            who("m", None),
            who("m", Some("one")),
            who("", Some("two")),
            who("", None),
        ],
        ..LeaveGroupRequest::default()
    };
    let from = caller(4);
    let back = send!(
        4,
        request,
        |read| api::leave_group::answer(&server, &from, read),
        back
    );
    let codes: Vec<_> = back
        .members
        .iter()
        .map(|member| member.error_code)
        .collect();
    assert_eq!((back.error_code, codes), (0, vec![25, 82, 25, 25]));
}

fn commit_of(
    group: &'static str,
    topic: &'static str,
    id: Uuid,
    partition: i32,
    text: &str,
) -> OffsetCommitRequest<'static> {
    OffsetCommitRequest {
        group_id: group.into(),
        topics: vec![OffsetCommitRequestTopic {
            name: topic.into(),
            topic_id: id,
            partitions: vec![OffsetCommitRequestPartition {
                partition_index: partition,
                committed_offset: 5,
                committed_leader_epoch: -1,
                committed_metadata: Some(Cow::Owned(text.to_owned())),
            }],
        }],
        ..OffsetCommitRequest::default()
    }
}

#[tokio::test(start_paused = true)]
async fn odd_commits_are_refused() {
    let (disk, _, server) = fresh();
    let id = live(&server).await;
    let before = disk.count();
    let zero = Uuid::ZERO;
    let long = "x".repeat(4097);
    let plain = |group: &'static str| commit_of(group, "t", zero, 0, "");
    for (what, version, request, expected) in [
        ("unknown topic", 2, commit_of("g", "nope", zero, 0, ""), 3),
        (
            "unknown id",
            10,
            commit_of("g", "", Uuid([9; 16]), 0, ""),
            100,
        ),
        ("no id", 10, commit_of("g", "", zero, 0, ""), 100),
        ("no such partition", 8, commit_of("g", "t", zero, 2, ""), 3),
        (
            "negative partition",
            8,
            commit_of("g", "t", zero, -1, ""),
            3,
        ),
        ("long text", 8, commit_of("g", "t", zero, 0, &long), 12),
        (
            "long text of a stranger",
            8,
            by("m", 1, commit_of("live", "t", zero, 0, &long)),
            25,
        ),
        ("member of nothing", 8, by("m", 1, plain("g")), 22),
        ("member of nothing, newer", 9, by("m", 1, plain("g")), 69),
        ("stranger", 8, by("m", 1, plain("live")), 25),
        ("outsider", 8, plain("live"), 25),
        ("old generation", 8, by(&id, 0, plain("live")), 22),
        ("fenced", 8, named_one(by("m", 1, plain("live"))), 82),
    ] {
        assert_eq!(
            send_commit(&server, version, request).await,
            expected,
            "{what}"
        );
    }
    assert_eq!(disk.count(), before, "nothing was written");
    for (what, version, request) in [
        ("member", 8, by(&id, 1, plain("live"))),
        ("simple", 2, plain("")),
        ("by id", 10, commit_of("g", "", KNOWN, 1, "note")),
    ] {
        assert_eq!(send_commit(&server, version, request).await, 0, "{what}");
    }
    assert_eq!(disk.count(), before + 3);
}

fn by(
    id: &str,
    generation: i32,
    request: OffsetCommitRequest<'static>,
) -> OffsetCommitRequest<'static> {
    with(request, |r| {
        r.member_id = Cow::Owned(id.to_owned());
        r.generation_id_or_member_epoch = generation;
    })
}

fn named_one(request: OffsetCommitRequest<'static>) -> OffsetCommitRequest<'static> {
    with(request, |r| r.group_instance_id = Some("one".into()))
}

async fn send_commit(
    server: &Coordinator,
    version: i16,
    request: OffsetCommitRequest<'static>,
) -> i16 {
    let from = caller(version);
    let back = send!(
        version,
        request,
        |read| api::offset_commit::answer(server, &OneTopic, &from, read),
        back
    );
    back.topics[0].partitions[0].error_code
}

fn fetch_of(
    version: i16,
    group: &'static str,
    topic: &'static str,
    id: Uuid,
) -> OffsetFetchRequest<'static> {
    if version < 8 {
        return OffsetFetchRequest {
            group_id: group.into(),
            topics: Some(vec![OffsetFetchRequestTopic {
                name: topic.into(),
                partition_indexes: vec![0, 1],
            }]),
            ..OffsetFetchRequest::default()
        };
    }
    OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.into(),
            topics: Some(vec![OffsetFetchRequestTopics {
                name: topic.into(),
                topic_id: id,
                partition_indexes: vec![0, 1],
            }]),
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequest::default()
    }
}

/// Group error, then offset, text and error of each partition, whatever the version's form.
async fn fetched(
    server: &Coordinator,
    version: i16,
    request: OffsetFetchRequest<'static>,
) -> (i16, Vec<(i64, String, i16)>) {
    let back = send!(
        version,
        request,
        |read| api::offset_fetch::answer(server, &OneTopic, version, read),
        back
    );
    let text = |text: &Option<Cow<'_, str>>| text.as_deref().unwrap_or("null").to_owned();
    match back.groups.first() {
        Some(group) => {
            let partitions = group.topics.iter().flat_map(|t| &t.partitions);
            let each = partitions.map(|p| (p.committed_offset, text(&p.metadata), p.error_code));
            (group.error_code, each.collect())
        }
        None => {
            let partitions = back.topics.iter().flat_map(|t| &t.partitions);
            let each = partitions.map(|p| (p.committed_offset, text(&p.metadata), p.error_code));
            (back.error_code, each.collect())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn offsets_are_fetched_in_every_version() {
    let (disk, _, server) = fresh();
    let note = NewOffset {
        metadata: "note".into(),
        ..offset("t", 1, 7)
    };
    server
        .commit("g", &nobody(), vec![note])
        .await
        .expect("commits");
    let nothing = (-1, String::new(), 0);
    for version in 1..=10 {
        let topic = if version < 10 { "t" } else { "" };
        let known = (0, vec![nothing.clone(), (7, "note".to_owned(), 0)]);
        let got = fetched(&server, version, fetch_of(version, "g", topic, KNOWN)).await;
        assert_eq!(got, known, "version {version}");
        let got = fetched(&server, version, fetch_of(version, "none", topic, KNOWN)).await;
        assert_eq!(got, (0, vec![nothing.clone(); 2]), "version {version}");
    }
    let refused = (0, vec![(-1, String::new(), 100); 2]);
    assert_eq!(
        fetched(&server, 10, fetch_of(10, "g", "", Uuid([9; 16]))).await,
        refused
    );
    let unknown = (0, vec![nothing; 2]);
    assert_eq!(
        fetched(&server, 9, fetch_of(9, "g", "gone", Uuid::ZERO)).await,
        unknown
    );
    for version in [2, 7, 8, 10] {
        let mut request = fetch_of(version, "g", "", KNOWN);
        request.topics = None;
        request
            .groups
            .iter_mut()
            .for_each(|group| group.topics = None);
        let got = fetched(&server, version, request).await;
        assert_eq!(
            got,
            (0, vec![(7, "note".to_owned(), 0)]),
            "all, version {version}"
        );
    }
    server.close();
    *disk.failing.lock() = Some(JournalError::Broken);
    let server = serve(&disk, &Arc::new(ManualClock::at(0)));
    let (group, partitions) = fetched(&server, 1, fetch_of(1, "g", "t", KNOWN)).await;
    assert_eq!(
        (group, partitions[0].2),
        (0, 16),
        "no group error in version 1"
    );
    assert_eq!(
        fetched(&server, 2, fetch_of(2, "g", "t", KNOWN)).await,
        (16, vec![])
    );
    assert_eq!(
        fetched(&server, 8, fetch_of(8, "g", "t", KNOWN)).await,
        (16, vec![])
    );
}

#[tokio::test(start_paused = true)]
async fn offsets_that_must_stay_are_not_deleted() {
    let (_, _, server) = fresh();
    live(&server).await;
    let worker = with(join("workers", ""), |r| r.protocol_type = "connect".into());
    assert_eq!(send_join(&server, 0, worker).await.0, 0);
    commit(&server, "simple", 1).await.expect("commits");
    let deletes = |group: &'static str, topic: &'static str, partition| OffsetDeleteRequest {
        group_id: group.into(),
        topics: vec![OffsetDeleteRequestTopic {
            name: topic.into(),
            partitions: vec![OffsetDeleteRequestPartition {
                partition_index: partition,
            }],
        }],
    };
    for (what, request, group, partition) in [
        ("no group", deletes("", "t", 0), 24, None),
        ("missing group", deletes("none", "t", 0), 69, None),
        ("not consumers", deletes("workers", "t", 0), 68, None),
        ("unknown topic", deletes("live", "nope", 0), 0, Some(3)),
        ("no such partition", deletes("live", "t", 2), 0, Some(3)),
        ("wanted", deletes("live", "t", 0), 0, Some(86)),
        ("fine", deletes("simple", "t", 0), 0, Some(0)),
    ] {
        let back = send!(
            0,
            request,
            |read| api::offset_delete::answer(&server, &OneTopic, read),
            back
        );
        let error = back
            .topics
            .first()
            .map(|topic| topic.partitions[0].error_code);
        assert_eq!((back.error_code, error), (group, partition), "{what}");
    }
    let names = ["live", "none", "none", "", "workers"].map(Cow::Borrowed);
    let request = DeleteGroupsRequest {
        groups_names: names.to_vec(),
    };
    let back = send!(
        2,
        request,
        |read| api::delete_groups::answer(&server, read),
        back
    );
    let codes: Vec<_> = back
        .results
        .iter()
        .map(|r| (&*r.group_id, r.error_code))
        .collect();
    assert_eq!(
        codes,
        [("live", 68), ("none", 69), ("", 69), ("workers", 68)]
    );
}

#[tokio::test(start_paused = true)]
async fn groups_are_described_and_listed_as_asked() {
    let (_, _, server) = fresh();
    live(&server).await;
    let worker = with(join("workers", ""), |r| r.protocol_type = "connect".into());
    assert_eq!(send_join(&server, 0, worker).await.0, 0);
    for (version, error, state) in [(0, 0, "Dead"), (5, 0, "Dead"), (6, 69, "Dead")] {
        let request = DescribeGroupsRequest {
            groups: vec!["none".into()],
            ..DescribeGroupsRequest::default()
        };
        let back = send!(
            version,
            request,
            |read| api::describe_groups::answer(&server, version, read),
            back
        );
        let group = &back.groups[0];
        assert_eq!(
            (group.error_code, &*group.group_state),
            (error, state),
            "version {version}"
        );
    }
    for (states, types, expected) in [
        (&[][..], &[][..], 2),
        (&["stable"], &[], 1),
        (&["Stable", " completingrebalance"], &["CLASSIC"], 2),
        (&["nonsense"], &[], 0),
        (&[], &["consumer"], 0),
    ] {
        let request = ListGroupsRequest {
            states_filter: states.iter().map(|s| Cow::Borrowed(*s)).collect(),
            types_filter: types.iter().map(|s| Cow::Borrowed(*s)).collect(),
        };
        let back = send!(
            5,
            request,
            |read| api::list_groups::answer(&server, read),
            back
        );
        assert_eq!(back.groups.len(), expected, "{states:?} {types:?}");
    }
}
