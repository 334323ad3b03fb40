// Package main runs named cases of rocketmq-client-go on order: the same protocol as every driver under tests/clients.
//
// "PROGRAM --list" prints the names. "PROGRAM NAMESRV THREADS" reads names from standard input, one a line, and prints
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

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const patience = 60 * time.Second

type namedCase struct {
	name string
	run  func(*env)
}

// env is what a case works with: the address, names that no other case uses, clients that are closed with it.
type env struct {
	names   string
	name    string
	closers []func() error
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

func (c namedCase) outcome(names string) (detail string) {
	e := &env{names: names, name: c.name}
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
	// The client logs to standard output, which is ours.
	rlog.SetLogLevel("fatal")
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
