package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

var cases = []namedCase{
	{"produce-acks-all", func(e *env) { roundTrip(e, func(c *sarama.Config) { c.Producer.RequiredAcks = sarama.WaitForAll }) }},
	{"produce-acks-1", func(e *env) { roundTrip(e, func(c *sarama.Config) { c.Producer.RequiredAcks = sarama.WaitForLocal }) }},
	{"produce-acks-0", func(e *env) { roundTrip(e, func(c *sarama.Config) { c.Producer.RequiredAcks = sarama.NoResponse }) }},
	{"produce-idempotent", func(e *env) { roundTrip(e, idempotent) }},
	{"produce-every-codec", everyCodec},
	{"produce-headers-and-nulls", headersAndNulls},
	{"produce-too-large-refused", tooLarge},
	{"produce-timestamps", timestamps},
	{"produce-creates-topic", createsTopic},
	{"produce-by-old-version-1.0", func(e *env) { roundTrip(e, func(c *sarama.Config) { c.Version = sarama.V1_0_0_0 }) }},
	{"produce-by-old-version-2.1", func(e *env) { roundTrip(e, func(c *sarama.Config) { c.Version = sarama.V2_1_0_0 }) }},
	{"consume-from-offset", fromOffset},
	{"consume-offsets-and-times", offsetsAndTimes},
	{"consume-out-of-range", outOfRange},
	{"group-of-three", groupOfThree},
	{"group-commit-and-resume", commitAndResume},
	{"group-static-members", staticMembers},
	{"offset-manager", offsetManager},
	{"admin-topics", adminTopics},
	{"admin-configs", adminConfigs},
	{"admin-groups", adminGroups},
	{"admin-delete-records", adminDeleteRecords},
	{"admin-log-dirs", adminLogDirs},
}

func idempotent(config *sarama.Config) {
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Net.MaxOpenRequests = 1
}

// send gives count values prefix0… to one partition and waits for all answers.
func send(e *env, topic string, partition int32, prefix string, count int, change func(*sarama.Config)) {
	config := e.config()
	config.Producer.Partitioner = sarama.NewManualPartitioner
	if change != nil {
		change(config)
	}
	producer, err := sarama.NewSyncProducer([]string{e.Server}, config)
	must(err)
	defer func() { must(producer.Close()) }()
	messages := make([]*sarama.ProducerMessage, count)
	for i := range messages {
		messages[i] = &sarama.ProducerMessage{
			Topic: topic, Partition: partition, Value: sarama.StringEncoder(fmt.Sprint(prefix, i)),
		}
	}
	must(producer.SendMessages(messages))
}

// read takes count messages of one partition from an offset on.
func read(e *env, topic string, partition int32, offset int64, count int) []*sarama.ConsumerMessage {
	consumer, err := sarama.NewConsumer([]string{e.Server}, e.config())
	must(err)
	e.Closing(consumer.Close)
	from, err := consumer.ConsumePartition(topic, partition, offset)
	must(err)
	e.Closing(from.Close)
	var messages []*sarama.ConsumerMessage
	timeout := time.After(patience)
	for len(messages) < count {
		select {
		case message := <-from.Messages():
			messages = append(messages, message)
		case failure := <-from.Errors():
			panic(failure.Error())
		case <-timeout:
			panic(fmt.Sprintf("read only %d of %d", len(messages), count))
		}
	}
	return messages
}

func roundTrip(e *env, change func(*sarama.Config)) {
	topic := newTopic(e, 1, nil)
	send(e, topic, 0, "v", 1000, change)
	for i, message := range read(e, topic, 0, sarama.OffsetOldest, 1000) {
		equal(fmt.Sprint("v", i), string(message.Value), "value")
		equal(int64(i), message.Offset, "offset")
	}
}

func everyCodec(e *env) {
	topic := newTopic(e, 1, nil)
	codecs := []sarama.CompressionCodec{
		sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
	}
	for _, codec := range codecs {
		send(e, topic, 0, strings.Repeat("abc", 50)+codec.String(), 100, func(c *sarama.Config) { c.Producer.Compression = codec })
	}
	for i, message := range read(e, topic, 0, sarama.OffsetOldest, 500) {
		equal(fmt.Sprintf("%s%v%d", strings.Repeat("abc", 50), codecs[i/100], i%100), string(message.Value), "value")
	}
}

