// Package main runs named cases of sarama on order: the same protocol as every driver under tests/clients.
//
// "PROGRAM --list" prints the names. "PROGRAM BOOTSTRAP THREADS" reads names from standard input, one a line, and prints
// one line of JSON per case: {"case", "ok", "ms", "detail"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

const patience = 30 * time.Second

type namedCase struct {
	name string
	run  func(*env)
}

// env is what a case works with: the address, names that no other case uses, clients that are closed with it.
type env struct {
	bootstrap string
	name      string
	closers   []func() error
}

var (
	numbers atomic.Int64
	run     = strconv.FormatInt(time.Now().UnixMilli(), 36)
)

func (e *env) fresh(what string) string {
	return fmt.Sprintf("%s-%s-%s-%d", what, e.name, run, numbers.Add(1))
}

func (e *env) closing(closer func() error) {
	e.closers = append(e.closers, closer)
}

func (e *env) config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	config.ClientID = "sarama-" + e.name
	config.Producer.Return.Successes = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	config.Consumer.Return.Errors = true
	return config
}

func check(held bool, format string, args ...any) {
	if !held {
		panic(fmt.Sprintf(format, args...))
	}
}

func must(err error) {
	check(err == nil, "%v", err)
}

func equal[T comparable](expected, actual T, what string) {
	check(expected == actual, "%s: expected %v, got %v", what, expected, actual)
}

// until calls ready until it is true; for states that follow an answer rather than come with it.
func until(what string, ready func() bool) {
	for end := time.Now().Add(patience); !ready(); time.Sleep(20 * time.Millisecond) {
		check(time.Now().Before(end), "never: %s", what)
	}
}

func (c namedCase) outcome(bootstrap string) (detail string) {
	e := &env{bootstrap: bootstrap, name: c.name}
	defer func() {
		if failure := recover(); failure != nil {
			detail = fmt.Sprintf("%v\n%s", failure, debug.Stack())
		}
		for i := len(e.closers) - 1; i >= 0; i-- {
			_ = e.closers[i]()
		}
	}()
	c.run(e)
	return ""
}

func main() {
	if os.Args[1] == "--list" {
		for _, c := range cases {
			fmt.Println(c.name)
		}
		return
	}
	threads, err := strconv.Atoi(os.Args[2])
	must(err)
	byName := map[string]namedCase{}
	for _, c := range cases {
		byName[c.name] = c
	}
	orders := make(chan string)
	var workers sync.WaitGroup
	var output sync.Mutex
	for range threads {
		workers.Go(func() {
			for name := range orders {
				started := time.Now()
				detail := byName[name].outcome(os.Args[1])
				line, err := json.Marshal(map[string]any{
					"case": name, "ok": detail == "", "ms": time.Since(started).Milliseconds(), "detail": detail,
				})
				must(err)
				output.Lock()
				fmt.Println(string(line))
				output.Unlock()
			}
		})
	}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		orders <- input.Text()
	}
	close(orders)
	workers.Wait()
}

func newAdmin(e *env) sarama.ClusterAdmin {
	admin, err := sarama.NewClusterAdmin([]string{e.bootstrap}, e.config())
	must(err)
	e.closing(admin.Close)
	return admin
}

func newTopic(e *env, partitions int32, config map[string]*string) string {
	topic := e.fresh("t")
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
