//! The client against servers that answer what the test says: old ones, wrong ones, silent ones.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use highwater::client::{Client, ClientError, ClientOptions, Connection};
use kafka_wire::api_versions_response::ApiVersion;
use kafka_wire::metadata_response::MetadataResponseBroker;
use kafka_wire::{
    ApiKey, ApiVersionsResponse, ErrorCode, FetchRequest, Message, MetadataRequest,
    MetadataResponse, Reader, RequestHeader, VersionRange, Writer, encode_response,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PATIENCE: Duration = Duration::from_secs(20);

/// One step of a scripted server: what it does with the next request.
type Step = fn(&RequestHeader<'_>) -> Vec<u8>;

/// Starts a server that answers one connection's requests step by step, then hangs up.
async fn script(steps: Vec<Step>) -> (String, tokio::task::JoinHandle<Vec<(i16, i16)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        for step in steps {
            let Some(frame) = read_frame(&mut stream).await else {
                break;
            };
            let header = RequestHeader::decode(&mut Reader::new(&frame)).unwrap();
            seen.push((header.api_key, header.api_version));
            stream.write_all(&step(&header)).await.unwrap();
        }
        seen
    });
    (address, server)
}

async fn read_frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let length = usize::try_from(stream.read_i32().await.ok()?).unwrap();
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await.unwrap();
    Some(frame)
}

fn answer<'a, M: Message<'a>>(header: &RequestHeader<'_>, version: i16, message: &M) -> Vec<u8> {
    let mut w = Writer::new();
    encode_response(&mut w, header.correlation_id, version, message).unwrap();
    w.into_vec()
}

fn offering(ranges: &[(ApiKey, i16, i16)]) -> ApiVersionsResponse<'static> {
    let api = |&(api, min_version, max_version): &(ApiKey, i16, i16)| ApiVersion {
        api_key: api.to_i16(),
        min_version,
        max_version,
    };
    ApiVersionsResponse {
        api_keys: ranges.iter().map(api).collect(),
        ..Default::default()
    }
}

/// Answers ApiVersions as asked, with a Metadata range that ends below the client's.
fn modern(header: &RequestHeader<'_>) -> Vec<u8> {
    let offer = offering(&[(ApiKey::ApiVersions, 0, 4), (ApiKey::Metadata, 1, 5)]);
    answer(header, header.api_version, &offer)
}

async fn open(address: &str) -> Result<Connection, ClientError> {
    Connection::open(address, "test", PATIENCE).await
}

#[tokio::test]
async fn the_highest_version_of_both_sides_is_used() {
    let (address, server) = script(vec![modern, |header| {
        answer(header, header.api_version, &MetadataResponse::default())
    }])
    .await;
    let mut connection = open(&address).await.unwrap();
    assert_eq!(
        connection.version_of(ApiKey::Metadata, i16::MAX).unwrap(),
        5
    );
    assert_eq!(connection.version_of(ApiKey::Metadata, 3).unwrap(), 3);
    let answer = connection.call(&MetadataRequest::default()).await.unwrap();
    assert_eq!(answer.version(), 5);
    assert!(answer.read().unwrap().brokers.is_empty());
    assert_eq!(server.await.unwrap(), [(18, 3), (3, 5)]);
}

#[tokio::test]
async fn a_server_that_knows_only_old_api_versions_is_asked_again() {
    // KIP-511: error 35 in the layout of version 0, with the range for ApiVersions itself.
    let refuse: Step = |header| {
        let mut offer = offering(&[(ApiKey::ApiVersions, 0, 1)]);
        offer.error_code = ErrorCode::UnsupportedVersion.to_i16();
        answer(header, 0, &offer)
    };
    let (address, server) = script(vec![refuse, modern]).await;
    let connection = open(&address).await.unwrap();
    assert_eq!(
        connection.version_of(ApiKey::Metadata, i16::MAX).unwrap(),
        5
    );
    assert_eq!(server.await.unwrap(), [(18, 3), (18, 1)]);
}

