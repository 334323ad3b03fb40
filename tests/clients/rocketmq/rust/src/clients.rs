//! The clients that cases work with, each with a name of its own.
//!
//! They are not shut down with their case but with the process: that costs no time, and a server must bear it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rocketmq_client_rust::{
    ClientConfig, ClientRuntime, ConsumeConcurrentlyContext, ConsumeConcurrentlyStatus,
    ConsumeOrderlyContext, ConsumeOrderlyStatus, DefaultLitePullConsumer, DefaultMQProducer,
    DefaultMQPushConsumer, MQPushConsumer, MessageSelector,
};
use rocketmq_model::common::consumer::consume_from_where::ConsumeFromWhere;
use rocketmq_model::common::message::MessageTrait;
use rocketmq_model::common::message::message_ext::MessageExt;
use rocketmq_model::common::message::message_single::Message;
use rocketmq_protocol::protocol::heartbeat::message_model::MessageModel;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same for all names of one run, and no other run's.
static RUN: LazyLock<String> = LazyLock::new(|| {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    format!("{:x}-{}", since.as_millis(), std::process::id())
});
static NUMBERS: AtomicUsize = AtomicUsize::new(0);

/// What a case works with.
pub(crate) struct Env {
    client: Arc<ClientRuntime>,
    names: String,
    case: String,
}

impl Env {
    pub(crate) fn new(client: &Arc<ClientRuntime>, names: &str, case: &str) -> Self {
        Self {
            client: Arc::clone(client),
            names: names.to_owned(),
            case: case.to_owned(),
        }
    }

