// Package orders runs named cases on order: what every Go driver under tests/clients does.
//
// "PROGRAM --list" prints the names. "PROGRAM SERVER THREADS" reads names from standard input, one a line, and prints
// one line of JSON per case: {"case", "ok", "ms", "detail"}.
package orders

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
)

// Patience is the longest that anything is waited for.
const Patience = 60 * time.Second

// Case is one case: it returns when everything it claims held, and panics otherwise.
type Case struct {
	Name string
	Run  func(*Env)
}

// Env is what a case works with: the server's address, names that no other case uses, clients that are closed with it.
type Env struct {
	Server  string
	Name    string
	closers []func() error
}

var (
	numbers atomic.Int64
	run     = strconv.FormatInt(time.Now().UnixMilli(), 36)
)

// Fresh is a name that nobody else uses.
func (e *Env) Fresh(what string) string {
	return fmt.Sprintf("%s-%s-%s-%d", what, e.Name, run, numbers.Add(1))
}

// Closing has closer called when the case is over, the last one first.
func (e *Env) Closing(closer func() error) {
	e.closers = append(e.closers, closer)
}

// Check fails the case unless held.
func Check(held bool, format string, args ...any) {
	if !held {
		panic(fmt.Sprintf(format, args...))
	}
}

// Must fails the case on an error.
func Must(err error) {
	Check(err == nil, "%v", err)
}

// Equal fails the case unless both are the same.
func Equal[T comparable](expected, actual T, what string) {
	Check(expected == actual, "%s: expected %v, got %v", what, expected, actual)
}

// Until calls ready until it is true; for states that follow an answer rather than come with it.
func Until(what string, ready func() bool) {
	for end := time.Now().Add(Patience); !ready(); time.Sleep(20 * time.Millisecond) {
		Check(time.Now().Before(end), "never: %s", what)
	}
}

func (c Case) outcome(server string) (detail string) {
	e := &Env{Server: server, Name: c.Name}
	defer func() {
		if failure := recover(); failure != nil {
			detail = fmt.Sprintf("%v\n%s", failure, debug.Stack())
		}
		for i := len(e.closers) - 1; i >= 0; i-- {
			_ = e.closers[i]()
		}
	}()
	Check(c.Run != nil, "no such case")
	c.Run(e)
	return ""
}

// Follow does what the program's arguments and its standard input say.
func Follow(cases []Case) {
	if os.Args[1] == "--list" {
		for _, c := range cases {
			fmt.Println(c.Name)
		}
		return
	}
	threads, err := strconv.Atoi(os.Args[2])
	Must(err)
	byName := map[string]Case{}
	for _, c := range cases {
		byName[c.Name] = c
	}
	names := make(chan string)
	var workers sync.WaitGroup
	var output sync.Mutex
	for range threads {
		workers.Go(func() {
			for name := range names {
				started := time.Now()
				detail := byName[name].outcome(os.Args[1])
				line, err := json.Marshal(map[string]any{
					"case": name, "ok": detail == "", "ms": time.Since(started).Milliseconds(), "detail": detail,
				})
				Must(err)
				output.Lock()
				fmt.Println(string(line))
				output.Unlock()
			}
		})
	}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		names <- input.Text()
	}
	close(names)
	workers.Wait()
}
