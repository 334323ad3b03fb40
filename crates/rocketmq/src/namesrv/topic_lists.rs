//! Lists of topics: all (206), of a cluster (224), the system's own (304); and taking one off them (216).

use super::cluster_info::strings;
use super::{NameServer, done};
use crate::remoting::headers::{DeleteTopicHeader, TopicsByClusterHeader};
use crate::remoting::{Answer, Command, Refusal, json_string};

pub(super) fn all(server: &NameServer) -> Answer {
    let routes = server.routes.read();
    topic_list(routes.topics(), None)
}

pub(super) fn by_cluster(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = TopicsByClusterHeader::decode(&command.ext)?;
    let routes = server.routes.read();
    Ok(topic_list(routes.topics_of_cluster(header.cluster), None))
}

/// The names that every cluster and broker reserves for itself, and where to ask for the other system topics.
pub(super) fn system(server: &NameServer) -> Answer {
    let routes = server.routes.read();
    let clusters = routes.clusters();
    let names = clusters
        .iter()
        .flat_map(|(cluster, brokers)| std::iter::once(cluster).chain(brokers));
    let mut groups = routes.brokers().values();
    let address = groups.find_map(|group| group.addresses.values().next());
    topic_list(names.copied(), address.map(String::as_str))
}

pub(super) fn delete(server: &NameServer, command: &Command<'_>) -> Result<Answer, Refusal> {
    let header = DeleteTopicHeader::decode(&command.ext)?;
    let mut routes = server.routes.write();
    let cluster = header.cluster_name.filter(|name| !name.is_empty());
    routes.delete_topic(header.topic, cluster);
    done()
}

fn topic_list<'t>(topics: impl IntoIterator<Item = &'t str>, address: Option<&str>) -> Answer {
    let mut out = b"{".to_vec();
    if let Some(address) = address {
        out.extend_from_slice(b"\"brokerAddr\":");
        json_string(&mut out, address);
        out.push(b',');
    }
    out.extend_from_slice(b"\"topicList\":");
    strings(&mut out, topics);
    out.push(b'}');
    Answer::with_body(out)
}
