//! Transactions over a socket: committed, rolled back, asked about, given up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use std::time::Duration;

use segment::{EngineKind, EngineOptions, open_engine};
use served::{Client, Got, Served, bodies, messages, serve_with};

const HALF: &str = "RMQ_SYS_TRANS_HALF_TOPIC";

fn serve() -> Served {
    serve_with(|settings, _| {
        // Only the tests look.
        settings.transaction_check_interval = Duration::from_secs(3600);
        settings.transaction_check_max = 2;
    })
}

fn half(client: &mut Client, body: &str, more: &str) -> Got {
    let properties = format!("TRAN_MSG\x01true\x02PGROUP\x01pg\x02UNIQ_KEY\x01{body}\x02{more}");
    let sent = client.put("T", "1", &properties, body.as_bytes());
    assert_eq!(sent.code, 0, "{sent:?}");
    sent
}

/// Ends a half by the place that its answer told.
fn end(client: &mut Client, half: &Got, how: &str, group: &str) -> Got {
    let offset = i64::from_str_radix(&half.get("msgId")[16..], 16)
        .unwrap()
        .to_string();
    let fields = [
        ("producerGroup", group),
        ("tranStateTableOffset", half.get("queueOffset")),
        ("commitLogOffset", offset.as_str()),
        ("commitOrRollback", how),
        ("fromTransactionCheck", "false"),
        ("msgId", "u"),
    ];
    client.ask(37, &fields, b"")
}

fn queue_end(client: &mut Client, topic: &str, queue: &str) -> i64 {
    client
        .ask(30, &[("topic", topic), ("queueId", queue)], b"")
        .number("offset")
}

/// Puts something behind everything that was stored, and waits until it can be read.
fn settle(client: &mut Client) {
    let sent = client.put("marker", "0", "", b"x");
    client.pull("settle", "marker", "0", sent.number("queueOffset"));
}

#[test]
fn commit_and_rollback() {
    let served = serve();
    let mut client = served.client();
    client.produce("p", "pg");
    let (one, two) = (half(&mut client, "one", ""), half(&mut client, "two", ""));
    settle(&mut client);
    assert_eq!(queue_end(&mut client, "T", "1"), 0, "nobody sees a half");
    assert_eq!(queue_end(&mut client, HALF, "0"), 2);
    assert_eq!(end(&mut client, &one, "8", "other").code, 1);
    assert_eq!(end(&mut client, &one, "8", "pg").code, 0);
    assert_eq!(end(&mut client, &two, "12", "pg").code, 0);
    assert_eq!(
        end(&mut client, &one, "8", "pg").code,
        0,
        "said twice, done once"
    );
    let pulled = client.pull("g", "T", "1", 0);
    let got = messages(&pulled.body);
    assert_eq!((got.len(), got[0].body.as_str()), (1, "one"));
    assert_eq!(got[0].sys_flag & 0xc, 8);
    assert_eq!(got[0].property("__transactionId__").as_deref(), Some("one"));
    settle(&mut client);
    assert_eq!(queue_end(&mut client, "T", "1"), 1);
    assert_eq!(
        queue_end(&mut client, "RMQ_SYS_TRANS_OP_HALF_TOPIC", "0"),
        2
    );
    // Nobody is asked about what ended, not after a restart either.
    let served = served.restart();
    let mut client = served.client();
    client.produce("p", "pg");
    served.clock.advance(60_000);
    served.broker.check_transactions().unwrap();
    settle(&mut client);
    assert_eq!(queue_end(&mut client, HALF, "0"), 2);
}

#[test]
fn a_producer_is_asked_and_then_no_more() {
    let served = serve();
    let (mut client, mut away) = (served.client(), served.client());
    half(&mut client, "open", "");
    settle(&mut client);
    let check = || served.broker.check_transactions().unwrap();
    served.clock.advance(6000);
    check();
    settle(&mut client);
    assert_eq!(queue_end(&mut client, HALF, "0"), 1, "too young to ask");
    served.clock.advance(1);
    check();
    settle(&mut client);
    assert_eq!(queue_end(&mut client, HALF, "0"), 1, "nobody to ask");
    away.produce("p", "pg");
    check();
    let asked = away.pushed(39);
    assert!(asked.is_oneway);
    assert_eq!(
        (asked.get("msgId"), asked.number("tranStateTableOffset")),
        ("open", 1)
    );
    let shown = messages(&asked.body).remove(0);
    assert_eq!((shown.topic.as_str(), shown.body.as_str()), ("T", "open"));
    assert_eq!(shown.property("PGROUP").as_deref(), Some("pg"));
    settle(&mut client);
    served.clock.advance(7000);
    check();
    let asked = away.pushed(39);
    let fields = [
        ("producerGroup", "pg"),
        ("tranStateTableOffset", asked.get("tranStateTableOffset")),
        ("commitLogOffset", asked.get("commitLogOffset")),
        ("commitOrRollback", "8"),
        ("fromTransactionCheck", "true"),
        ("msgId", "open"),
    ];
    away.write(37, 5, 2, &fields, b"");
    assert_eq!(bodies(&client.pull("g", "T", "1", 0)), ["open"]);
    settle(&mut client);
    served.clock.advance(7000);
    check();
    settle(&mut client);
    assert_eq!(
        queue_end(&mut client, HALF, "0"),
        3,
        "asked twice, and ended"
    );
}

