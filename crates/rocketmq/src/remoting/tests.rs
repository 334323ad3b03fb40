//! Frames and headers: both forms read back, dialects are understood, damage is named.

use std::borrow::Cow;

use proptest::prelude::*;

use super::headers::{EndTransactionHeader, PullHeader, SendHeader};
use super::*;

/// A frame with its prefix.
fn frame(form: u8, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let length = u32::try_from(4 + header.len() + body.len()).unwrap();
    out.extend_from_slice(&length.to_be_bytes());
    let field = u32::try_from(header.len()).unwrap() | (u32::from(form) << 24);
    out.extend_from_slice(&field.to_be_bytes());
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    out
}

/// Code, opaque, remark and fields of a header.
type Read = (i32, i32, Option<String>, Vec<(String, String)>);

fn json(header: &str) -> Result<Read, CommandError> {
    let bytes = frame(0, header.as_bytes(), b"");
    let command = Command::decode(&bytes[PREFIX_BYTES..])?;
    let ext = command
        .ext
        .iter()
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let ext = ext.collect();
    let remark = command.remark.map(Cow::into_owned);
    Ok((command.code, command.opaque, remark, ext))
}

#[test]
fn json_headers_of_many_clients() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (header, expected) in [
        // Java 5.5.0.
        (
            r#"{"code":105,"extFields":{"topic":"T"},"flag":0,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":479}"#,
            (105, 7, None, vec![pair("topic", "T")]),
        ),
        // Go: another order, an empty remark, no fields.
        (
            r#"{"code":34,"language":"GO","version":317,"opaque":1,"flag":0,"remark":"","extFields":null}"#,
            (34, 1, Some(String::new()), vec![]),
        ),
        // Values that are no strings, numbers that are, names nobody knows.
        (
            r#" { "code" : "11" , "opaque" : -3, "new": {"a":[1,{"b":null}]}, "extFields": {"queueId":4,"order":true,"none":null,"deep":{"a":[1]}} } "#,
            (
                11,
                -3,
                None,
                vec![
                    pair("queueId", "4"),
                    pair("order", "true"),
                    pair("deep", r#"{"a":[1]}"#),
                ],
            ),
        ),
        // Escapes, and a separator of properties in both writings.
        (
            "{\"code\":1,\"remark\":\"a\\\"\\n\\u00e9\\ud83d\\ude00\\ud800\",\"extFields\":{\"i\":\"k\\u0001v\u{2}\"}}",
            (
                1,
                0,
                Some("a\"\né😀\u{fffd}".to_owned()),
                vec![pair("i", "k\u{1}v\u{2}")],
            ),
        ),
        ("{}", (0, 0, None, vec![])),
    ] {
        assert_eq!(json(header), Ok(expected), "{header}");
    }
}

#[test]
fn what_is_no_json_header_is_refused() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    for header in [
        "",
        "[]",
        "{",
        "{\"code\"}",
        "{\"code\":}",
        "{\"code\":x1}",
        "{\"code\":1.5}",
        "{\"code\":99999999999}",
        "{\"code\":1",
        "{\"code\":1,}",
        "{\"code\":1}x",
        "{\"remark\":\"a}",
        "{\"remark\":\"\\u12\"}",
        "{\"remark\":\"\\x\"}",
        "{\"extFields\":{\"a\"}}",
        "{code:1}",
        &deep,
    ] {
        assert!(
            matches!(json(header), Err(CommandError::Json(_))),
            "{header}"
        );
    }
    let bytes = frame(0, b"{\"remark\":\"\xff\"}", b"");
    assert_eq!(Command::decode(&bytes[4..]), Err(CommandError::NotText));
}

