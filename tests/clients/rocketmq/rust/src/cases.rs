//! The cases: each returns when everything it claims held, and panics otherwise.

use std::any::Any;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rocketmq_client_rust::{
    DefaultMQProducer, LocalTransactionState, MessageSelector, TransactionListener,
    TransactionMQProducer,
};
use rocketmq_model::common::message::MessageTrait;
use rocketmq_model::common::message::message_ext::MessageExt;
use rocketmq_model::common::message::message_queue::MessageQueue;
use rocketmq_model::common::message::message_single::Message;
use rocketmq_protocol::protocol::heartbeat::message_model::MessageModel;

use crate::clients::{Env, Inbox, body, everything, message, numbered, tagged, until};

type Run = fn(Env) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! cases {
    ($($name:literal => $run:ident,)*) => {
        pub(crate) const CASES: &[(&str, Run)] = &[$(($name, |env| Box::pin($run(env)))),*];
    };
}

cases! {
    "send-sync" => send_sync,
    "send-async" => send_async,
    "send-oneway" => send_oneway,
    "send-batch" => send_batch,
    "send-to-queue" => send_to_queue,
    "push-receives-all" => receives_all,
    "push-clustering-two-members-share" => share,
    "broadcast-all-members-receive-all" => broadcast,
    "order-of-each-queue" => order,
    "filter-tag" => by_tag,
    "filter-sql" => by_sql,
    "retry-once" => retry_once,
    "delay-levels-1-to-4" => delays,
    "pull-subscribed" => pull_subscribed,
    "pull-assigned-from-offset" => pull_assigned,
    "transaction-commit-rollback-and-check-back" => transactions,
}

async fn send_all(producer: &DefaultMQProducer, topic: &str, prefix: &str, count: usize) {
    for text in numbered(prefix, count) {
        producer.send(message(topic, &text)).await.unwrap().unwrap();
    }
}

async fn send_sync(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.subscribed(&topic, everything()).await;
    let sent = Message::builder()
        .topic(topic.as_str())
        .tags("a")
        .keys(vec!["k1".to_owned(), "k2".to_owned()])
        .body_slice("hello".as_bytes());
    let mut sent = sent.build_unchecked();
    sent.put_user_property("p".into(), "größe".into()).unwrap();
    let answer = producer.send(sent).await.unwrap().unwrap();
    let got = inbox.await_count(1).await.remove(0);
    assert_eq!(body(&got), "hello");
    let property = |name: &str| {
        got.user_property(&name.into())
            .map(|value| value.to_string())
    };
    assert_eq!(property("p").as_deref(), Some("größe"));
    assert_eq!(property("TAGS").as_deref(), Some("a"));
    assert_eq!(property("KEYS").as_deref().map(str::trim), Some("k1 k2"));
    assert_eq!(
        property("UNIQ_KEY"),
        answer.msg_id.map(|id| id.to_string()),
        "id"
    );
}

async fn send_async(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.subscribed(&topic, everything()).await;
    let (answers, answered) = mpsc::channel();
    for text in numbered("m", 100) {
        let answers = answers.clone();
        let answer = move |_: Option<&_>, error: Option<&_>| {
            let _ = answers
                .send(error.map(|error: &rocketmq_client_rust::ClientError| error.to_string()));
        };
        producer
            .send_with_callback(message(&topic, &text), answer)
            .await
            .unwrap();
    }
    inbox.exactly(numbered("m", 100)).await;
    drop(answers);
    let mut count = 0;
    while let Ok(error) = answered.recv_timeout(Duration::from_secs(10)) {
        assert_eq!(error, None);
        count += 1;
    }
    assert_eq!(count, 100, "answers");
}

async fn send_oneway(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.subscribed(&topic, everything()).await;
    for text in numbered("m", 50) {
        producer.send_oneway(message(&topic, &text)).await.unwrap();
    }
    inbox.exactly(numbered("m", 50)).await;
}

async fn send_batch(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.orderly(&topic).await;
    let batch: Vec<_> = numbered("m", 10)
        .iter()
        .map(|text| tagged(&topic, "t", text))
        .collect();
    let answer = producer.send_batch(batch).await.unwrap();
    let places = answer.offset_msg_id.unwrap_or_default();
    assert_eq!(
        places.split(',').count(),
        10,
        "places in the answer: {places}"
    );
    inbox.await_count(10).await;
    assert_eq!(inbox.bodies(), numbered("m", 10), "consumed");
}

