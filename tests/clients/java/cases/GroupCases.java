package cases;

import static cases.Driver.add;
import static cases.Env.POLL;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.partitions;
import static cases.Env.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;

/** Classic consumer groups: sharing, rebalances, static members, commits. */
final class GroupCases {
    static void register() {
        add("group-of-one-resumes-after-commit", GroupCases::resumes);
        add("group-of-three-range", env -> ofThree(env, RangeAssignor.class));
        add("group-of-three-round-robin", env -> ofThree(env, RoundRobinAssignor.class));
        add("group-of-three-sticky", env -> ofThree(env, StickyAssignor.class));
        add("group-of-three-cooperative", env -> ofThree(env, CooperativeStickyAssignor.class));
        add("group-reads-each-record-once", GroupCases::eachOnce);
        add("group-two-topics", GroupCases::twoTopics);
        add("group-more-members-than-partitions", GroupCases::idleMember);
        add("group-new-partitions-are-assigned", GroupCases::newPartitions);
        add("group-subscription-change", GroupCases::subscriptionChange);
        add("group-dead-member-is-replaced", GroupCases::deadMember);
        add("group-mixed-assignors-refused", GroupCases::mixedAssignors);
        add("group-static-member-restarts-without-rebalance", GroupCases::staticRestart);
        add("group-static-duplicate-is-fenced", GroupCases::staticFenced);
        add("group-commit-sync-with-metadata", GroupCases::commitMetadata);
        add("group-commit-async-in-order", GroupCases::commitAsync);
        add("group-auto-commit-on-close", GroupCases::autoCommit);
        add("group-committed-none-is-null", GroupCases::committedNone);
        add("group-commit-without-membership", GroupCases::commitAssigned);
        add("group-commit-after-expulsion-fails", GroupCases::commitExpelled);
        add("group-commit-many-partitions", GroupCases::commitMany);
    }

    /** A member of a group that polls on its own thread until it is stopped. */
    static final class Member implements AutoCloseable, ConsumerRebalanceListener {
        final Consumer<byte[], byte[]> consumer;
        final Set<TopicPartition> owned = ConcurrentHashMap.newKeySet();
        final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        final AtomicInteger rebalances = new AtomicInteger();
        final AtomicReference<Throwable> failed = new AtomicReference<>();
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile boolean stop;

        Member(Env env, List<String> topics, Object... config) {
            consumer = env.consumer(config);
            env.closing(this);
            Thread thread = new Thread(() -> run(topics));
            thread.setDaemon(true);
            thread.start();
        }