#[test]
fn frames_that_cannot_be() {
    for (bytes, error) in [
        (&b""[..], FrameError::Short(0)),
        (b"\0\0\0", FrameError::Short(3)),
        (
            b"\0\0\0\x05{}",
            FrameError::HeaderLength {
                declared: 5,
                available: 2,
            },
        ),
        (b"\x02\0\0\0", FrameError::UnknownForm(2)),
        (
            b"\0\xff\xff\xff",
            FrameError::HeaderLength {
                declared: 0xff_ffff,
                available: 0,
            },
        ),
    ] {
        assert_eq!(Frame::split(bytes), Err(error), "{bytes:?}");
    }
    assert_eq!(Frame::declared_length(b"\0\0\0", 10), Ok(None));
    assert_eq!(Frame::declared_length(b"\0\0\0\x0a", 10), Ok(Some(10)));
    for bytes in [b"\0\0\0\x0b", b"\xff\xff\xff\xff", b"\x16\x03\x01\x02"] {
        let error = Frame::declared_length(bytes, 10).unwrap_err();
        assert!(matches!(error, FrameError::Length { .. }), "{error}");
    }
    let tls = Frame::declared_length(b"\x16\x03\x01\x02", 10).unwrap_err();
    assert!(tls.to_string().contains("TLS"), "{tls}");
}

#[test]
fn binary_headers_that_cannot_be() {
    let whole = {
        let mut out = Vec::new();
        let head = Head::response(HeaderForm::Binary, 5, 1, Some("why"));
        assert!(write_frame(&mut out, &head, &|to| to.put("a", "b"), 0));
        out.split_off(8)
    };
    for cut in 0..whole.len() {
        let bytes = frame(1, &whole[..cut], b"");
        let decoded = Command::decode(&bytes[4..]);
        assert!(
            matches!(decoded, Err(CommandError::Binary(_))),
            "cut at {cut}: {decoded:?}"
        );
    }
    for (at, byte) in [(13, 0x7f), (20, 0x7f), (25, 0x7f)] {
        let mut damaged = whole.clone();
        damaged[at] = byte;
        let bytes = frame(1, &damaged, b"");
        assert!(Command::decode(&bytes[4..]).is_err(), "byte {at}");
    }
}

#[test]
fn a_code_that_a_binary_header_cannot_hold_is_answered_by_an_error() {
    let mut out = Vec::new();
    let head = Head::request(200_050, 1, false);
    let head = Head {
        form: HeaderForm::Binary,
        ..head
    };
    assert!(!write_frame(&mut out, &head, &|_| {}, 0));
    assert!(out.is_empty());
    let mut answer = Answer::with_code(1_000_000, "x");
    answer.body = vec![1];
    assert!(!answer.write(&mut out, HeaderForm::Binary, 9));
    let command = Command::decode(&out[4..]).unwrap();
    assert_eq!(
        (command.code, command.opaque, command.body),
        (1, 9, &b""[..])
    );
}

#[test]
fn missing_and_wrong_fields_are_named() {
    let fields = |pairs: &[(&'static str, &'static str)]| {
        let pairs = pairs
            .iter()
            .map(|(n, v)| (Cow::Borrowed(*n), Cow::Borrowed(*v)));
        pairs.collect::<ExtFields<'static>>()
    };
    let none = fields(&[]);
    let error = SendHeader::decode(&none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the custom field <producerGroup> is null"
    );
    let error = SendHeader::decode_v2(&none).unwrap_err();
    assert_eq!(error, HeaderError::Missing("a"));
    let wrong = fields(&[("producerGroup", "p"), ("tranStateTableOffset", "x")]);
    let error = EndTransactionHeader::decode(&wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the custom field <tranStateTableOffset> must be a 64-bit integer, and is `x`"
    );
    let wide = fields(&[("a", "p"), ("b", "T"), ("c", "d"), ("d", "4294967296")]);
    assert!(matches!(
        SendHeader::decode_v2(&wide),
        Err(HeaderError::Invalid { field: "d", .. })
    ));
    // The last of two counts, and truth is Java's.
    let twice = fields(&[("x", "1"), ("x", "2"), ("t", "TRUE"), ("f", "1")]);
    assert_eq!(twice.read("x"), Ok(2));
    assert_eq!((twice.read("t"), twice.read("f")), (Ok(true), Ok(false)));
}

