package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

var cases = []namedCase{
	{"send-sync", sendSync},
	{"send-async", sendAsync},
	{"send-oneway", sendOneway},
	{"send-batch", sendBatch},
	{"send-to-queue", sendToQueue},
	{"send-creates-topic", createsTopic},
	{"send-compressed", compressed},
	{"push-receives-all", receivesAll},
	{"push-clustering-two-members-share", share},
	{"broadcast-all-members-receive-all", broadcast},
	{"order-of-each-queue", orderly},
	{"filter-tag", byTag},
	{"filter-sql", bySQL},
	{"retry-once", retryOnce},
	{"retry-to-dead-letters", deadLetters},
	{"delay-levels-1-to-4", delays},
	{"pull-from-offset", pullFrom},
	{"transaction-commit-rollback-and-check-back", transactions},
	{"request-sync", request},
}

func sendSync(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, everything(), take)
	m := message(topic, "hello").WithTag("a").WithKeys([]string{"k1", "k2"})
	m.WithProperty("p", "größe")
	sent := ok(e.producer().SendSync(background, m))
	got := in.await(1)[0]
	equal("hello", string(got.Body), "body")
	equal("a", got.GetTags(), "tag")
	equal("k1 k2", strings.TrimSpace(got.GetKeys()), "keys")
	equal("größe", got.GetProperty("p"), "property")
	equal(int64(0), sent.QueueOffset, "offset")
	equal(sent.MsgID, got.GetProperty("UNIQ_KEY"), "id")
}

func sendAsync(e *env) {
	topic := e.topic(4)
	in := e.subscribed(topic, everything(), take)
	p := e.producer()
	var open sync.WaitGroup
	errors := make(chan error, 100)
	for i := range 100 {
		open.Add(1)
		must(p.SendAsync(background, func(_ context.Context, _ *primitive.SendResult, err error) {
			errors <- err
			open.Done()
		}, message(topic, fmt.Sprintf("m%d", i))))
	}
	open.Wait()
	close(errors)
	for err := range errors {
		must(err)
	}
	in.exactly(numbered("m", 100))
}

func sendOneway(e *env) {
	topic := e.topic(4)
	in := e.subscribed(topic, everything(), take)
	p := e.producer()
	for i := range 50 {
		must(p.SendOneWay(background, message(topic, fmt.Sprintf("m%d", i))))
	}
	in.exactly(numbered("m", 50))
}

func sendBatch(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, everything(), take, consumer.WithConsumerOrder(true))
	var batch []*primitive.Message
	for i := range 10 {
		batch = append(batch, message(topic, fmt.Sprintf("m%d", i)).WithTag("t"))
	}
	sent := ok(e.producer().SendSync(background, batch...))
	equal(10, len(strings.Split(sent.OffsetMsgID, ",")), "places in the answer")
	in.await(10)
	check(slices.Equal(numbered("m", 10), in.bodies()), "consumed %v", in.bodies())
}

func sendToQueue(e *env) {
	topic := e.topic(4)
	in := e.subscribed(topic, everything(), take)
	p := e.manual()
	for i := range 20 {
		sent := ok(p.SendSync(background, inQueue(message(topic, fmt.Sprintf("m%d", i)), 2)))
		equal(int64(i), sent.QueueOffset, "offset")
	}
	for _, m := range in.await(20) {
		equal(2, m.Queue.QueueId, "queue")
	}
}

func createsTopic(e *env) {
	topic := e.Fresh("t")
	ok(e.producer(producer.WithDefaultTopicQueueNums(2)).SendSync(background, message(topic, "first")))
	e.subscribed(topic, everything(), take).exactly([]string{"first"})
}

func compressed(e *env) {
	topic := e.topic(1)
	text := strings.Repeat("compress me ", 5000)
	in := e.subscribed(topic, everything(), take)
	ok(e.producer().SendSync(background, message(topic, text)))
	got := in.await(1)[0]
	check(text == string(got.Body), "the body differs")
	check(got.StoreSize < 10000, "stored with %d bytes", got.StoreSize)
}

func receivesAll(e *env) {
	topic := e.topic(4)
	p := e.producer()
	for i := range 40 {
		ok(p.SendSync(background, message(topic, fmt.Sprintf("m%d", i))))
	}
	e.subscribed(topic, everything(), take).exactly(numbered("m", 40))
}