func headersAndNulls(e *env) {
	topic := newTopic(e, 1, nil)
	producer, err := sarama.NewSyncProducer([]string{e.Server}, e.config())
	must(err)
	e.Closing(producer.Close)
	headers := []sarama.RecordHeader{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("a"), Value: []byte("2")}}
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("v"), Headers: headers})
	must(err)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder("k")})
	must(err)
	messages := read(e, topic, 0, sarama.OffsetOldest, 2)
	equal(2, len(messages[0].Headers), "headers")
	equal("2", string(messages[0].Headers[1].Value), "second header")
	check(messages[0].Key == nil, "null key")
	check(messages[1].Value == nil, "null value")
}

func tooLarge(e *env) {
	limit := "2000"
	topic := newTopic(e, 1, map[string]*string{"max.message.bytes": &limit})
	producer, err := sarama.NewSyncProducer([]string{e.Server}, e.config())
	must(err)
	e.Closing(producer.Close)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.ByteEncoder(make([]byte, 5000))})
	check(errors.Is(err, sarama.ErrMessageSizeTooLarge), "error: %v", err)
}

func timestamps(e *env) {
	topic := newTopic(e, 1, nil)
	config := e.config()
	producer, err := sarama.NewSyncProducer([]string{e.Server}, config)
	must(err)
	e.Closing(producer.Close)
	at := time.Now().Add(-time.Hour)
	_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("v"), Timestamp: at})
	must(err)
	equal(at.UnixMilli(), read(e, topic, 0, 0, 1)[0].Timestamp.UnixMilli(), "time")
}

func createsTopic(e *env) {
	topic := e.Fresh("auto")
	producer, err := sarama.NewSyncProducer([]string{e.Server}, e.config())
	must(err)
	e.Closing(producer.Close)
	partition, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("v")})
	must(err)
	equal("v", string(read(e, topic, partition, offset, 1)[0].Value), "value")
}

func fromOffset(e *env) {
	topic := newTopic(e, 1, nil)
	send(e, topic, 0, "v", 100, nil)
	for _, offset := range []int64{99, 42, 0} {
		equal(fmt.Sprint("v", offset), string(read(e, topic, 0, offset, 1)[0].Value), "first value")
	}
}

func offsetsAndTimes(e *env) {
	topic := newTopic(e, 1, nil)
	config := e.config()
	producer, err := sarama.NewSyncProducer([]string{e.Server}, config)
	must(err)
	e.Closing(producer.Close)
	base := time.Now().Add(-time.Hour).UnixMilli()
	for i := range int64(10) {
		_, _, err := producer.SendMessage(&sarama.ProducerMessage{
			Topic: topic, Value: sarama.StringEncoder("v"), Timestamp: time.UnixMilli(base + i*10),
		})
		must(err)
	}
	client, err := sarama.NewClient([]string{e.Server}, config)
	must(err)
	e.Closing(client.Close)
	for at, expected := range map[int64]int64{sarama.OffsetOldest: 0, sarama.OffsetNewest: 10, base + 21: 3, base + 1000: -1} {
		offset, err := client.GetOffset(topic, 0, at)
		must(err)
		equal(expected, offset, fmt.Sprint("offset at ", at))
	}
}

func outOfRange(e *env) {
	topic := newTopic(e, 1, nil)
	send(e, topic, 0, "v", 5, nil)
	consumer, err := sarama.NewConsumer([]string{e.Server}, e.config())
	must(err)
	e.Closing(consumer.Close)
	_, err = consumer.ConsumePartition(topic, 0, 1000)
	check(errors.Is(err, sarama.ErrOffsetOutOfRange), "error: %v", err)
}

