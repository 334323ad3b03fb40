//! The programs in the order in which they run: what one leaves behind, another reads.
//!
//! Absent: those for what is not served (`lmq`, `PopConsumer`, `schedule.Timer*`, `AclClient`), those that want another
//! library's server (`tracemessage.OpenTracing*`, `openmessaging`), and those that print nothing and are no program
//! (`CachedQueue`, `RandomAsyncCommit`). `benchmark` is `cargo xtask bench rocketmq`'s.

use super::facts::Counting::{self, Exact, Whether};

/// When a program has done what is to be seen of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    /// It ends by itself.
    Ended,
    /// It has printed this so often.
    Said(&'static str, usize),
    /// It has printed so many messages.
    Received(usize),
    /// So many seconds are over: it goes on for ever and prints nothing that could be waited for.
    Passed(u64),
}

/// One program and how it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program {
    /// Below `org.apache.rocketmq.example`.
    pub(super) class: &'static str,
    pub(super) args: &'static [&'static str],
    pub(super) until: Until,
    pub(super) counting: Counting,
    /// It is needed by those behind it.
    pub(super) stays: bool,
}

impl Program {
    /// Its name and what it is told.
    pub(super) fn title(&self) -> String {
        let words = [&[self.class], self.args].concat();
        words.join(" ")
    }

    const fn stays(mut self) -> Self {
        self.stays = true;
        self
    }
}

const fn program(class: &'static str, until: Until, counting: Counting) -> Program {
    Program {
        class,
        args: &[],
        until,
        counting,
        stays: false,
    }
}

/// Topics that programs expect to be there.
pub(super) const TOPICS: [&str; 3] = ["TopicTest", "TopicTest1", "RequestTopic"];

/// Reads what the transactions became: every third message. RocketMQ's broker delivers it again each time it asks about the
/// half before it has seen that it ended, so how often is not looked at.
const COMMITTED: Program = Program {
    class: "operation.Consumer",
    args: &[
        "-g",
        "committed",
        "-t",
        "TopicTest1234",
        "-s",
        "*",
        "-f",
        "false",
    ],
    until: Until::Received(3),
    counting: Whether,
    stays: false,
};

const OPERATED: Program = Program {
    class: "operation.Producer",
    args: &[
        "-g",
        "operation",
        "-t",
        "operation",
        "-a",
        "TagO",
        "-k",
        "key",
        "-c",
        "10",
    ],
    until: Until::Ended,
    counting: Exact,
    stays: false,
};

/// Gives every second message back, which comes again after 10 s.
const GIVEN_BACK: Program = Program {
    class: "operation.Consumer",
    args: &[
        "-g",
        "given-back",
        "-t",
        "operation",
        "-s",
        "*",
        "-f",
        "true",
    ],
    until: Until::Received(15),
    counting: Whether,
    stays: false,
};

pub(super) const PROGRAMS: &[Program] = &[
    // 1000, 128 and 100 messages of TopicTest.
    program("quickstart.Producer", Until::Ended, Exact),
    program("quickstart.Consumer", Until::Received(1000), Exact),
    program("simple.Producer", Until::Ended, Exact),
    program("simple.OnewayProducer", Until::Ended, Exact),
    program("simple.PushConsumer", Until::Received(1228), Exact),
    program("broadcast.PushConsumer", Until::Received(1228), Exact),
    program(
        "simple.LitePullConsumerSubscribe",
        Until::Received(1228),
        Exact,
    ),
    program(
        "simple.LitePullConsumerAssign",
        Until::Received(100),
        Whether,
    ),
    program(
        "simple.LitePullConsumerAssignWithSubExpression",
        Until::Received(100),
        Whether,
    ),
    program("simple.PullConsumer", Until::Passed(5), Exact),
    program(
        "simple.PullScheduleService",
        Until::Said("NO_NEW_MSG", 4),
        Whether,
    ),
    program("ordermessage.Producer", Until::Ended, Exact),
    program("ordermessage.Consumer", Until::Received(100), Whether),
    program("simple.AsyncProducer", Until::Ended, Exact),
    // They do not close their producer, so they do not end.
    program(
        "batch.SimpleBatchProducer",
        Until::Said("SEND_OK", 1),
        Exact,
    ),
    program("batch.SplitBatchProducer", Until::Said("SEND_OK", 8), Exact),
    program("filter.TagFilterProducer", Until::Ended, Exact),
    program("filter.TagFilterConsumer", Until::Received(40), Exact),
    program("filter.SqlFilterProducer", Until::Ended, Exact),
    program("filter.SqlFilterConsumer", Until::Received(3), Exact),
    program("schedule.ScheduledMessageProducer", Until::Ended, Exact),
    program(
        "schedule.ScheduledMessageConsumer",
        Until::Said("Receive message", 100),
        Exact,
    ),
    program(
        "transaction.TransactionProducer",
        Until::Said("SEND_OK", 10),
        Exact,
    )
    .stays(),
    COMMITTED,
    program(
        "rpc.ResponseConsumer",
        Until::Said("Consumer Started", 1),
        Exact,
    )
    .stays(),
    program("rpc.RequestProducer", Until::Ended, Exact),
    program("rpc.AsyncRequestProducer", Until::Said("cost", 1), Exact),
    program("namespace.ProducerWithNamespace", Until::Ended, Exact),
    program(
        "namespace.PullConsumerWithNamespace",
        Until::Said("msgId is", 100),
        Whether,
    ),
    program(
        "namespace.PushConsumerWithNamespace",
        Until::Said("Msg topic is", 100),
        Exact,
    ),
    program("tracemessage.TraceProducer", Until::Ended, Exact),
    program(
        "tracemessage.TracePushConsumer",
        Until::Received(1356),
        Exact,
    ),
    OPERATED,
    GIVEN_BACK,
];