#[tokio::test]
async fn a_call_without_a_common_version_is_not_sent() {
    let (address, server) = script(vec![modern, modern]).await;
    let mut connection = open(&address).await.unwrap();
    let result = connection.call(&FetchRequest::default()).await;
    assert!(
        matches!(result, Err(ClientError::NotOffered { what: "Fetch", .. })),
        "{result:?}"
    );
    assert!(matches!(
        connection.version_of(ApiKey::Metadata, 0),
        Err(ClientError::NotOffered { .. })
    ));
    drop(connection);
    assert_eq!(server.await.unwrap(), [(18, 3)]);
}

#[tokio::test]
async fn wrong_answers_are_errors_of_the_protocol() {
    let steps: [(&str, Step); 5] = [
        ("correlation id", |header| {
            let mut wrong = header.clone();
            wrong.correlation_id += 1;
            answer(&wrong, header.api_version, &MetadataResponse::default())
        }),
        ("negative length", |_| (-5i32).to_be_bytes().to_vec()),
        ("huge length", |_| i32::MAX.to_be_bytes().to_vec()),
        ("cut short", |header| {
            let mut frame = answer(header, header.api_version, &MetadataResponse::default());
            frame.pop();
            let length = i32::try_from(frame.len() - 4).unwrap();
            frame[..4].copy_from_slice(&length.to_be_bytes());
            frame
        }),
        ("too long", |header| {
            let mut frame = answer(header, header.api_version, &MetadataResponse::default());
            frame.push(0);
            let length = i32::try_from(frame.len() - 4).unwrap();
            frame[..4].copy_from_slice(&length.to_be_bytes());
            frame
        }),
    ];
    for (what, step) in steps {
        let (address, _server) = script(vec![modern, step]).await;
        let mut connection = open(&address).await.unwrap();
        let result = match connection.call(&MetadataRequest::default()).await {
            Ok(answer) => answer.read().map(drop),
            Err(error) => Err(error),
        };
        assert!(
            matches!(result, Err(ClientError::Protocol { .. })),
            "{what}: {result:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_unreachable() {
    let half: Step = |_| vec![0, 0, 0, 100, 1, 2, 3];
    for steps in [vec![], vec![modern as Step], vec![modern, half]] {
        let (address, _server) = script(steps).await;
        let result = match open(&address).await {
            Ok(mut connection) => connection.call(&MetadataRequest::default()).await.map(drop),
            Err(error) => Err(error),
        };
        assert!(
            matches!(result, Err(ClientError::Unreachable { .. })),
            "{result:?}"
        );
    }
}

#[tokio::test]
async fn the_next_bootstrap_address_is_tried() {
    let (address, server) = script(vec![modern, |header| {
        let broker = MetadataResponseBroker {
            node_id: 7,
            host: "::1".into(),
            port: 9,
            ..Default::default()
        };
        let response = MetadataResponse {
            brokers: vec![broker],
            ..Default::default()
        };
        answer(header, header.api_version, &response)
    }])
    .await;
    // Bound, then dropped: nobody listens there.
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let mut client = Client::connect(ClientOptions {
        bootstrap: vec![unused.to_string(), address],
        client_id: "test".into(),
        patience: PATIENCE,
    })
    .await
    .unwrap();
    let metadata = client.metadata(None, false).await.unwrap();
    assert_eq!(metadata.brokers[0].address, "[::1]:9");
    assert_eq!(metadata.brokers[0].rack, None);
    server.await.unwrap();
    let nobody = ClientOptions {
        bootstrap: vec![],
        client_id: "t".into(),
        patience: PATIENCE,
    };
    assert!(matches!(
        Client::connect(nobody).await,
        Err(ClientError::Unreachable { .. })
    ));
}

#[test]
fn ranges_of_versions_meet_or_do_not() {
    let range = VersionRange::new(2, 5);
    assert_eq!(
        range.intersect(VersionRange::new(5, 9)),
        Some(VersionRange::new(5, 5))
    );
    assert_eq!(range.intersect(VersionRange::new(6, 9)), None);
}