// member is one member of a group, with what it owns and has read.
type member struct {
	sync.Mutex
	owned  map[int32]bool
	values []string
	joins  int
	id     string
	mark   bool
	cancel context.CancelFunc
	done   chan struct{}
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	m.Lock()
	defer m.Unlock()
	m.owned = map[int32]bool{}
	m.joins++
	m.id = session.MemberID()
	for _, partitions := range session.Claims() {
		for _, partition := range partitions {
			m.owned[partition] = true
		}
	}
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, open := <-claim.Messages():
			if !open {
				return nil
			}
			m.Lock()
			m.values = append(m.values, string(message.Value))
			if m.mark {
				session.MarkMessage(message, "read")
			}
			m.Unlock()
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *member) count() int {
	m.Lock()
	defer m.Unlock()
	return len(m.values)
}

func join(e *env, topic, group string, change func(*sarama.Config)) *member {
	config := e.config()
	if change != nil {
		change(config)
	}
	consumer, err := sarama.NewConsumerGroup([]string{e.Server}, group, config)
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	m := &member{cancel: cancel, done: make(chan struct{}), mark: true}
	go func() {
		for range consumer.Errors() {
		}
	}()
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			if err := consumer.Consume(ctx, []string{topic}, m); err != nil {
				break
			}
		}
		_ = consumer.Close()
	}()
	e.Closing(func() error { m.leave(); return nil })
	return m
}

func (m *member) leave() {
	m.cancel()
	<-m.done
}

func share(what string, partitions, least int, members ...*member) {
	until(what, func() bool {
		all, sum := map[int32]bool{}, 0
		for _, m := range members {
			m.Lock()
			for partition := range m.owned {
				all[partition] = true
			}
			sum += len(m.owned)
			few := len(m.owned) < least
			m.Unlock()
			if few {
				return false
			}
		}
		return sum == partitions && len(all) == partitions
	})
}

func groupOfThree(e *env) {
	topic, group := newTopic(e, 6, nil), e.Fresh("g")
	a := join(e, topic, group, nil)
	share("one owns all", 6, 6, a)
	b := join(e, topic, group, nil)
	share("two share", 6, 3, a, b)
	c := join(e, topic, group, nil)
	share("three share", 6, 2, a, b, c)
	for partition := range int32(6) {
		send(e, topic, partition, fmt.Sprint("p", partition, "-"), 2, nil)
	}
	until("all values read", func() bool { return a.count()+b.count()+c.count() == 12 })
	b.leave()
	share("two remaining share", 6, 3, a, c)
}

func commitAndResume(e *env) {
	topic, group := newTopic(e, 1, nil), e.Fresh("g")
	send(e, topic, 0, "a", 10, nil)
	first := join(e, topic, group, nil)
	until("ten read", func() bool { return first.count() == 10 })
	first.leave()
	send(e, topic, 0, "b", 3, nil)
	second := join(e, topic, group, nil)
	until("three read", func() bool { return second.count() >= 3 })
	second.Lock()
	equal("b0", second.values[0], "first value after the commit")
	second.Unlock()
}

func staticMembers(e *env) {
	topic, group := newTopic(e, 4, nil), e.Fresh("g")
	instance := func(name string) func(*sarama.Config) {
		return func(c *sarama.Config) {
			c.Consumer.Group.InstanceId = name
			c.Consumer.Group.Session.Timeout = 20 * time.Second
		}
	}
	a, b := join(e, topic, group, instance("a")), join(e, topic, group, instance("b"))
	share("both share", 4, 2, a, b)
	descriptions, err := newAdmin(e).DescribeConsumerGroups([]string{group})
	must(err)
	names := map[string]bool{}
	for _, one := range descriptions[0].Members {
		names[*one.GroupInstanceId] = true
	}
	check(names["a"] && names["b"], "instance ids: %v", names)
}

func offsetManager(e *env) {
	topic, group := newTopic(e, 1, nil), e.Fresh("g")
	client, err := sarama.NewClient([]string{e.Server}, e.config())
	must(err)
	e.Closing(client.Close)
	manager, err := sarama.NewOffsetManagerFromClient(group, client)
	must(err)
	partition, err := manager.ManagePartition(topic, 0)
	must(err)
	partition.MarkOffset(42, "note")
	manager.Commit()
	must(partition.Close())
	must(manager.Close())
	again, err := sarama.NewOffsetManagerFromClient(group, client)
	must(err)
	e.Closing(again.Close)
	partition, err = again.ManagePartition(topic, 0)
	must(err)
	offset, metadata := partition.NextOffset()
	equal(42, offset, "offset")
	equal("note", metadata, "metadata")
	must(partition.Close())
}

