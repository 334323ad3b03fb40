package main

import (
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
)

const (
	putA     = `{"client":0,"key":"k","op":"put","value":"a","call_ns":0,"return_ns":10,"found":null,"applied":true}`
	putB     = `{"client":1,"key":"k","op":"put","value":"b","call_ns":20,"return_ns":30,"found":"a","applied":true}`
	unknownC = `{"client":2,"key":"k","op":"put","value":"c","call_ns":5,"return_ns":null,"found":null,"applied":false}`
)

func get(found string, call, end string) string {
	return `{"client":3,"key":"k","op":"get","call_ns":` + call + `,"return_ns":` + end + `,"found":` + found + `,"applied":false}`
}

func cas(expected, found, applied string) string {
	return `{"client":4,"key":"k","op":"cas","expected":` + expected + `,"value":"d","call_ns":40,"return_ns":50,"found":` + found + `,"applied":` + applied + `}`
}

// The checker must object to each kind of wrong answer, and to nothing else.
func TestVerdicts(t *testing.T) {
	cases := []struct {
		name    string
		history []string
		want    porcupine.CheckResult
	}{
		{"in order", []string{putA, putB, get(`"b"`, "31", "32")}, porcupine.Ok},
		{"read during a write, before", []string{putA, putB, get(`"a"`, "21", "29")}, porcupine.Ok},
		{"read during a write, after", []string{putA, putB, get(`"b"`, "21", "29")}, porcupine.Ok},
		{"stale read", []string{putA, putB, get(`"a"`, "31", "32")}, porcupine.Illegal},
		{"acknowledged write lost", []string{putA, get(`null`, "11", "12")}, porcupine.Illegal},
		{"write that nobody made", []string{putA, get(`"x"`, "11", "12")}, porcupine.Illegal},
		{"reads go back in time", []string{putA, putB, get(`"b"`, "21", "22"), get(`"a"`, "23", "24")}, porcupine.Illegal},
		{"unknown write that never was", []string{putA, unknownC, putB, get(`"b"`, "100", "101")}, porcupine.Ok},
		{"unknown write that came late", []string{putA, unknownC, putB, get(`"c"`, "100", "101")}, porcupine.Ok},
		{"unknown write seen, then gone", []string{putA, unknownC, get(`"c"`, "100", "101"), get(`"a"`, "102", "103")}, porcupine.Illegal},
		{"compare-and-set", []string{putA, putB, cas(`"b"`, `"b"`, "true"), get(`"d"`, "60", "61")}, porcupine.Ok},
		{"compare-and-set that had to fail", []string{putA, putB, cas(`"a"`, `"b"`, "true")}, porcupine.Illegal},
		{"compare-and-set that had not to fail", []string{putA, putB, cas(`"b"`, `"b"`, "false")}, porcupine.Illegal},
		{"value before is wrong", []string{putA, cas(`"a"`, `null`, "true")}, porcupine.Illegal},
		{"keys are independent", []string{putA, strings.Replace(get(`null`, "11", "12"), `"k"`, `"l"`, 1)}, porcupine.Ok},
	}
	for _, c := range cases {
		history, err := read(strings.NewReader(strings.Join(c.history, "\n")))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := porcupine.CheckOperationsTimeout(model, history, 0); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBadHistories(t *testing.T) {
	for _, text := range []string{`{"op":"steal"}`, `{"op":`, `[]`} {
		if _, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("%s passed", text)
		}
	}
}