fn form() -> impl Strategy<Value = HeaderForm> {
    prop_oneof![Just(HeaderForm::Json), Just(HeaderForm::Binary)]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        form in form(), code in 0i32..32_000, opaque: i32, flag in 0i32..4, version in 0i32..32_000, language in 0u8..14,
        remark in proptest::option::of(".{1,20}"),
        fields in proptest::collection::vec(("[a-zA-Z]{1,8}", ".{1,20}"), 0..8),
        body in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let language = Language::from_number(language);
        let head = Head { form, code, language, version, opaque, flag, remark: remark.as_deref() };
        let mut out = Vec::new();
        let put = |to: &mut ExtWriter<'_>| fields.iter().for_each(|(name, value)| to.put(name, value));
        prop_assert!(write_frame(&mut out, &head, &put, body.len()));
        out.extend_from_slice(&body);
        prop_assert_eq!(Frame::declared_length(&out, 1 << 20), Ok(Some(out.len() - 4)));
        let command = Command::decode(&out[4..]).unwrap();
        prop_assert_eq!((command.form, command.code, command.language, command.version), (form, code, language, version));
        prop_assert_eq!((command.opaque, command.flag, command.body), (opaque, flag, &body[..]));
        prop_assert_eq!(command.remark.as_deref(), remark.as_deref());
        let read: Vec<_> = command.ext.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(read, fields);
    }

    #[test]
    fn headers_read_back(
        form in form(), group in "[a-z%]{1,9}", queue_id: i32, offset: i64, number in proptest::option::of(any::<i32>()),
        flag in proptest::option::of(any::<bool>()), properties in proptest::option::of("[a-z\u{1}\u{2}\"é]{1,9}"),
    ) {
        let pull = PullHeader {
            consumer_group: &group, topic: "T", queue_id, queue_offset: offset, max_msg_nums: 32, sys_flag: 6,
            commit_offset: offset, suspend_timeout_millis: 15_000, subscription: properties.as_deref(), sub_version: offset,
            expression_type: None, max_msg_bytes: number,
        };
        let send = SendHeader {
            producer_group: &group, topic: "T", default_topic: "TBW102", default_topic_queue_nums: 4, queue_id, sys_flag: 0,
            born_timestamp: offset, flag: 0, properties: properties.as_deref(), reconsume_times: number, unit_mode: flag,
            max_reconsume_times: None, batch: flag, broker_name: None,
        };
        let head = Head { form, ..Head::request(11, 1, false) };
        let written = |put: &dyn Fn(&mut ExtWriter<'_>)| {
            let mut out = Vec::new();
            assert!(write_frame(&mut out, &head, put, 0));
            out
        };
        let bytes = written(&|to| pull.encode(to));
        let command = Command::decode(&bytes[4..]).unwrap();
        prop_assert_eq!(PullHeader::decode(&command.ext), Ok(pull));
        let bytes = written(&|to| send.encode(to));
        let command = Command::decode(&bytes[4..]).unwrap();
        prop_assert_eq!(SendHeader::decode(&command.ext), Ok(send.clone()));
        let bytes = written(&|to| send.encode_v2(to));
        let command = Command::decode(&bytes[4..]).unwrap();
        prop_assert_eq!(SendHeader::decode_v2(&command.ext), Ok(send));
    }

    #[test]
    fn any_bytes_are_refused_or_read(form in 0u8..3, header in proptest::collection::vec(any::<u8>(), 0..80)) {
        let bytes = frame(form, &header, b"body");
        let _ = Command::decode(&bytes[4..]);
    }

    #[test]
    fn any_json_text_is_refused_or_read(header in "[{}\\[\\]\":,a1\\\\u0. nltrue-]{0,60}") {
        let _ = json(&header);
    }
}
