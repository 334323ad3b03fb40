//! Headers, frames and primitives: golden bytes, edges, refusals.

use std::borrow::Cow;

use kafka_wire::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, FetchRequest, Message, MetadataRequest,
    MetadataResponse, ProduceRequest, Reader, Request, RequestHeader, ResponseHeader, WireError,
    Writer, encode_request, encode_response, range_within,
};

#[test]
fn a_flexible_request_has_the_second_header_with_a_classic_client_id() {
    let mut w = Writer::new();
    let request = ApiVersionsRequest {
        client_software_name: "hw".into(),
        client_software_version: "1".into(),
    };
    encode_request(&mut w, 7, Some("me"), 3, &request).unwrap();
    let expected = [
        0, 0, 0, 19, // length
        0, 18, 0, 3, 0, 0, 0, 7, // key, version, correlation id
        0, 2, b'm', b'e', // client id: sixteen-bit length
        0,    // no tagged fields in the header
        3, b'h', b'w', 2, b'1', 0, // compact strings, no tagged fields
    ];
    assert_eq!(w.as_slice(), expected);
    let mut r = Reader::new(&expected[4..]);
    let header = RequestHeader::decode(&mut r).unwrap();
    assert_eq!(header.api_key, ApiKey::ApiVersions.to_i16());
    assert_eq!(header.client_id.as_deref(), Some("me"));
    assert_eq!(
        ApiVersionsRequest::decode(&mut r, header.api_version).unwrap(),
        request
    );
    r.finish().unwrap();
}

#[test]
fn a_null_client_id_is_legal() {
    let mut r = Reader::new(&[0, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xff]);
    let header = RequestHeader::decode(&mut r).unwrap();
    assert_eq!(
        (header.api_key, header.api_version, header.client_id),
        (3, 1, None)
    );
}

#[test]
fn an_unknown_key_still_gives_its_correlation_id() {
    let mut r = Reader::new(&[0x7f, 0xff, 0, 1, 0, 0, 0, 9, 0, 1, b'x']);
    let header = RequestHeader::decode(&mut r).unwrap();
    assert_eq!((header.api_key, header.correlation_id), (0x7fff, 9));
}

#[test]
fn api_versions_is_answered_with_the_oldest_header() {
    let mut w = Writer::new();
    encode_response(&mut w, 5, 3, &ApiVersionsResponse::default()).unwrap();
    assert_eq!(w.as_slice()[..10], [0, 0, 0, 12, 0, 0, 0, 5, 0, 0]);
    let mut w = Writer::new();
    encode_response(&mut w, 5, 9, &MetadataResponse::default()).unwrap();
    // The ninth byte is the empty tag section of header version 1.
    assert_eq!(w.as_slice()[4..9], [0, 0, 0, 5, 0]);
    for (header_version, bytes) in [(0, &[0, 0, 0, 5][..]), (1, &[0, 0, 0, 5, 1, 9, 1, 1])] {
        let header = ResponseHeader::decode(&mut Reader::new(bytes), header_version);
        assert_eq!(header, Ok(ResponseHeader { correlation_id: 5 }));
    }
}