#[test]
fn an_answer_to_the_first_half_ends_its_copy() {
    let served = serve();
    let mut client = served.client();
    client.produce("p", "pg");
    let sent = half(&mut client, "late", "");
    settle(&mut client);
    served.clock.advance(7000);
    served.broker.check_transactions().unwrap();
    client.pushed(39);
    settle(&mut client);
    assert_eq!(end(&mut client, &sent, "8", "pg").code, 0);
    assert_eq!(bodies(&client.pull("g", "T", "1", 0)), ["late"]);
    served.clock.advance(7000);
    served.broker.check_transactions().unwrap();
    settle(&mut client);
    assert_eq!(
        queue_end(&mut client, HALF, "0"),
        2,
        "the copy is not asked about"
    );
}

#[test]
fn what_nobody_ends_is_given_up() {
    let served = serve();
    let mut client = served.client();
    client.produce("p", "pg");
    half(&mut client, "never", "");
    for _ in 0..2 {
        settle(&mut client);
        served.clock.advance(7000);
        served.broker.check_transactions().unwrap();
        client.pushed(39);
    }
    settle(&mut client);
    served.clock.advance(7000);
    served.broker.check_transactions().unwrap();
    let given_up = client.pull("g", "TRANS_CHECK_MAX_TIME_TOPIC", "0", 0);
    let got = messages(&given_up.body).remove(0);
    assert_eq!(
        got.property("TRANSACTION_CHECK_TIMES").as_deref(),
        Some("2")
    );
}

#[test]
fn a_half_with_a_time_of_its_own_holds_up_nobody() {
    let served = serve();
    let mut client = served.client();
    client.produce("p", "pg");
    let patient = half(
        &mut client,
        "patient",
        "CHECK_IMMUNITY_TIME_IN_SECONDS\x01100\x02",
    );
    half(&mut client, "other", "");
    settle(&mut client);
    served.clock.advance(7000);
    served.broker.check_transactions().unwrap();
    assert_eq!(client.pushed(39).get("msgId"), "other");
    settle(&mut client);
    served.broker.check_transactions().unwrap();
    served.clock.advance(100_000);
    let late = end(&mut client, &patient, "8", "pg");
    assert_eq!(late.code, 604, "too late to end it unasked");
    served.broker.check_transactions().unwrap();
    assert_eq!(client.pushed(39).get("msgId"), "patient");
}

/// What is written is seen a good while later, unless somebody waits for it.
fn serve_unhurried() -> Served {
    serve_with(|settings, store| {
        settings.transaction_check_interval = Duration::from_secs(3600);
        let (engine, _) = open_engine(
            EngineKind::Staged,
            &EngineOptions::new(std::env::temp_dir()),
        );
        store.engine = engine;
        store.settings.commit_bytes = 1 << 20;
        store.settings.commit_interval = Duration::from_secs(2);
        store.settings.flush_interval = Duration::from_secs(3600);
    })
}

#[test]
fn a_producer_that_answers_at_once_is_heard() {
    let served = serve_unhurried();
    let mut client = served.client();
    client.produce("p", "pg");
    half(&mut client, "open", "");
    settle(&mut client);
    served.clock.advance(7000);
    served.broker.check_transactions().unwrap();
    let asked = client.pushed(39);
    let fields = [
        ("producerGroup", "pg"),
        ("tranStateTableOffset", asked.get("tranStateTableOffset")),
        ("commitLogOffset", asked.get("commitLogOffset")),
        ("commitOrRollback", "8"),
        ("fromTransactionCheck", "true"),
        ("msgId", "open"),
    ];
    assert_eq!(client.ask(37, &fields, b"").code, 0);
    assert_eq!(bodies(&client.pull("g", "T", "1", 0)), ["open"]);
}

#[test]
fn a_half_that_nobody_waited_for_is_ended() {
    let served = serve_unhurried();
    let mut client = served.client();
    client.produce("p", "pg");
    let sent = half(&mut client, "hasty", "WAIT\x01false\x02");
    assert_eq!(end(&mut client, &sent, "8", "pg").code, 0);
    assert_eq!(bodies(&client.pull("g", "T", "1", 0)), ["hasty"]);
}
