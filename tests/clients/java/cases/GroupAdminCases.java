package cases;

import static cases.Driver.add;
import static cases.Env.check;
import static cases.Env.equal;
import static cases.Env.fails;
import static cases.Env.text;

import cases.GroupCases.Member;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.errors.UnknownMemberIdException;

/** Groups as the admin client sees and changes them. */
final class GroupAdminCases {
    static void register() {
        add("group-admin-describe-stable", GroupAdminCases::describeStable);
        add("group-admin-describe-static-member", GroupAdminCases::describeStatic);
        add("group-admin-describe-missing", GroupAdminCases::describeMissing);
        add("group-admin-list-by-state-and-type", GroupAdminCases::list);
        add("group-admin-list-offsets", GroupAdminCases::listOffsets);
        add("group-admin-list-offsets-of-two-groups", GroupAdminCases::listOffsetsOfTwo);
        add("group-admin-reset-to-earliest", GroupAdminCases::reset);
        add("group-admin-reset-refused-while-members", GroupAdminCases::resetRefused);
        add("group-admin-delete", GroupAdminCases::delete);
        add("group-admin-delete-refused-while-members", GroupAdminCases::deleteRefused);
        add("group-admin-delete-missing", env -> fails(GroupIdNotFoundException.class,
            () -> env.admin().deleteConsumerGroups(List.of(env.fresh("none"))).all().get()));
        add("group-admin-delete-offsets", GroupAdminCases::deleteOffsets);
        add("group-admin-delete-offsets-refused-while-subscribed", GroupAdminCases::deleteOffsetsRefused);
        add("group-admin-remove-static-member", GroupAdminCases::removeStatic);
        add("group-admin-remove-all-members", GroupAdminCases::removeAll);
    }