    /// A name of a topic, group or client that is new on this server.
    pub(crate) fn fresh(&self, what: &str) -> String {
        format!(
            "{what}-rust-{}-{}-{}",
            self.case,
            *RUN,
            NUMBERS.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Each client is one of its own on the wire. It refuses intervals much shorter than its usual ones.
    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.set_namesrv_addr(self.names.as_str().into());
        config.set_instance_name(self.fresh("i").into());
        config
    }

    pub(crate) async fn producer(&self) -> DefaultMQProducer {
        let builder =
            DefaultMQProducer::builder(Arc::clone(&self.client)).client_config(self.config());
        let mut producer = builder
            .producer_group(self.fresh("g"))
            .default_topic_queue_nums(4)
            .send_msg_timeout(10_000)
            .build();
        producer.start().await.unwrap();
        producer
    }

    /// A topic of four queues, which its first message makes.
    pub(crate) async fn topic(&self, producer: &DefaultMQProducer) -> String {
        let topic = self.fresh("t");
        producer.send(message(&topic, FIRST)).await.unwrap();
        topic
    }

    /// A push consumer that reads from the first message on.
    pub(crate) fn push(&self, group: &str, model: MessageModel) -> DefaultMQPushConsumer {
        DefaultMQPushConsumer::builder(Arc::clone(&self.client))
            .client_config(self.config())
            .consumer_group(group)
            .message_model(model)
            .consume_from_where(ConsumeFromWhere::ConsumeFromFirstOffset)
            .build()
    }

    /// A consumer of its own group, which takes everything.
    pub(crate) async fn subscribed(&self, topic: &str, selector: MessageSelector) -> Inbox {
        self.member(&self.fresh("g"), topic, selector, MessageModel::Clustering)
            .await
    }

    pub(crate) async fn member(
        &self,
        group: &str,
        topic: &str,
        selector: MessageSelector,
        model: MessageModel,
    ) -> Inbox {
        let mut consumer = self.push(group, model);
        let inbox = Inbox::default();
        let given = inbox.clone();
        let take = move |messages: &[&MessageExt], _: &ConsumeConcurrentlyContext| {
            given.add(messages);
            Ok(ConsumeConcurrentlyStatus::ConsumeSuccess)
        };
        consumer.register_message_listener_concurrently(take);
        started(consumer, topic, selector).await;
        inbox
    }

    /// As above, but what `judge` refuses comes again.
    pub(crate) async fn judging(
        &self,
        group: &str,
        topic: &str,
        judge: impl Fn(&MessageExt) -> bool + Send + Sync + 'static,
    ) -> Inbox {
        let mut consumer = self.push(group, MessageModel::Clustering);
        let inbox = Inbox::default();
        let given = inbox.clone();
        let take = move |messages: &[&MessageExt], _: &ConsumeConcurrentlyContext| {
            given.add(messages);
            Ok(match messages.iter().all(|message| judge(message)) {
                true => ConsumeConcurrentlyStatus::ConsumeSuccess,
                false => ConsumeConcurrentlyStatus::ReconsumeLater,
            })
        };
        consumer.register_message_listener_concurrently(take);
        started(consumer, topic, everything()).await;
        inbox
    }

    /// A consumer that takes each queue's messages one after the other.
    pub(crate) async fn orderly(&self, topic: &str) -> Inbox {
        let mut consumer = self.push(&self.fresh("g"), MessageModel::Clustering);
        let inbox = Inbox::default();
        let given = inbox.clone();
        let take = move |messages: &[&MessageExt], _: &mut ConsumeOrderlyContext| {
            given.add(messages);
            Ok(ConsumeOrderlyStatus::Success)
        };
        consumer.register_message_listener_orderly(take);
        started(consumer, topic, everything()).await;
        inbox
    }

    /// Not started, commits when told.
    pub(crate) fn lite(&self, group: &str) -> DefaultLitePullConsumer {
        DefaultLitePullConsumer::builder(Arc::clone(&self.client))
            .name_server_addr(self.names.as_str())
            .instance_name(self.fresh("i"))
            .consumer_group(group)
            .consume_from_where(ConsumeFromWhere::ConsumeFromFirstOffset)
            .auto_commit(false)
            .build()
            .unwrap()
    }

    pub(crate) fn runtime(&self) -> Arc<ClientRuntime> {
        Arc::clone(&self.client)
    }

    pub(crate) fn client_config(&self) -> ClientConfig {
        self.config()
    }
}

/// Starts the consumer and keeps it to the end of the process.
async fn started(mut consumer: DefaultMQPushConsumer, topic: &str, selector: MessageSelector) {
    consumer
        .subscribe_with_selector(topic, Some(selector))
        .await
        .unwrap();
    consumer.start().await.unwrap();
    std::mem::forget(consumer);
}

/// The body of the message that makes a topic; inboxes leave it out.
const FIRST: &str = "makes the topic";

pub(crate) fn everything() -> MessageSelector {
    MessageSelector::by_tag("*")
}

pub(crate) fn message(topic: &str, body: &str) -> Message {
    Message::builder()
        .topic(topic)
        .body_slice(body.as_bytes())
        .build_unchecked()
}

pub(crate) fn tagged(topic: &str, tag: &str, body: &str) -> Message {
    Message::builder()
        .topic(topic)
        .tags(tag)
        .body_slice(body.as_bytes())
        .build_unchecked()
}

pub(crate) fn body(message: &MessageExt) -> String {
    String::from_utf8_lossy(&message.get_body().cloned().unwrap_or_default()).into_owned()
}

/// `prefix0 … prefix(n-1)`.
pub(crate) fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{prefix}{i}")).collect()
}

/// What a consumer was given, in the order in which it was.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<Vec<MessageExt>>>);

impl Inbox {
    pub(crate) fn add(&self, messages: &[&MessageExt]) {
        let real = messages.iter().filter(|message| body(message) != FIRST);
        self.0
            .lock()
            .unwrap()
            .extend(real.map(|message| (*message).clone()));
    }

    pub(crate) fn all(&self) -> Vec<MessageExt> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.all().iter().map(body).collect()
    }

    pub(crate) async fn await_count(&self, count: usize) -> Vec<MessageExt> {
        until(&format!("{count} messages consumed"), async || {
            self.all().len() >= count
        })
        .await;
        self.all()
    }

    /// Waits for these bodies and nothing else, in any order.
    pub(crate) async fn exactly(&self, mut expected: Vec<String>) {
        self.await_count(expected.len()).await;
        let mut got = self.bodies();
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "consumed");
    }
}

/// Asks again until `ready`; for states that follow an answer rather than come with it.
pub(crate) async fn until(what: &str, mut ready: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !ready().await {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
