package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/gosimple/slug"
	"sigs.k8s.io/yaml"
)

var knownOptions = map[string]bool{
	"missingkey=default": true,
	"missingkey=invalid": true,
	"missingkey=zero":    true,
	"missingkey=error":   true,
}

var functions = newFunctions()

func newFunctions() template.FuncMap {
	found := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(found, name)
	}
	found["normalize"] = normalize
	found["slugify"] = slugify
	found["toYaml"] = toYAML
	found["fromYaml"] = fromYAML
	found["fromYamlArray"] = fromYAMLArray
	return found
}

// isMissingKey tells an absent parameter (under missingkey=error) from every other failure. text/template has no type for
// it: it is an ExecError whose cause is a plain error, and only its words say so.
func isMissingKey(err error) bool {
	var execution template.ExecError
	return errors.As(err, &execution) && strings.Contains(execution.Err.Error(), "map has no entry for key")
}

const maxName = 253

var notInNames = regexp.MustCompile("[^-a-z0-9.]")

// normalize makes a DNS subdomain name of any text.
func normalize(name string) string {
	replaced := notInNames.ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(replaced[:min(len(replaced), maxName)], "-.")
}

// slugify takes [maximal length, [whether to cut between words,]] and a text.
func slugify(args ...any) (string, error) {
	length, smart, text := 50, true, ""
	for i, arg := range args {
		ok := true
		switch {
		case i == len(args)-1:
			text, ok = arg.(string)
		case i == 0:
			length, ok = arg.(int)
		case i == 1:
			smart, ok = arg.(bool)
		}
		if !ok {
			return "", errors.New("slugify takes a length, true or false, and a text")
		}
	}
	slug.EnableSmartTruncate, slug.MaxLength = smart, length
	return slug.Make(normalize(text)), nil
}

func toYAML(value any) (string, error) {
	data, err := yaml.Marshal(value)
	return string(bytes.TrimSuffix(data, []byte("\n"))), err
}

func fromYAML(text string) (map[string]any, error) {
	value := map[string]any{}
	err := yaml.Unmarshal([]byte(text), &value)
	return value, err
}

func fromYAMLArray(text string) ([]any, error) {
	value := []any{}
	err := yaml.Unmarshal([]byte(text), &value)
	return value, err
}