/// The queue of this number on the only broker.
fn queue(topic: &str, id: i32) -> MessageQueue {
    MessageQueue::from_parts(topic, "broker-a", id)
}

async fn send_to_queue(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.subscribed(&topic, everything()).await;
    let mut offsets = Vec::new();
    for text in numbered("m", 20) {
        let answer = producer
            .send_to_queue(message(&topic, &text), queue(&topic, 2))
            .await;
        offsets.push(answer.unwrap().unwrap().queue_offset);
    }
    assert!(
        offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "offsets: {offsets:?}"
    );
    let got = inbox.await_count(20).await;
    assert!(got.iter().all(|message| message.queue_id() == 2), "queues");
}

async fn receives_all(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    send_all(&producer, &topic, "m", 40).await;
    env.subscribed(&topic, everything())
        .await
        .exactly(numbered("m", 40))
        .await;
}

async fn share(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let group = env.fresh("g");
    let one = env
        .member(&group, &topic, everything(), MessageModel::Clustering)
        .await;
    let two = env
        .member(&group, &topic, everything(), MessageModel::Clustering)
        .await;
    // Members share anew when they are told, or every 20 s; what counts is that both get something in the end.
    let mut sent = 0;
    until("both take part", async || {
        let (topic, text) = (&topic, format!("m{sent}"));
        producer.send(message(topic, &text)).await.unwrap();
        sent += 1;
        !one.all().is_empty() && !two.all().is_empty()
    })
    .await;
    until("all consumed", async || {
        let mut bodies = [one.bodies(), two.bodies()].concat();
        bodies.sort();
        bodies.dedup();
        bodies.len() == sent
    })
    .await;
}

async fn broadcast(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let group = env.fresh("g");
    let one = env
        .member(&group, &topic, everything(), MessageModel::Broadcasting)
        .await;
    let two = env
        .member(&group, &topic, everything(), MessageModel::Broadcasting)
        .await;
    send_all(&producer, &topic, "m", 20).await;
    one.exactly(numbered("m", 20)).await;
    two.exactly(numbered("m", 20)).await;
}

async fn order(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.orderly(&topic).await;
    for i in 0..60 {
        let text = format!("q{}-{}", i % 3, i / 3);
        producer
            .send_to_queue(message(&topic, &text), queue(&topic, i % 3))
            .await
            .unwrap();
    }
    inbox.await_count(60).await;
    for id in 0..3 {
        let prefix = format!("q{id}-");
        let mut got = inbox.bodies();
        got.retain(|body| body.starts_with(&prefix));
        assert_eq!(got, numbered(&prefix, 20), "queue {id}");
    }
}

async fn by_tag(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env
        .subscribed(&topic, MessageSelector::by_tag("a || b"))
        .await;
    for (i, text) in numbered("m", 12).iter().enumerate() {
        let tag = ["a", "b", "c"][i % 3];
        producer.send(tagged(&topic, tag, text)).await.unwrap();
    }
    let expected = ["m0", "m1", "m3", "m4", "m6", "m7", "m9", "m10"];
    inbox.exactly(expected.map(str::to_owned).to_vec()).await;
}

async fn by_sql(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let selector = MessageSelector::by_sql("n BETWEEN 3 AND 5 OR n = 9");
    let inbox = env.subscribed(&topic, selector).await;
    for (i, text) in numbered("m", 10).iter().enumerate() {
        let mut numbered = message(&topic, text);
        numbered
            .put_user_property("n".into(), i.to_string().into())
            .unwrap();
        producer.send(numbered).await.unwrap();
    }
    inbox
        .exactly(["m3", "m4", "m5", "m9"].map(str::to_owned).to_vec())
        .await;
}

async fn retry_once(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let judge = |message: &MessageExt| message.reconsume_times() > 0 || body(message) != "m";
    let inbox = env.judging(&env.fresh("g"), &topic, judge).await;
    producer.send(tagged(&topic, "t", "m")).await.unwrap();
    let again = inbox.await_count(2).await.remove(1);
    assert_eq!((body(&again).as_str(), again.reconsume_times()), ("m", 1));
    assert_eq!(again.topic().as_str(), topic, "topic");
}

