//! GET_BROKER_CLUSTER_INFO (106): all clusters and brokers.

use super::NameServer;
use super::route_info::broker;
use crate::remoting::{Answer, json_string};

pub(super) fn handle(server: &NameServer) -> Answer {
    let routes = server.routes.read();
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"brokerAddrTable\":{");
    for (at, (name, group)) in routes.brokers().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json_string(&mut out, name);
        out.push(b':');
        broker(&mut out, name, group, true);
    }
    out.extend_from_slice(b"},\"clusterAddrTable\":{");
    for (at, (cluster, names)) in routes.clusters().into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json_string(&mut out, cluster);
        out.push(b':');
        strings(&mut out, names);
    }
    out.extend_from_slice(b"}}");
    Answer::with_body(out)
}

/// A JSON array of strings.
pub(super) fn strings<'s>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'s str>) {
    out.push(b'[');
    for (at, text) in texts.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json_string(out, text);
    }
    out.push(b']');
}
