//! What a peer may send and what it gets: whole frames, torn frames, nonsense.

use std::io::{Read, Write};

mod served;

use kafka_wire::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, ErrorCode, Message, Reader, ResponseHeader,
    Writer, encode_request,
};
use served::{Served, read_frame};

fn api_versions(correlation_id: i32, version: i16) -> Vec<u8> {
    let mut w = Writer::new();
    let request = ApiVersionsRequest {
        client_software_name: "test".into(),
        client_software_version: "1".into(),
    };
    encode_request(&mut w, correlation_id, Some("t"), version.min(4), &request).expect("encodes");
    let mut frame = w.into_vec();
    frame[6..8].copy_from_slice(&version.to_be_bytes());
    frame
}

fn decode_versions(frame: &[u8], version: i16) -> (i32, ApiVersionsResponse<'_>) {
    let mut r = Reader::new(frame);
    let header = ResponseHeader::decode(&mut r, 0).expect("a header");
    let response = ApiVersionsResponse::decode(&mut r, version).expect("a response");
    (header.correlation_id, response)
}

#[test]
fn every_version_of_api_versions_is_answered_and_newer_ones_in_version_0() {
    let served = Served::start();
    let mut stream = served.connect();
    for version in 0..=4 {
        stream
            .write_all(&api_versions(version.into(), version))
            .expect("sends");
        let frame = read_frame(&mut stream);
        let (correlation_id, response) = decode_versions(&frame, version);
        assert_eq!(correlation_id, i32::from(version));
        assert_eq!(response.error_code, 0);
        assert!(
            response
                .api_keys
                .iter()
                .any(|key| key.api_key == ApiKey::ApiVersions.to_i16())
        );
    }
    stream.write_all(&api_versions(77, 5)).expect("sends");
    let frame = read_frame(&mut stream);
    let (correlation_id, response) = decode_versions(&frame, 0);
    assert_eq!(
        (correlation_id, response.error_code),
        (77, ErrorCode::UnsupportedVersion.to_i16())
    );
    served.stop();
}

#[test]
fn features_are_told_but_none_that_would_lead_clients_into_what_is_not_built() {
    let served = Served::start();
    let mut stream = served.connect();
    for (version, supported) in [
        (3, vec!["metadata.version"]),
        (4, vec!["kraft.version", "metadata.version"]),
    ] {
        stream.write_all(&api_versions(1, version)).expect("sends");
        let frame = read_frame(&mut stream);
        let (_, response) = decode_versions(&frame, version);
        let names: Vec<_> = response
            .supported_features
            .iter()
            .map(|feature| &*feature.name)
            .collect();
        assert_eq!(names, supported, "version {version}");
        let finalized: Vec<_> = response
            .finalized_features
            .iter()
            .map(|feature| &*feature.name)
            .collect();
        assert_eq!(finalized, ["metadata.version"]);
        assert!(response.finalized_features_epoch >= 0);
    }
    served.stop();
}

#[test]
fn frames_arrive_in_any_pieces_and_are_answered_in_order() {
    let served = Served::start();
    let all: Vec<u8> = (0..20).flat_map(|id| api_versions(id, 4)).collect();
    for piece in [1, 3, 7, 50, all.len()] {
        let mut stream = served.connect();
        for bytes in all.chunks(piece) {
            stream.write_all(bytes).expect("sends");
        }
        for id in 0..20 {
            assert_eq!(
                decode_versions(&read_frame(&mut stream), 4).0,
                id,
                "pieces of {piece}"
            );
        }
    }
    served.stop();
}

#[test]
fn nonsense_closes_the_connection_and_nothing_else() {
    let served = Served::start();
    let good = api_versions(1, 4);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("negative length", (-1i32).to_be_bytes().to_vec()),
        ("length beyond the limit", i32::MAX.to_be_bytes().to_vec()),
        ("empty frame", vec![0; 4]),
        (
            "header cut short",
            [&5i32.to_be_bytes()[..], &[0, 18, 0, 4, 0]].concat(),
        ),
    ];
    for (what, bytes) in cases {
        let mut stream = served.connect();
        stream.write_all(&bytes).expect("sends");
        let mut rest = Vec::new();
        // A reset is as good as an end: bytes of ours may have been unread.
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{what}");
        let mut other = served.connect();
        other.write_all(&good).expect("sends");
        assert_eq!(
            decode_versions(&read_frame(&mut other), 4).0,
            1,
            "after {what}"
        );
    }
    served.stop();
}