    private static void commit(Env env, String group, TopicPartition partition, long offset) {
        try (Consumer<byte[], byte[]> consumer = env.consumer("group.id", group)) {
            consumer.assign(List.of(partition));
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset, "by test")));
        }
    }

    private static ConsumerGroupDescription describe(Admin admin, String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).get();
    }

    private static void describeStable(Env env) throws Exception {
        String topic = env.topic(3);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group);
        GroupCases.settle(env, "member owns all", 3, 3, member);
        ConsumerGroupDescription description = describe(env.admin(), group);
        equal(GroupState.STABLE, description.groupState(), "state");
        equal(GroupType.CLASSIC, description.type(), "type");
        equal("range", description.partitionAssignor(), "assignor");
        equal(false, description.isSimpleConsumerGroup(), "simple");
        check(description.coordinator() != null && !description.coordinator().isEmpty(), "has a coordinator");
        equal(1, description.members().size(), "members");
        MemberDescription only = description.members().iterator().next();
        check(only.consumerId().startsWith(only.clientId() + "-"), "member id starts with the client id");
        check(only.host().contains("127.0.0.1"), "host: " + only.host());
        equal(Set.copyOf(Env.partitions(topic, 3)), only.assignment().topicPartitions(), "assignment");
    }

    private static void describeStatic(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group, "group.instance.id", "fixed");
        GroupCases.settle(env, "member owns all", 1, 1, member);
        MemberDescription only = describe(env.admin(), group).members().iterator().next();
        equal("fixed", only.groupInstanceId().orElse(null), "instance id");
    }

    private static void describeMissing(Env env) {
        fails(GroupIdNotFoundException.class, () -> describe(env.admin(), env.fresh("none")));
    }

    private static void list(Env env) throws Exception {
        String topic = env.topic(1);
        String stable = env.fresh("stable");
        String empty = env.fresh("empty");
        Member member = new Member(env, List.of(topic), "group.id", stable);
        GroupCases.settle(env, "member owns all", 1, 1, member);
        commit(env, empty, new TopicPartition(topic, 0), 0);
        Admin admin = env.admin();
        List<String> all = names(admin, new ListGroupsOptions());
        check(all.contains(stable) && all.contains(empty), "both groups are listed");
        List<String> onlyStable = names(admin, new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)));
        check(onlyStable.contains(stable) && !onlyStable.contains(empty), "filter by state stable");
        List<String> onlyEmpty = names(admin, new ListGroupsOptions().inGroupStates(Set.of(GroupState.EMPTY)));
        check(onlyEmpty.contains(empty) && !onlyEmpty.contains(stable), "filter by state empty");
        List<String> classic = names(admin, new ListGroupsOptions().withTypes(Set.of(GroupType.CLASSIC)));
        check(classic.contains(stable), "filter by type");
        List<String> modern = names(admin, new ListGroupsOptions().withTypes(Set.of(GroupType.CONSUMER)));
        check(!modern.contains(stable), "filter by another type");
    }

    private static List<String> names(Admin admin, ListGroupsOptions options) throws Exception {
        return admin.listGroups(options).all().get().stream().map(GroupListing::groupId).toList();
    }

    private static void listOffsets(Env env) throws Exception {
        String topic = env.topic(3);
        String group = env.fresh("g");
        commit(env, group, new TopicPartition(topic, 1), 17);
        Map<TopicPartition, OffsetAndMetadata> offsets =
            env.admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        equal(1, offsets.size(), "partitions with a commit");
        OffsetAndMetadata found = offsets.get(new TopicPartition(topic, 1));
        equal(17L, found.offset(), "offset");
        equal("by test", found.metadata(), "metadata");
    }

    private static void listOffsetsOfTwo(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        String left = env.fresh("left");
        String right = env.fresh("right");
        commit(env, left, partition, 1);
        commit(env, right, partition, 2);
        ListConsumerGroupOffsetsSpec spec = new ListConsumerGroupOffsetsSpec();
        Map<String, Map<TopicPartition, OffsetAndMetadata>> all =
            env.admin().listConsumerGroupOffsets(Map.of(left, spec, right, spec)).all().get();
        equal(1L, all.get(left).get(partition).offset(), "left");
        equal(2L, all.get(right).get(partition).offset(), "right");
    }

    private static void reset(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        String group = env.fresh("g");
        env.send(topic, 0, 10, "v");
        commit(env, group, partition, 10);
        env.admin().alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(0))).all().get();
        Consumer<byte[], byte[]> consumer = env.consumer("group.id", group);
        consumer.subscribe(List.of(topic));
        equal("v0", text(env.exactly(consumer, 10).get(0).value()), "reads again from the start");
    }

    private static void resetRefused(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group);
        GroupCases.settle(env, "member owns all", 1, 1, member);
        fails(UnknownMemberIdException.class, () -> env.admin().alterConsumerGroupOffsets(group,
            Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0))).all().get());
    }

    private static void delete(Env env) throws Exception {
        String topic = env.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        String group = env.fresh("g");
        commit(env, group, partition, 3);
        Admin admin = env.admin();
        admin.deleteConsumerGroups(List.of(group)).all().get();
        check(!names(admin, new ListGroupsOptions()).contains(group), "group is gone");
        equal(null, env.consumer("group.id", group).committed(Set.of(partition)).get(partition), "offset is gone");
    }

    private static void deleteRefused(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group);
        GroupCases.settle(env, "member owns all", 1, 1, member);
        fails(GroupNotEmptyException.class, () -> env.admin().deleteConsumerGroups(List.of(group)).all().get());
    }

    private static void deleteOffsets(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        commit(env, group, new TopicPartition(topic, 0), 3);
        commit(env, group, new TopicPartition(topic, 1), 4);
        Admin admin = env.admin();
        admin.deleteConsumerGroupOffsets(group, Set.of(new TopicPartition(topic, 0))).all().get();
        Map<TopicPartition, OffsetAndMetadata> left =
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        equal(Set.of(new TopicPartition(topic, 1)), left.keySet(), "partitions with a commit");
    }

    private static void deleteOffsetsRefused(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group);
        GroupCases.settle(env, "member owns all", 1, 1, member);
        TopicPartition partition = new TopicPartition(topic, 0);
        fails(GroupSubscribedToTopicException.class, () -> env.admin()
            .deleteConsumerGroupOffsets(group, Set.of(partition)).partitionResult(partition).get());
    }

    private static void removeStatic(Env env) throws Exception {
        String topic = env.topic(1);
        String group = env.fresh("g");
        Member member = new Member(env, List.of(topic), "group.id", group, "group.instance.id", "fixed",
            "session.timeout.ms", "60000");
        GroupCases.settle(env, "member owns all", 1, 1, member);
        member.close();
        Admin admin = env.admin();
        equal(1, describe(admin, group).members().size(), "a closed static member stays");
        admin.removeMembersFromConsumerGroup(group,
            new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("fixed")))).all().get();
        equal(0, describe(admin, group).members().size(), "members after removal");
    }

    private static void removeAll(Env env) throws Exception {
        String topic = env.topic(2);
        String group = env.fresh("g");
        Object[] left = {"group.id", group, "group.instance.id", "a", "session.timeout.ms", "60000"};
        Object[] right = {"group.id", group, "group.instance.id", "b", "session.timeout.ms", "60000"};
        Member a = new Member(env, List.of(topic), left);
        Member b = new Member(env, List.of(topic), right);
        GroupCases.settle(env, "both share", 2, 1, a, b);
        a.close();
        b.close();
        Admin admin = env.admin();
        admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all().get();
        equal(GroupState.EMPTY, describe(admin, group).groupState(), "state");
    }

    private GroupAdminCases() {
    }
}