async fn delays(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let inbox = env.subscribed(&topic, everything()).await;
    let before = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    for level in (1..=4).rev() {
        let mut late = message(&topic, &format!("level{level}"));
        late.set_delay_time_level(level);
        producer.send(late).await.unwrap();
    }
    for message in inbox.await_count(4).await {
        let level: i128 = body(&message).trim_start_matches("level").parse().unwrap();
        let waited = i128::from(message.store_timestamp()) - before.cast_signed();
        assert!(waited >= level * 1000, "level {level} waited {waited} ms");
    }
    inbox
        .exactly(
            ["level1", "level2", "level3", "level4"]
                .map(str::to_owned)
                .to_vec(),
        )
        .await;
}

async fn pull_subscribed(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    send_all(&producer, &topic, "m", 30).await;
    let consumer = env.lite(&env.fresh("g"));
    consumer
        .subscribe_with_expression(&topic, "*")
        .await
        .unwrap();
    consumer.start().await.unwrap();
    let inbox = Inbox::default();
    until("30 messages polled", async || {
        let polled = consumer.poll_with_timeout(1000).await;
        inbox.add(&polled.iter().collect::<Vec<_>>());
        inbox.all().len() >= 30
    })
    .await;
    inbox.exactly(numbered("m", 30)).await;
    consumer.shutdown().await;
}

async fn pull_assigned(env: Env) {
    let producer = env.producer().await;
    let topic = env.topic(&producer).await;
    let mut first = None;
    for text in numbered("m", 20) {
        let answer = producer
            .send_to_queue(message(&topic, &text), queue(&topic, 1))
            .await;
        first.get_or_insert(answer.unwrap().unwrap().queue_offset);
    }
    let from = i64::try_from(first.unwrap()).unwrap() + 5;
    let consumer = env.lite(&env.fresh("g"));
    consumer.start().await.unwrap();
    let queue = consumer.fetch_message_queues(&topic).await.unwrap();
    let queue = queue
        .into_iter()
        .find(|queue| queue.queue_id() == 1)
        .expect("queue 1");
    consumer.assign(vec![queue.clone()]).await.unwrap();
    consumer.seek(&queue, from).await.unwrap();
    let inbox = Inbox::default();
    until("15 messages polled", async || {
        let polled = consumer.poll_with_timeout(1000).await;
        inbox.add(&polled.iter().collect::<Vec<_>>());
        inbox.all().len() >= 15
    })
    .await;
    assert_eq!(inbox.bodies(), numbered("m", 20).split_off(5), "polled");
    consumer.shutdown().await;
}

/// Says what a message's body says: its first letter at once, its last when asked.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<HashMap<String, usize>>>);

fn state(letter: Option<&u8>) -> LocalTransactionState {
    match letter {
        Some(b'c') => LocalTransactionState::CommitMessage,
        Some(b'r') => LocalTransactionState::RollbackMessage,
        _ => LocalTransactionState::Unknown,
    }
}

impl Script {
    fn asked(&self, body: &str) -> usize {
        self.0.lock().unwrap().get(body).copied().unwrap_or(0)
    }
}

impl TransactionListener for Script {
    fn execute_local_transaction(
        &self,
        message: &dyn MessageTrait,
        _: Option<&(dyn Any + Send + Sync)>,
    ) -> LocalTransactionState {
        state(message.get_body().and_then(|body| body.first()))
    }

    fn check_local_transaction(&self, message: &MessageExt) -> LocalTransactionState {
        let text = body(message);
        *self.0.lock().unwrap().entry(text.clone()).or_default() += 1;
        state(text.as_bytes().last())
    }
}

async fn transactions(env: Env) {
    let plain = env.producer().await;
    let topic = env.topic(&plain).await;
    let inbox = env.subscribed(&topic, everything()).await;
    let script = Script::default();
    let mut producer = TransactionMQProducer::builder(env.runtime())
        .client_config(env.client_config())
        .producer_group(env.fresh("g"))
        .transaction_listener(script.clone())
        .build();
    producer.start().await.unwrap();
    for text in ["r-c", "u-r", "c-r", "u-c"] {
        producer
            .send_message_in_transaction::<(), _>(message(&topic, text), None)
            .await
            .unwrap();
    }
    until("the unknown ones are asked about", async || {
        script.asked("u-r") > 0 && script.asked("u-c") > 0
    })
    .await;
    inbox
        .exactly(["c-r", "u-c"].map(str::to_owned).to_vec())
        .await;
    assert_eq!(script.asked("r-c"), 0, "asked about what was rolled back");
}