func adminTopics(e *env) {
	admin, topic := newAdmin(e), e.Fresh("t")
	detail := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1}
	must(admin.CreateTopic(topic, detail, false))
	err := admin.CreateTopic(topic, detail, false)
	check(errors.Is(err, sarama.ErrTopicAlreadyExists), "error: %v", err)
	until("topic is listed", func() bool {
		topics, err := admin.ListTopics()
		return err == nil && topics[topic].NumPartitions == 2
	})
	must(admin.CreatePartitions(topic, 3, nil, false))
	until("three partitions", func() bool {
		described, err := admin.DescribeTopics([]string{topic})
		return err == nil && len(described[0].Partitions) == 3
	})
	must(admin.DeleteTopic(topic))
	until("topic is gone", func() bool {
		topics, err := admin.ListTopics()
		_, there := topics[topic]
		return err == nil && !there
	})
}

func adminConfigs(e *env) {
	admin, value := newAdmin(e), "4242"
	topic := newTopic(e, 1, nil)
	must(admin.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value},
	}, false))
	until("altered", func() bool {
		entries, err := admin.DescribeConfig(sarama.ConfigResource{
			Type: sarama.TopicResource, Name: topic, ConfigNames: []string{"retention.ms"},
		})
		return err == nil && len(entries) == 1 && entries[0].Value == value && !entries[0].Default
	})
	brokers, _, err := admin.DescribeCluster()
	must(err)
	entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.BrokerResource, Name: fmt.Sprint(brokers[0].ID())})
	must(err)
	check(len(entries) > 20, "broker entries: %d", len(entries))
}

func adminGroups(e *env) {
	topic, group, admin := newTopic(e, 1, nil), e.Fresh("g"), newAdmin(e)
	m := join(e, topic, group, nil)
	share("member owns all", 1, 1, m)
	groups, err := admin.ListConsumerGroups()
	must(err)
	equal("consumer", groups[group], "protocol type")
	descriptions, err := admin.DescribeConsumerGroups([]string{group})
	must(err)
	equal("Stable", descriptions[0].State, "state")
	check(errors.Is(admin.DeleteConsumerGroup(group), sarama.ErrNonEmptyGroup), "delete of a used group")
	send(e, topic, 0, "v", 3, nil)
	until("three read", func() bool { return m.count() == 3 })
	m.leave()
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {0}})
	must(err)
	equal(3, offsets.GetBlock(topic, 0).Offset, "committed offset")
	must(admin.DeleteConsumerGroup(group))
	groups, err = admin.ListConsumerGroups()
	must(err)
	_, there := groups[group]
	check(!there, "group is gone")
}

func adminDeleteRecords(e *env) {
	topic := newTopic(e, 1, nil)
	send(e, topic, 0, "v", 10, nil)
	must(newAdmin(e).DeleteRecords(topic, map[int32]int64{0: 4}))
	messages := read(e, topic, 0, sarama.OffsetOldest, 6)
	check(bytes.Equal([]byte("v4"), messages[0].Value), "first value left: %s", messages[0].Value)
}

func adminLogDirs(e *env) {
	topic, admin := newTopic(e, 1, nil), newAdmin(e)
	send(e, topic, 0, "v", 100, nil)
	brokers, _, err := admin.DescribeCluster()
	must(err)
	dirs, err := admin.DescribeLogDirs([]int32{brokers[0].ID()})
	must(err)
	for _, dir := range dirs[brokers[0].ID()] {
		for _, one := range dir.Topics {
			if one.Topic == topic {
				check(one.Partitions[0].Size > 500, "size: %d", one.Partitions[0].Size)
				return
			}
		}
	}
	panic("topic is not in the directory")
}
