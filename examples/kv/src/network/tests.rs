//! The network against nodes that answer, that break off, that are silent, and that are not there.

use std::time::Duration;

use openraft::Vote;
use tokio::net::TcpListener;

use super::*;

/// How a peer treats each connection in turn; the last one holds for all that follow.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers one request and closes.
    Once,
    /// Answers every request.
    Always,
    /// Reads and says nothing.
    Silent,
    /// Says that it is node 9.
    Other,
}

async fn peer(manners: &'static [Manner]) -> BasicNode {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for at in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let manner = manners[usize::min(at, manners.len() - 1)];
            tokio::spawn(connection(stream, manner));
        }
    });
    BasicNode::new(address)
}

async fn connection(mut stream: TcpStream, manner: Manner) {
    while let Ok(request) = wire::receive::<_, Request>(&mut stream).await {
        assert!(matches!(request, Request::Peer { to: 2, .. }));
        let answer = PeerReply::Vote(Ok(VoteResponse::new(Vote::new(3, 1), None, true)));
        match manner {
            Manner::Silent => {}
            Manner::Other => wire::send(&mut stream, &PeerReply::WrongNode(9))
                .await
                .unwrap(),
            Manner::Once => return wire::send(&mut stream, &answer).await.unwrap(),
            Manner::Always => wire::send(&mut stream, &answer).await.unwrap(),
        }
    }
}

async fn ask(network: &mut Network, node: &BasicNode, limit: Duration) -> Result<bool, Failure> {
    let mut client = network.new_client(2, node).await;
    let rpc = VoteRequest::new(Vote::new(3, 1), None);
    let answer = client.vote(rpc, RPCOption::new(limit)).await?;
    Ok(answer.vote_granted)
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn clients_of_one_peer_share_its_connection() {
    // Only the first connection is answered.
    let node = peer(&[Manner::Always, Manner::Silent]).await;
    let mut network = Network::new(1);
    for _ in 0..3 {
        assert!(ask(&mut network, &node, LONG).await.unwrap());
    }
}

#[tokio::test]
async fn a_broken_connection_costs_one_request() {
    let node = peer(&[Manner::Once, Manner::Always]).await;
    let mut network = Network::new(1);
    assert!(ask(&mut network, &node, LONG).await.unwrap());
    let error = ask(&mut network, &node, LONG).await.unwrap_err();
    assert!(matches!(error, RPCError::Network(_)), "{error}");
    assert!(ask(&mut network, &node, LONG).await.unwrap());
}

#[tokio::test]
async fn a_silent_peer_takes_no_longer_than_it_may() {
    let node = peer(&[Manner::Silent, Manner::Always]).await;
    let mut network = Network::new(1);
    let error = ask(&mut network, &node, SHORT).await.unwrap_err();
    assert!(matches!(error, RPCError::Timeout(_)), "{error}");
    // The answer that is still owed cannot reach a later request.
    assert!(ask(&mut network, &node, LONG).await.unwrap());
}

#[tokio::test]
async fn another_node_at_the_address_is_as_none() {
    let node = peer(&[Manner::Other]).await;
    let error = ask(&mut Network::new(1), &node, LONG).await.unwrap_err();
    assert!(matches!(error, RPCError::Unreachable(_)), "{error}");
    assert!(error.to_string().contains("is node 9, not 2"), "{error}");
}

#[tokio::test]
async fn a_peer_that_moved_is_found_at_its_new_address() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old = BasicNode::new(gone.local_addr().unwrap());
    drop(gone);
    let mut network = Network::new(1);
    let error = ask(&mut network, &old, LONG).await.unwrap_err();
    assert!(matches!(error, RPCError::Unreachable(_)), "{error}");
    let new = peer(&[Manner::Always]).await;
    assert!(ask(&mut network, &new, LONG).await.unwrap());
}
