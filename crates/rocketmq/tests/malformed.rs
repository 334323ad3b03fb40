//! Bytes that are no requests: the connection ends or the request is refused, and others are served on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use rocketmq::remoting::{Head, HeaderForm, write_frame};
use served::{Client, serve};

fn frame(form: u8, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(4 + header.len() + body.len())
        .unwrap()
        .to_be_bytes()
        .to_vec();
    let field = u32::try_from(header.len()).unwrap() | (u32::from(form) << 24);
    out.extend_from_slice(&field.to_be_bytes());
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    out
}

#[test]
fn what_ends_a_connection() {
    let served = serve();
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("an absurd length", b"\x7f\xff\xff\xff".to_vec()),
        ("a negative length", b"\xff\xff\xff\xff".to_vec()),
        ("one byte above the limit", b"\x01\x00\x00\x01".to_vec()),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("PROXY", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n".to_vec()),
        ("an empty frame", b"\0\0\0\0".to_vec()),
        ("three bytes", b"\0\0\0\x03abc".to_vec()),
        (
            "a header longer than the frame",
            b"\0\0\0\x06\0\0\0\x05{}".to_vec(),
        ),
        ("an unknown form", frame(9, b"{}", b"")),
        ("no JSON", frame(0, b"code=1", b"")),
        ("a cut JSON", frame(0, b"{\"code\":1", b"")),
        ("an array", frame(0, b"[1]", b"")),
        ("no UTF-8", frame(0, b"{\"remark\":\"\xff\"}", b"")),
        ("deep JSON", frame(0, deep.as_bytes(), b"")),
        (
            "a code that is no number",
            frame(0, b"{\"code\":\"x\"}", b""),
        ),
        (
            "a code of 40 bits",
            frame(0, b"{\"code\":1099511627776}", b""),
        ),
        ("a short binary header", frame(1, b"\0\x0a\0", b"")),
        ("an empty binary header", frame(1, b"", b"")),
    ];
    for (what, bytes) in cases {
        for address in [served.address, served.names] {
            let mut client = Client::connect(address);
            client.write_raw(&bytes);
            assert!(client.read().is_none(), "{what}");
        }
    }
    assert_eq!(served.client().put("T", "0", "", b"x").code, 0);
}

/// Requests to a broker that lack or garble something.
const REFUSED: &[(i32, served::Fields<'static>, &[u8])] = &[
    (11, &[], b""),
    (
        11,
        &[("consumerGroup", "g"), ("topic", "T"), ("queueId", "x")],
        b"",
    ),
    (12, &[("topic", "T")], b""),
    (14, &[("topic", "T")], b""),
    (
        15,
        &[("consumerGroup", "g"), ("topic", "T"), ("queueId", "0")],
        b"",
    ),
    (
        15,
        &[
            ("consumerGroup", "g"),
            ("topic", "T"),
            ("queueId", "0"),
            ("commitOffset", "1e9"),
        ],
        b"",
    ),
    (17, &[("topic", "T")], b""),
    (29, &[("topic", "T"), ("queueId", "0")], b""),
    (30, &[("topic", "T"), ("queueId", "99999999999")], b""),
    (31, &[], b""),
    (32, &[("queueId", "0")], b""),
    (33, &[("offset", "x")], b""),
    (34, &[], b"\xff\xfe"),
    (34, &[], b"{\"consumerDataSet\":[]}"),
    (35, &[], b""),
    (36, &[("group", "g")], b""),
    (37, &[("producerGroup", "p")], b""),
    (38, &[], b""),
    (41, &[], b"x"),
    (42, &[], b"{\"consumerGroup\":\"g\"}"),
    (46, &[], b"x"),
    (200, &[], b"x"),
    (215, &[], b""),
    (222, &[], b""),
    (223, &[("topic", "T")], b""),
    (307, &[], b""),
    (309, &[], b""),
    (310, &[("a", "p")], b"x"),
    (320, &[("b", "T")], b"x"),
    (325, &[], b"x"),
    (351, &[], b""),
    (-1, &[], b""),
    (i32::MAX, &[], b""),
];

#[test]
fn what_is_refused_and_leaves_the_connection_whole() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"x");
    for (code, fields, body) in REFUSED {
        let got = client.ask(*code, fields, body);
        assert_ne!(got.code, 0, "{code} {fields:?}");
        assert!(!got.remark.is_empty(), "{code} {fields:?}");
    }
    for (code, fields) in [
        (105, &[][..]),
        (103, &[("brokerName", "b")]),
        (100, &[]),
        (9999, &[]),
    ] {
        assert_ne!(served.names().ask(code, fields, b"").code, 0, "{code}");
    }
    assert_eq!(client.put("T", "0", "", b"x").code, 0);
}

#[test]
fn frames_may_come_in_any_pieces() {
    let served = serve();
    let mut client = served.client();
    let mut bytes = Vec::new();
    for opaque in 0..20 {
        let head = Head {
            form: HeaderForm::Json,
            ..Head::request(30, opaque, false)
        };
        let put = |to: &mut rocketmq::remoting::ExtWriter<'_>| {
            to.put("topic", "T");
            to.put("queueId", "0");
        };
        assert!(write_frame(&mut bytes, &head, &put, 0));
    }
    for piece in bytes.chunks(7) {
        client.write_raw(piece);
    }
    for opaque in 0..20 {
        assert_eq!(client.answer(opaque).number("offset"), 0);
    }
    // One larger than any pooled buffer, behind one that is small.
    let body = "x".repeat(700_000);
    client.put("T", "0", "", b"small");
    assert_eq!(client.put("T", "0", "", body.as_bytes()).code, 0);
    assert_eq!(
        served::bodies(&client.pull_behind("g", "T", "0", 1)),
        [body]
    );
}

#[test]
fn an_answer_that_nobody_asked_for_is_passed_over() {
    let served = serve();
    let mut client = served.client();
    client.write(0, 99, 1, &[], b"");
    assert_eq!(
        client
            .ask(30, &[("topic", "T"), ("queueId", "0")], b"")
            .code,
        0
    );
}

#[test]
fn a_client_that_does_not_read_keeps_nobody_else_waiting() {
    let served = serve();
    let mut lazy = served.client();
    let body = "x".repeat(100_000);
    assert_eq!(lazy.put("T", "0", "", body.as_bytes()).code, 0);
    // More than sockets hold; nothing of it is read.
    for _ in 0..200 {
        lazy.start_pull("g", "T", "0", 0, 0);
    }
    let mut other = served.client();
    assert_eq!(other.put("T", "0", "", b"x").code, 0);
    assert_eq!(served::bodies(&other.pull_behind("g", "T", "0", 1)), ["x"]);
    for opaque in 2..202 {
        assert_eq!(lazy.answer(opaque).code, 0);
    }
}