#[test]
fn keys_and_versions_are_those_of_the_schemas() {
    assert_eq!(ApiKey::from_i16(1), Some(ApiKey::Fetch));
    assert_eq!(
        ApiKey::from_i16(4),
        None,
        "LeaderAndIsr has no version left"
    );
    assert_eq!(<FetchRequest<'_> as Request>::API, ApiKey::Fetch);
    assert_eq!(ApiKey::InitProducerId.versions().max, 6);
    assert_eq!(ApiKey::InitProducerId.stable_versions().max, 5);
    for &api in ApiKey::ALL {
        assert_eq!(ApiKey::from_i16(api.to_i16()), Some(api));
    }
}

#[test]
fn what_a_version_cannot_say_is_refused_unless_it_may_be_dropped() {
    let mut request = FetchRequest {
        session_id: 3,
        ..FetchRequest::default()
    };
    request
        .encode(&mut Writer::new(), 4)
        .expect("the session may be dropped");
    request.forgotten_topics_data.push(Default::default());
    assert_eq!(
        request.encode(&mut Writer::new(), 4),
        Err(WireError::FieldNotInVersion {
            message: "FetchRequest",
            field: "forgotten_topics_data",
            version: 4
        })
    );
    let all_topics = MetadataRequest {
        topics: None,
        ..MetadataRequest::default()
    };
    all_topics
        .encode(&mut Writer::new(), 1)
        .expect("null is all topics");
    assert!(matches!(
        all_topics.encode(&mut Writer::new(), 0),
        Err(WireError::NullNotInVersion {
            field: "topics",
            ..
        })
    ));
    let long = "x".repeat(40_000);
    let long = ProduceRequest {
        transactional_id: Some(long.into()),
        ..Default::default()
    };
    assert_eq!(
        long.encode(&mut Writer::new(), 8),
        Err(WireError::TooLong { length: 40_000 })
    );
    long.encode(&mut Writer::new(), 9)
        .expect("compact lengths go further");
}

#[test]
fn records_of_a_decoded_request_are_found_in_its_frame() {
    let frame = [b"head", &b"records!"[..], b"tail"].concat();
    let records = Cow::Borrowed(&frame[4..12]);
    assert_eq!(range_within(&frame, &records), Some(4..12));
    assert_eq!(range_within(&frame[..8], &records), None);
    assert_eq!(range_within(&frame, b"elsewhere"), None);
}

#[test]
fn integers_of_variable_length() {
    for (value, bytes) in [
        (0u32, &[0][..]),
        (127, &[127]),
        (128, &[0x80, 1]),
        (300, &[0xac, 2]),
        (u32::MAX, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
    ] {
        let mut w = Writer::new();
        w.uvarint(value);
        assert_eq!(w.as_slice(), bytes);
        assert_eq!(Reader::new(bytes).uvarint(), Ok(value));
    }
    for value in [0, -1, 1, i32::MIN, i32::MAX] {
        let mut w = Writer::new();
        w.varint(value);
        w.varlong(value.into());
        w.varlong(i64::from(value) << 32);
        let mut r = Reader::new(w.as_slice());
        assert_eq!(r.varint(), Ok(value));
        assert_eq!(r.varlong(), Ok(value.into()));
        assert_eq!(r.varlong(), Ok(i64::from(value) << 32));
    }
    assert_eq!(
        Reader::new(&[0xff; 5]).uvarint(),
        Err(WireError::VarintTooLong)
    );
    assert_eq!(
        Reader::new(&[0xff; 10]).uvarlong(),
        Err(WireError::VarintTooLong)
    );
    assert_eq!(
        Reader::new(&[0x80]).uvarint(),
        Err(WireError::Truncated { need: 1, left: 0 })
    );
}

#[test]
fn lengths_that_lie_are_errors() {
    for (bytes, flexible, error) in [
        (&[0xff, 0xfe][..], false, WireError::NegativeLength(-2)),
        (&[0xff, 0xff], false, WireError::UnexpectedNull),
        (&[0], true, WireError::UnexpectedNull),
        (
            &[0, 3, b'a'],
            false,
            WireError::Truncated { need: 3, left: 1 },
        ),
        (&[3, 0xc3, 0x28], true, WireError::InvalidUtf8),
        (
            &[0xff, 0xff, 0xff, 0xff, 0x0f],
            true,
            WireError::Truncated {
                need: 0xffff_fffe,
                left: 0,
            },
        ),
    ] {
        assert_eq!(Reader::new(bytes).string(flexible), Err(error), "{bytes:?}");
    }
}

#[test]
fn the_decoded_form_may_not_dwarf_the_input() {
    // Half a million one-byte strings, each of which would take a `Cow`.
    let count = 500_000u32;
    let mut bytes = (count).to_be_bytes().to_vec();
    bytes.extend(std::iter::repeat_n(1, 500_000));
    let decoded = Reader::new(&bytes).array(false, 1, |r| r.string(true).map(|text| text.len()));
    assert_eq!(decoded.map(|lengths| lengths.len()), Ok(500_000));
    let wide =
        Reader::new(&bytes).array(false, 1, |r| r.string(true).map(|text| (text, [0u64; 4])));
    assert_eq!(wide.map(|rows| rows.len()), Err(WireError::MemoryBudget));
}

#[test]
fn a_known_tagged_field_must_be_read_whole() {
    let read = |bytes: &[u8]| {
        let mut seen = 0;
        Reader::new(bytes).tagged_fields(|tag, r| {
            if tag == 0 {
                seen = r.i8()?;
            }
            Ok(tag == 0)
        })
    };
    assert_eq!(read(&[1, 0, 1, 5]), Ok(()));
    assert_eq!(
        read(&[1, 0, 2, 5, 5]),
        Err(WireError::TrailingBytes { left: 1 })
    );
    assert_eq!(
        read(&[1, 0, 0]),
        Err(WireError::Truncated { need: 1, left: 0 })
    );
    assert_eq!(read(&[1, 7, 2, 5, 5]), Ok(()));
    assert_eq!(
        read(&[9, 7]),
        Err(WireError::CountTooLarge { count: 9, left: 1 })
    );
}

#[test]
fn a_reserved_length_is_patched_with_what_follows_elsewhere() {
    let mut w = Writer::new();
    w.i8(1);
    let slot = w.reserve_length();
    w.raw(b"abc");
    w.patch_length(slot, 10).unwrap();
    assert_eq!(w.as_slice(), [1, 0, 0, 0, 13, b'a', b'b', b'c']);
}
