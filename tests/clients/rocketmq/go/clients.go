package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// The clients that cases work with, each with a name of its own, closed with the case.

var background = context.Background()

func (e *env) resolver() primitive.NsResolver {
	return primitive.NewPassthroughResolver([]string{e.Server})
}

func (e *env) group() string { return e.Fresh("g") }

func (e *env) producer(options ...producer.Option) rocketmq.Producer {
	usual := []producer.Option{
		producer.WithNsResolver(e.resolver()), producer.WithGroupName(e.group()), producer.WithInstanceName(e.Fresh("i")),
		producer.WithQueueSelector(producer.NewRoundRobinQueueSelector()), producer.WithSendMsgTimeout(10 * time.Second),
	}
	p, err := rocketmq.NewProducer(append(usual, options...)...)
	must(err)
	must(p.Start())
	e.Closing(p.Shutdown)
	return p
}

// manual is a producer that sends to the queue that the message names.
func (e *env) manual() rocketmq.Producer {
	return e.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
}

// topic makes a topic of so many queues.
func (e *env) topic(queues int) string {
	topic := e.Fresh("t")
	client := e.admin()
	// The client's admin wants the broker's address, which the id of a message tells.
	sent, err := e.producer().SendSync(background, message(e.Fresh("where"), "x"))
	must(err)
	address, err := brokerOf(sent)
	must(err)
	must(client.CreateTopic(background, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(address),
		admin.WithReadQueueNums(queues), admin.WithWriteQueueNums(queues)))
	equal(queues, e.routed(topic), "queues")
	return topic
}

func (e *env) admin() admin.Admin {
	client, err := admin.NewAdmin(admin.WithResolver(e.resolver()))
	must(err)
	e.Closing(client.Close)
	return client
}

// routed waits until the name server tells where the topic is, and says how many queues it has.
func (e *env) routed(topic string) int {
	client := e.admin()
	queues := 0
	until("route of "+topic, func() bool {
		found, err := client.FetchPublishMessageQueues(background, topic)
		queues = len(found)
		return err == nil && queues > 0
	})
	return queues
}

// brokerOf reads the address out of the id that the broker gave a message.
func brokerOf(sent *primitive.SendResult) (string, error) {
	id, err := primitive.UnmarshalMsgID([]byte(sent.OffsetMsgID))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%d", id.Addr, id.Port), nil
}

func message(topic string, body string) *primitive.Message {
	return primitive.NewMessage(topic, []byte(body))
}

// inQueue names the queue that a manual producer sends to.
func inQueue(m *primitive.Message, queue int) *primitive.Message {
	m.Queue = &primitive.MessageQueue{Topic: m.Topic, BrokerName: "broker-a", QueueId: queue}
	return m
}

func ok(sent *primitive.SendResult, err error) *primitive.SendResult {
	must(err)
	equal(primitive.SendOK, sent.Status, "status")
	return sent
}

// inbox is what a push consumer was given, in the order in which it was.
type inbox struct {
	lock     sync.Mutex
	messages []*primitive.MessageExt
}

func (i *inbox) add(messages []*primitive.MessageExt) {
	i.lock.Lock()
	defer i.lock.Unlock()
	i.messages = append(i.messages, messages...)
}

func (i *inbox) all() []*primitive.MessageExt {
	i.lock.Lock()
	defer i.lock.Unlock()
	return slices.Clone(i.messages)
}

func (i *inbox) bodies() []string {
	var bodies []string
	for _, m := range i.all() {
		bodies = append(bodies, string(m.Body))
	}
	return bodies
}

func (i *inbox) await(count int) []*primitive.MessageExt {
	until(fmt.Sprintf("%d messages consumed", count), func() bool { return len(i.all()) >= count })
	return i.all()
}

// exactly waits for these bodies and nothing else, in any order.
func (i *inbox) exactly(expected []string) {
	i.await(len(expected))
	got := i.bodies()
	slices.Sort(got)
	want := slices.Clone(expected)
	slices.Sort(want)
	check(slices.Equal(got, want), "consumed: expected %v, got %v", want, got)
}

type verdict func(context.Context, *primitive.MessageExt) consumer.ConsumeResult

func take(context.Context, *primitive.MessageExt) consumer.ConsumeResult {
	return consumer.ConsumeSuccess
}

// subscribed starts a push consumer that reads from the first message on.
func (e *env) subscribed(topic string, selector consumer.MessageSelector, judge verdict, options ...consumer.Option) *inbox {
	usual := []consumer.Option{
		consumer.WithNsResolver(e.resolver()), consumer.WithGroupName(e.group()), consumer.WithInstance(e.Fresh("i")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	}
	c, err := rocketmq.NewPushConsumer(append(usual, options...)...)
	must(err)
	in := &inbox{}
	must(c.Subscribe(topic, selector, func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		in.add(messages)
		return judge(ctx, messages[0]), nil
	}))
	must(c.Start())
	e.Closing(c.Shutdown)
	return in
}

func everything() consumer.MessageSelector { return consumer.MessageSelector{} }

func numbered(prefix string, count int) []string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf("%s%d", prefix, i))
	}
	return all
}