        private void run(List<String> topics) {
            try (consumer) {
                consumer.subscribe(topics, this);
                while (!stop) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
                        synchronized (records) {
                            records.add(record);
                        }
                    }
                }
            } catch (Throwable error) {
                failed.set(error);
            } finally {
                done.countDown();
            }
        }

        int count() {
            synchronized (records) {
                return records.size();
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            owned.addAll(partitions);
            rebalances.incrementAndGet();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            owned.removeAll(partitions);
        }

        @Override
        public void close() throws InterruptedException {
            stop = true;
            done.await(10, TimeUnit.SECONDS);
        }
    }

    /** Waits until the members own all partitions between them, none twice, each member at least {@code least}. */
    static void settle(Env env, String what, int partitions, int least, Member... members) throws Exception {
        env.until(what, () -> {
            Set<TopicPartition> all = new HashSet<>();
            int sum = 0;
            for (Member member : members) {
                check(member.failed.get() == null, "member failed: " + member.failed.get());
                if (member.owned.size() < least) {
                    return false;
                }
                all.addAll(member.owned);
                sum += member.owned.size();
            }
            return sum == partitions && all.size() == partitions;
        });
    }

    private static void resumes(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        env.send(topic, 0, 10, "a");
        try (Consumer<byte[], byte[]> first = env.consumer("group.id", group)) {
            first.subscribe(List.of(topic));
            env.exactly(first, 10);
            first.commitSync();
        }
        env.send(topic, 0, 5, "b");
        Consumer<byte[], byte[]> second = env.consumer("group.id", group);
        second.subscribe(List.of(topic));
        equal("b0", text(env.exactly(second, 5).get(0).value()), "first record after the commit");
    }

    private static void ofThree(Env env, Class<?> assignor) throws Exception {
        String topic = env.topic(6);
        String group = env.fresh("g");
        Object[] config = {"group.id", group, "partition.assignment.strategy", assignor.getName()};
        Member a = new Member(env, List.of(topic), config);
        settle(env, "one member owns all", 6, 6, a);
        Member b = new Member(env, List.of(topic), config);
        settle(env, "two members share", 6, 3, a, b);
        Member c = new Member(env, List.of(topic), config);
        settle(env, "three members share", 6, 2, a, b, c);
        for (int i = 0; i < 6; i++) {
            env.send(topic, i, 2, "p" + i + "-");
        }
        env.until("all records read", () -> a.count() + b.count() + c.count() == 12);
        b.close();
        settle(env, "two remaining members share", 6, 3, a, c);
        for (Member member : List.of(a, b, c)) {
            equal(null, member.failed.get(), "member failure");
        }
    }

    private static void eachOnce(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.fresh("g");
        for (int i = 0; i < 4; i++) {
            env.send(topic, i, 250, "p" + i + "-");
        }
        Member[] members = new Member[3];
        for (int i = 0; i < 3; i++) {
            members[i] = new Member(env, List.of(topic), "group.id", group, "enable.auto.commit", "true",
                "auto.commit.interval.ms", "100");
        }
        settle(env, "three members share", 4, 1, members);
        Set<String> seen = new HashSet<>();
        env.until("every record read", () -> {
            for (Member member : members) {
                synchronized (member.records) {
                    member.records.forEach(record -> seen.add(record.partition() + ":" + record.offset()));
                }
            }
            return seen.size() == 1000;
        });
    }

    private static void twoTopics(Env env) throws Exception {
        String left = env.topic(2);
        String right = env.topic(3);
        String group = env.fresh("g");
        Member a = new Member(env, List.of(left, right), "group.id", group);
        Member b = new Member(env, List.of(left, right), "group.id", group);
        settle(env, "both share five partitions", 5, 2, a, b);
    }

    private static void idleMember(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member a = new Member(env, List.of(topic), "group.id", group);
        settle(env, "first owns", 1, 1, a);
        Member b = new Member(env, List.of(topic), "group.id", group);
        env.until("second joined", () -> b.rebalances.get() > 0);
        settle(env, "one of two owns", 1, 0, a, b);
        (a.owned.isEmpty() ? b : a).close();
        Member other = a.owned.isEmpty() ? a : b;
        env.until("the other takes over", () -> a.owned.size() + b.owned.size() >= 1 && other.failed.get() == null);
    }

    private static void newPartitions(Env env) throws Exception {
        String topic = env.topic(1);
        Member a = new Member(env, List.of(topic), "group.id", env.fresh("g"), "metadata.max.age.ms", "300");
        settle(env, "one partition", 1, 1, a);
        env.admin().createPartitions(Map.of(topic, org.apache.kafka.clients.admin.NewPartitions.increaseTo(4))).all().get();
        settle(env, "four partitions", 4, 4, a);
        env.send(topic, 3, 1, "v");
        env.until("record of the new partition", () -> a.count() == 1);
    }

    private static void subscriptionChange(Env env) throws Exception {
        String left = env.topic(1);
        String right = env.topic(1);
        env.send(left, 0, 1, "left");
        env.send(right, 0, 1, "right");
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"));
        consumer.subscribe(List.of(left));
        equal("left0", text(env.exactly(consumer, 1).get(0).value()), "first subscription");
        consumer.subscribe(List.of(right));
        equal("right0", text(env.exactly(consumer, 1).get(0).value()), "second subscription");
        equal(Set.of(new TopicPartition(right, 0)), consumer.assignment(), "assignment");
        consumer.unsubscribe();
        equal(Set.of(), consumer.assignment(), "assignment after unsubscribe");
    }

    /** A member that stops polling is expelled after its session or poll timeout, and its partitions move. */
    private static void deadMember(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        Consumer<byte[], byte[]> dead = env.consumer("group.id", group, "max.poll.interval.ms", "2000");
        dead.subscribe(List.of(topic));
        env.until("first owns all", () -> {
            dead.poll(POLL);
            return dead.assignment().size() == 2;
        });
        Member alive = new Member(env, List.of(topic), "group.id", group);
        settle(env, "the living member takes over", 2, 2, alive);
    }

    private static void mixedAssignors(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        Member a = new Member(env, List.of(topic), "group.id", group,
            "partition.assignment.strategy", RangeAssignor.class.getName());
        settle(env, "first owns all", 2, 2, a);
        Consumer<byte[], byte[]> other = env.consumer("group.id", group,
            "partition.assignment.strategy", RoundRobinAssignor.class.getName());
        other.subscribe(List.of(topic));
        fails(InconsistentGroupProtocolException.class, () -> {
            for (int i = 0; i < 100; i++) {
                other.poll(POLL);
            }
            return null;
        });
    }

    private static void staticRestart(Env env) throws Exception {
        String topic = env.topic(4);
        String group = env.fresh("g");
        Object[] left = {"group.id", group, "group.instance.id", "left", "session.timeout.ms", "20000"};
        Object[] right = {"group.id", group, "group.instance.id", "right", "session.timeout.ms", "20000"};
        Member a = new Member(env, List.of(topic), left);
        Member b = new Member(env, List.of(topic), right);
        settle(env, "both share", 4, 2, a, b);
        Set<TopicPartition> before = new HashSet<>(b.owned);
        int rebalances = a.rebalances.get();
        b.close();
        Member again = new Member(env, List.of(topic), right);
        env.until("restarted member has an assignment", () -> again.owned.size() == 2);
        equal(before, new HashSet<>(again.owned), "assignment kept over the restart");
        env.send(topic, 0, 1, "v");
        env.until("group works", () -> a.count() + again.count() == 1);
        equal(rebalances, a.rebalances.get(), "rebalances seen by the other member");
    }

    private static void staticFenced(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member a = new Member(env, List.of(topic), "group.id", group, "group.instance.id", "same");
        settle(env, "first owns", 1, 1, a);
        Member b = new Member(env, List.of(topic), "group.id", group, "group.instance.id", "same");
        settle(env, "second owns", 1, 1, b);
        env.until("first is fenced", () -> a.failed.get() != null);
        fails(FencedInstanceIdException.class, () -> {
            throw new Exception(a.failed.get());
        });
    }

    private static void commitMetadata(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", group);
        List<TopicPartition> both = partitions(topic, 2);
        consumer.assign(both);
        consumer.commitSync(Map.of(both.get(0), new OffsetAndMetadata(42, "note äöü"),
            both.get(1), new OffsetAndMetadata(7, java.util.Optional.of(0), "")));
        Consumer<byte[], byte[]> other = env.consumer("group.id", group);
        Map<TopicPartition, OffsetAndMetadata> committed = other.committed(Set.copyOf(both));
        equal(42L, committed.get(both.get(0)).offset(), "offset");
        equal("note äöü", committed.get(both.get(0)).metadata(), "metadata");
        equal(java.util.Optional.of(0), committed.get(both.get(1)).leaderEpoch(), "leader epoch");
    }

    private static void commitAsync(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"));
        consumer.assign(List.of(partition));
        AtomicInteger answered = new AtomicInteger();
        AtomicReference<Exception> failed = new AtomicReference<>();
        for (int i = 1; i <= 50; i++) {
            consumer.commitAsync(Map.of(partition, new OffsetAndMetadata(i)), (offsets, error) -> {
                answered.incrementAndGet();
                failed.compareAndSet(null, error);
            });
        }
        env.until("all commits answered", () -> {
            consumer.poll(Duration.ofMillis(10));
            return answered.get() == 50;
        });
        equal(null, failed.get(), "commit error");
        equal(50L, consumer.committed(Set.of(partition)).get(partition).offset(), "last commit wins");
    }

    private static void autoCommit(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        String group = env.fresh("g");
        env.send(topic, 0, 25, "v");
        try (Consumer<byte[], byte[]> consumer = env.consumer("group.id", group, "enable.auto.commit", "true")) {
            consumer.subscribe(List.of(topic));
            env.exactly(consumer, 25);
        }
        Consumer<byte[], byte[]> other = env.consumer("group.id", group);
        equal(25L, other.committed(Set.of(partition)).get(partition).offset(), "committed on close");
    }

    private static void committedNone(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", env.fresh("g"));
        equal(null, consumer.committed(Set.of(partition)).get(partition), "committed offset");
    }

    private static void commitAssigned(Env env) throws Exception {
        String topic = env.topic(1);
        env.send(topic, 0, 10, "v");
        String group = env.fresh("g");
        try (Consumer<byte[], byte[]> consumer = env.consumer("group.id", group)) {
            consumer.assign(partitions(topic, 1));
            env.exactly(consumer, 10);
            consumer.commitSync();
        }
        Consumer<byte[], byte[]> next = env.consumer("group.id", group);
        next.assign(partitions(topic, 1));
        equal(10L, next.position(new TopicPartition(topic, 0)), "position after the commit");
    }

    private static void commitExpelled(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        String group = env.fresh("g");
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", group, "max.poll.interval.ms", "1000");
        consumer.subscribe(List.of(topic));
        env.until("assignment", () -> {
            consumer.poll(POLL);
            return !consumer.assignment().isEmpty();
        });
        Member other = new Member(env, List.of(topic), "group.id", group);
        settle(env, "another member takes over", 1, 1, other);
        fails(CommitFailedException.class, () -> {
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(1)));
            return null;
        });
    }

    private static void commitMany(Env env) throws Exception {
        String topic = env.topic(50);
        String group = env.fresh("g");
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", group);
        Map<TopicPartition, OffsetAndMetadata> offsets = new java.util.HashMap<>();
        for (TopicPartition partition : partitions(topic, 50)) {
            offsets.put(partition, new OffsetAndMetadata(100 + partition.partition(), "m" + partition.partition()));
        }
        consumer.assign(partitions(topic, 50));
        for (int i = 0; i < 20; i++) {
            consumer.commitSync(offsets);
        }
        equal(offsets, env.consumer("group.id", group).committed(offsets.keySet()), "all committed offsets");
    }

    private GroupCases() {
    }
}
