// Checks a history of a key–value store for linearizability, with porcupine.
//
//	porcupine HISTORY.jsonl PICTURE.html
//
// One operation a line, in the fields of type operation. Exit code 0: linearizable; 1: not, and the picture shows where;
// 2: no answer. Keys are independent, so each is checked alone.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// A search that takes longer has no answer, which is not a good one.
const limit = 2 * time.Minute

// What one client asked of one key, and what it was told.
type operation struct {
	Client   int     `json:"client"`
	Key      string  `json:"key"`
	Op       string  `json:"op"`
	Value    string  `json:"value"`
	Expected *string `json:"expected"`
	Call     int64   `json:"call_ns"`
	Return   *int64  `json:"return_ns"` // nil while the outcome is unknown
	Found    *string `json:"found"`     // what the key held, before a write; nil for nothing
	Applied  bool    `json:"applied"`
}

// What a key holds.
type cell struct {
	there bool
	value string
}

func cellOf(value *string) cell {
	if value == nil {
		return cell{}
	}
	return cell{there: true, value: *value}
}

// What the operation leaves in a key that holds before, and whether it changed the key.
func (o operation) effect(before cell) (cell, bool) {
	switch o.Op {
	case "put":
		return cell{true, o.Value}, true
	case "delete":
		return cell{}, true
	case "cas":
		if before == cellOf(o.Expected) {
			return cell{true, o.Value}, true
		}
	}
	return before, false
}

var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return cell{} },
	Step: func(state, input, _ any) (bool, any) {
		before, o := state.(cell), input.(operation)
		after, applied := o.effect(before)
		if o.Return == nil {
			return true, after
		}
		return cellOf(o.Found) == before && o.Applied == applied, after
	},
	DescribeOperation: func(input, _ any) string {
		o := input.(operation)
		told := "?"
		if o.Return != nil {
			told = fmt.Sprintf("found %v, applied %v", cellOf(o.Found), o.Applied)
		}
		return fmt.Sprintf("%s %s %v→%s: %s", o.Op, o.Key, cellOf(o.Expected), o.Value, told)
	},
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, o := range history {
		key := o.Input.(operation).Key
		keys[key] = append(keys[key], o)
	}
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	sort.Strings(names)
	parts := make([][]porcupine.Operation, 0, len(names))
	for _, name := range names {
		parts = append(parts, keys[name])
	}
	return parts
}

func read(from io.Reader) ([]porcupine.Operation, error) {
	var history []porcupine.Operation
	lines := json.NewDecoder(bufio.NewReader(from))
	for {
		var o operation
		if err := lines.Decode(&o); err == io.EOF {
			return history, nil
		} else if err != nil {
			return nil, fmt.Errorf("operation %d: %w", len(history)+1, err)
		}
		switch o.Op {
		case "get", "put", "cas", "delete":
		default:
			return nil, fmt.Errorf("operation %d: unknown op %q", len(history)+1, o.Op)
		}
		end := int64(math.MaxInt64)
		if o.Return != nil {
			end = *o.Return
		}
		history = append(history, porcupine.Operation{ClientId: o.Client, Input: o, Call: o.Call, Return: end})
	}
}

func run(path, picture string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 2, err
	}
	defer file.Close()
	history, err := read(file)
	if err != nil {
		return 2, err
	}
	if len(history) == 0 {
		return 2, fmt.Errorf("%s: an empty history shows nothing", path)
	}
	switch porcupine.CheckOperationsTimeout(model, history, limit) {
	case porcupine.Ok:
		return 0, nil
	case porcupine.Illegal:
		_, info := porcupine.CheckOperationsVerbose(model, history, limit)
		return 1, porcupine.VisualizePath(model, info, picture)
	default:
		return 2, fmt.Errorf("%s: no answer within %v", path, limit)
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: porcupine HISTORY.jsonl PICTURE.html")
		os.Exit(2)
	}
	code, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
