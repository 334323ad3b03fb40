// Package main runs named cases of rocketmq-client-go on order; the server's address is the name server's.
package main

import (
	"highwater/tests/orders"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

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
	// The client logs to standard output, which is ours.
	rlog.SetLogLevel("fatal")
	var all []orders.Case
	for _, c := range cases {
		all = append(all, orders.Case{Name: c.name, Run: func(e *orders.Env) { c.run(&env{e}) }})
	}
	orders.Follow(all)
}