func share(e *env) {
	topic := e.topic(4)
	group := consumer.WithGroupName(e.group())
	one := e.subscribed(topic, everything(), take, group)
	two := e.subscribed(topic, everything(), take, group)
	p := e.manual()
	// Members share anew every 20 s or when they are told; what counts is that both get something in the end.
	sent := 0
	until("both take part", func() bool {
		ok(p.SendSync(background, inQueue(message(topic, fmt.Sprintf("m%d", sent)), sent%4)))
		sent++
		return len(one.all()) > 0 && len(two.all()) > 0
	})
	until("all consumed", func() bool {
		distinct := map[string]bool{}
		for _, body := range append(one.bodies(), two.bodies()...) {
			distinct[body] = true
		}
		return len(distinct) == sent
	})
}

func broadcast(e *env) {
	topic := e.topic(4)
	group := consumer.WithGroupName(e.group())
	one := e.subscribed(topic, everything(), take, group, consumer.WithConsumerModel(consumer.BroadCasting))
	two := e.subscribed(topic, everything(), take, group, consumer.WithConsumerModel(consumer.BroadCasting))
	p := e.producer()
	for i := range 20 {
		ok(p.SendSync(background, message(topic, fmt.Sprintf("m%d", i))))
	}
	one.exactly(numbered("m", 20))
	two.exactly(numbered("m", 20))
}

func orderly(e *env) {
	topic := e.topic(3)
	in := e.subscribed(topic, everything(), take, consumer.WithConsumerOrder(true))
	p := e.manual()
	for i := range 60 {
		ok(p.SendSync(background, inQueue(message(topic, fmt.Sprintf("q%d-%d", i%3, i/3)), i%3)))
	}
	in.await(60)
	for queue := range 3 {
		prefix := fmt.Sprintf("q%d-", queue)
		var got []string
		for _, body := range in.bodies() {
			if strings.HasPrefix(body, prefix) {
				got = append(got, body)
			}
		}
		check(slices.Equal(numbered(prefix, 20), got), "queue %d: %v", queue, got)
	}
}

func byTag(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, consumer.MessageSelector{Type: consumer.TAG, Expression: "a || b"}, take)
	p := e.producer()
	for i := range 12 {
		ok(p.SendSync(background, message(topic, fmt.Sprintf("m%d", i)).WithTag([]string{"a", "b", "c"}[i%3])))
	}
	in.exactly([]string{"m0", "m1", "m3", "m4", "m6", "m7", "m9", "m10"})
}

func bySQL(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, consumer.MessageSelector{Type: consumer.SQL92, Expression: "n BETWEEN 3 AND 5 OR n = 9"}, take)
	p := e.producer()
	for i := range 10 {
		m := message(topic, fmt.Sprintf("m%d", i))
		m.WithProperty("n", fmt.Sprint(i))
		ok(p.SendSync(background, m))
	}
	in.exactly([]string{"m3", "m4", "m5", "m9"})
}

// refuse wants the message again after level 1, so often.
func refuse(times int32) verdict {
	return func(ctx context.Context, m *primitive.MessageExt) consumer.ConsumeResult {
		if m.ReconsumeTimes >= times {
			return consumer.ConsumeSuccess
		}
		if concurrent, known := primitive.GetConcurrentlyCtx(ctx); known {
			concurrent.DelayLevelWhenNextConsume = 1
		}
		return consumer.ConsumeRetryLater
	}
}

func retryOnce(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, everything(), refuse(1))
	ok(e.producer().SendSync(background, message(topic, "m").WithTag("t")))
	again := in.await(2)[1]
	equal(int32(1), again.ReconsumeTimes, "reconsume times")
	equal(topic, again.Topic, "topic")
	equal("t", again.GetTags(), "tag")
}

func deadLetters(e *env) {
	topic := e.topic(1)
	group := e.group()
	in := e.subscribed(topic, everything(), refuse(100), consumer.WithGroupName(group), consumer.WithMaxReconsumeTimes(1))
	ok(e.producer().SendSync(background, message(topic, "m")))
	// A subscription to a topic that is not there yet is refused by this client.
	e.routed("%DLQ%" + group)
	dead := e.subscribed("%DLQ%"+group, everything(), take).await(1)[0]
	equal("m", string(dead.Body), "body")
	equal(topic, dead.GetProperty("RETRY_TOPIC"), "where it came from")
	equal(2, len(in.all()), "consumed before")
}

