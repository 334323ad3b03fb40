//! Members come, go and want things; who is told of it.

use std::sync::Arc;

use serde_json::json;

use super::{CLIENT_TIMEOUT_MS, Change, Client, Consumers, GroupManner, Producers, Subscription};
use crate::connection::Channel;
use crate::remoting::Language;

fn client(channel: u64, id: &str, seen_ms: i64) -> Client {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    Client {
        id: id.into(),
        channel: Arc::new(Channel::new(channel, address)),
        language: Language::JAVA,
        version: 479,
        seen_ms,
    }
}

fn manner(model: &str) -> GroupManner {
    GroupManner {
        message_model: model.to_owned(),
        ..GroupManner::default()
    }
}

fn wants(topics: &[(&str, i64)]) -> Option<Vec<Subscription>> {
    let topics = topics.iter().map(|(topic, version)| {
        let json = json!({"topic": topic, "subString": "*", "subVersion": version});
        Subscription::from_json(&json).unwrap()
    });
    Some(topics.collect())
}

/// Groups told, and which connections.
fn told(change: &Change) -> Vec<(&str, Vec<u64>)> {
    let groups = change.groups.iter().map(|(group, channels)| {
        let mut ids: Vec<u64> = channels.iter().map(|channel| channel.id).collect();
        ids.sort_unstable();
        (group.as_str(), ids)
    });
    groups.collect()
}

#[test]
fn a_change_is_told_to_all_members() {
    let consumers = Consumers::default();
    let cluster = || manner("CLUSTERING");
    let register = |channel, wanted| {
        let id = format!("c{channel}");
        consumers.register("g", &client(channel, &id, 0), cluster(), wanted)
    };
    assert_eq!(told(&register(1, wants(&[("T", 1)]))), [("g", vec![1])]);
    assert_eq!(told(&register(1, wants(&[("T", 1)]))), []);
    assert_eq!(told(&register(2, wants(&[("T", 1)]))), [("g", vec![1, 2])]);
    assert_eq!(
        told(&register(2, wants(&[("T", 2)]))),
        [],
        "a version alone is no change"
    );
    assert_eq!(
        told(&register(2, wants(&[("T", 2), ("U", 2)]))),
        [("g", vec![1, 2])]
    );
    assert_eq!(
        told(&register(2, None)),
        [],
        "nothing repeated, nothing changed"
    );
    let version = consumers.with("g", |group| group.subscriptions["T"].version);
    assert_eq!(version, Some(2));
    assert_eq!(consumers.member_ids("g").len(), 2);
    assert_eq!(consumers.groups_of_topic("U"), ["g"]);
    assert_eq!(told(&consumers.unregister("g", 9)), []);
    assert_eq!(told(&consumers.unregister("g", 2)), [("g", vec![1])]);
    assert_eq!(told(&consumers.channel_closed(1)), [("g", vec![])]);
    assert!(consumers.with("g", |_| ()).is_none());
}

#[test]
fn who_reads_everything_is_not_told() {
    let consumers = Consumers::default();
    let change = consumers.register("g", &client(1, "c", 0), manner("BROADCASTING"), wants(&[]));
    assert_eq!(told(&change), []);
}

#[test]
fn the_silent_are_forgotten() {
    let consumers = Consumers::default();
    let producers = Producers::default();
    for (channel, seen_ms) in [(1, 0), (2, 10)] {
        let client = client(channel, &format!("c{channel}"), seen_ms);
        consumers.register("g", &client, manner("CLUSTERING"), None);
        producers.register("p", &client);
    }
    consumers.forget_silent(CLIENT_TIMEOUT_MS);
    producers.forget_silent(CLIENT_TIMEOUT_MS);
    assert_eq!(consumers.member_ids("g").len(), 2);
    let change = consumers.forget_silent(CLIENT_TIMEOUT_MS + 1);
    producers.forget_silent(CLIENT_TIMEOUT_MS + 1);
    assert_eq!(told(&change), [("g", vec![2])]);
    assert!(producers.find("c1").is_none());
    assert_eq!(producers.any_of("p").map(|channel| channel.id), Some(2));
}

#[test]
fn producers_take_turns() {
    let producers = Producers::default();
    assert!(producers.any_of("p").is_none());
    producers.register("p", &client(1, "a", 0));
    producers.register("p", &client(2, "b", 0));
    let mut asked: Vec<u64> = (0..4).map(|_| producers.any_of("p").unwrap().id).collect();
    asked.sort_unstable();
    assert_eq!(asked, [1, 1, 2, 2]);
    producers.unregister("p", 1);
    assert!(producers.find("a").is_none());
    producers.channel_closed(2);
    assert!(producers.any_of("p").is_none());
    assert!(producers.members("p").is_empty());
}
