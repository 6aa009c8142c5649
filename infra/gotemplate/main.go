// Command gotemplate renders Go templates for Towline. It is built for wasip1 as a reactor: the host writes a batch of
// requests as JSON into memory got from allocate, calls render, and reads the answer.
//
// The functions are those of Argo CD's ApplicationSets: sprig's without what looks at the machine (env, expandenv,
// getHostByName), and normalize, slugify, toYaml, fromYaml and fromYamlArray.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"unsafe"
)

// A request is some templates and the parameters that all of them are given.
type request struct {
	Templates []string       `json:"templates"`
	Params    map[string]any `json:"params"`
	Options   []string       `json:"options"`
}

// An answer holds one result a template, or the first error.
type answer struct {
	Results []string `json:"results,omitempty"`
	Error   string   `json:"error,omitempty"`
	// MissingKey is set where the error is that a parameter is not there.
	MissingKey bool `json:"missingKey,omitempty"`
}

// Memory that the host writes to or reads from; kept here so that it is not collected while the host has it.
var input, output []byte

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	input = make([]byte, size)
	return address(input)
}

// render answers the requests in the allocated memory: the length of the answer, whose address is in the upper half.
//
//go:wasmexport render
func render() uint64 {
	output = answerAll(input)
	input = nil
	return uint64(address(output))<<32 | uint64(len(output))
}

func address(memory []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
}

func answerAll(text []byte) []byte {
	var requests []request
	if err := json.Unmarshal(text, &requests); err != nil {
		return []byte(`[{"error":"the requests are no JSON"}]`)
	}
	answers := make([]answer, len(requests))
	for i, one := range requests {
		answers[i] = answerOne(one)
	}
	encoded, err := json.Marshal(answers)
	if err != nil {
		return []byte(`[{"error":"the answers are no JSON"}]`)
	}
	return encoded
}

// answerOne turns a panic of a function into an error, so that one template cannot end the others.
func answerOne(one request) (result answer) {
	defer func() {
		if reason := recover(); reason != nil {
			result = answer{Error: fmt.Sprintf("a template function failed: %v", reason)}
		}
	}()
	results := make([]string, len(one.Templates))
	for i, text := range one.Templates {
		rendered, err := execute(text, one)
		if err != nil {
			return answer{Error: err.Error(), MissingKey: isMissingKey(err)}
		}
		results[i] = rendered
	}
	return answer{Results: results}
}

func execute(text string, one request) (string, error) {
	parsed, err := parse(text, one.Options)
	if err != nil {
		return "", err
	}
	var rendered bytes.Buffer
	if err := parsed.Execute(&rendered, one.Params); err != nil {
		return "", fmt.Errorf("failed to execute go template %s: %w", text, err)
	}
	return rendered.String(), nil
}

// A set renders the same few templates for each of its items, so they are parsed once.
var parsed = map[string]*template.Template{}

const maxParsed = 1000

func parse(text string, options []string) (*template.Template, error) {
	key := strings.Join(options, ",") + "\n" + text
	if known, ok := parsed[key]; ok {
		return known, nil
	}
	found, err := template.New("base").Funcs(functions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("failed to parse template %s: %w", text, err)
	}
	for _, option := range options {
		if !knownOptions[option] {
			return nil, fmt.Errorf("%q is no option of Go templates", option)
		}
		found = found.Option(option)
	}
	if len(parsed) >= maxParsed {
		clear(parsed)
	}
	parsed[key] = found
	return found, nil
}

func main() {}