func delays(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, everything(), take)
	p := e.producer()
	before := time.Now().UnixMilli()
	for level := 4; level >= 1; level-- {
		ok(p.SendSync(background, message(topic, fmt.Sprintf("level%d", level)).WithDelayTimeLevel(level)))
	}
	for _, m := range in.await(4) {
		var level int64
		_, err := fmt.Sscanf(string(m.Body), "level%d", &level)
		must(err)
		check(m.StoreTimestamp-before >= level*1000, "level %d waited %d ms", level, m.StoreTimestamp-before)
	}
	in.exactly([]string{"level1", "level2", "level3", "level4"})
}

func pullFrom(e *env) {
	topic := e.topic(1)
	p := e.manual()
	for i := range 20 {
		ok(p.SendSync(background, inQueue(message(topic, fmt.Sprintf("m%d", i)), 0)))
	}
	c, err := rocketmq.NewPullConsumer(consumer.WithNsResolver(e.resolver()), consumer.WithGroupName(e.group()),
		consumer.WithInstance(e.Fresh("i")))
	must(err)
	must(c.Subscribe(topic, everything()))
	must(c.Start())
	e.Closing(c.Shutdown)
	queue := primitive.MessageQueue{Topic: topic, BrokerName: "broker-a", QueueId: 0}
	until("ten messages pulled", func() bool {
		pulled, err := c.PullFrom(background, &queue, 5, 10)
		must(err)
		if pulled.Status != primitive.PullFound || len(pulled.GetMessageExts()) < 10 {
			return false
		}
		for i, m := range pulled.GetMessageExts() {
			equal(fmt.Sprintf("m%d", i+5), string(m.Body), "body")
		}
		equal(int64(15), pulled.NextBeginOffset, "next")
		return true
	})
}

// script says what a message's body says: its first letter at once, its last when asked.
type script struct {
	lock  sync.Mutex
	asked map[string]int
}

func state(letter byte) primitive.LocalTransactionState {
	switch letter {
	case 'c':
		return primitive.CommitMessageState
	case 'r':
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}

func (s *script) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	return state(m.Body[0])
}

func (s *script) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.asked[string(m.Body)]++
	return state(m.Body[len(m.Body)-1])
}

func (s *script) times(body string) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.asked[body]
}

func transactions(e *env) {
	topic := e.topic(1)
	in := e.subscribed(topic, everything(), take)
	listener := &script{asked: map[string]int{}}
	p, err := rocketmq.NewTransactionProducer(listener, producer.WithNsResolver(e.resolver()),
		producer.WithGroupName(e.group()), producer.WithInstanceName(e.Fresh("i")))
	must(err)
	must(p.Start())
	e.Closing(p.Shutdown)
	for _, body := range []string{"r-c", "u-r", "c-r", "u-c"} {
		sent, err := p.SendMessageInTransaction(background, message(topic, body))
		must(err)
		equal(primitive.SendOK, sent.Status, "status")
	}
	until("the unknown ones are asked about", func() bool { return listener.times("u-r") > 0 && listener.times("u-c") > 0 })
	in.exactly([]string{"c-r", "u-c"})
	equal(0, listener.times("r-c"), "asked about what was rolled back")
}

func request(e *env) {
	topic := e.topic(1)
	replies := e.producer()
	in := e.subscribed(topic, everything(), func(ctx context.Context, m *primitive.MessageExt) consumer.ConsumeResult {
		if string(m.Body) != "warm up" {
			reply, err := consumer.CreateReplyMessage(m, nil)
			if err == nil {
				// The client takes the body that it is given for properties.
				reply.Body = []byte("re: " + string(m.Body))
				_, _ = replies.SendSync(ctx, reply)
			}
		}
		return consumer.ConsumeSuccess
	})
	p := e.producer()
	ok(p.SendSync(background, message(topic, "warm up")))
	in.await(1)
	// A reply finds its way once the broker has heard a heartbeat, which comes a second after the start of the client.
	until("a request is answered", func() bool {
		_, err := p.Request(background, time.Second, message(topic, "first"))
		return err == nil
	})
	for i := range 3 {
		reply, err := p.Request(background, 10*time.Second, message(topic, fmt.Sprintf("q%d", i)))
		must(err)
		equal(fmt.Sprintf("re: q%d", i), string(reply.Body), "reply")
	}
}
