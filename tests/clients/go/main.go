// Package main runs named cases of sarama on order.
package main

import (
	"time"

	"highwater/tests/orders"

	"github.com/IBM/sarama"
)

const patience = orders.Patience

type namedCase struct {
	name string
	run  func(*env)
}

// env is what a case works with.
type env struct{ *orders.Env }

var (
	check = orders.Check
	must  = orders.Must
	until = orders.Until
)

func equal[T comparable](expected, actual T, what string) {
	orders.Equal(expected, actual, what)
}

func main() {
	var all []orders.Case
	for _, c := range cases {
		all = append(all, orders.Case{Name: c.name, Run: func(e *orders.Env) { c.run(&env{e}) }})
	}
	orders.Follow(all)
}

func (e *env) config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.ClientID = "sarama-" + e.Name
	config.Producer.Return.Successes = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.Return.Errors = true
	return config
}

func newAdmin(e *env) sarama.ClusterAdmin {
	admin, err := sarama.NewClusterAdmin([]string{e.Server}, e.config())
	must(err)
	e.Closing(admin.Close)
	return admin
}

func newTopic(e *env, partitions int32, config map[string]*string) string {
	topic := e.Fresh("t")
	admin := newAdmin(e)
	must(admin.CreateTopic(topic, &sarama.TopicDetail{
		NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: config,
	}, false))
	until("topic is known", func() bool {
		described, err := admin.DescribeTopics([]string{topic})
		return err == nil && len(described) == 1 && described[0].Err == sarama.ErrNoError
	})
	return topic
}
