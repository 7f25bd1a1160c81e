package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
)

// testFile is a file of `promtool test rules`, which reads it as well, except for what no test of ours needs. What is not
// here is refused, lest it look as if it were tested.
type testFile struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []testCase     `yaml:"tests"`
}

// testCase is one course of events. The series have a value each interval.
type testCase struct {
	Name     string         `yaml:"name"`
	Start    time.Time      `yaml:"start_timestamp"`
	Interval model.Duration `yaml:"interval"`
	Series   []struct {
		Name   string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Expected []expectation `yaml:"alert_rule_test"`
}

// expectation is what fires of a rule at some time after the start: exactly these, or nothing.
type expectation struct {
	At     model.Duration `yaml:"eval_time"`
	Rule   string         `yaml:"alertname"`
	Alerts []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

func test(file string) []error {
	text, err := os.ReadFile(file)
	if err != nil {
		return []error{err}
	}
	wanted := testFile{EvaluationInterval: model.Duration(time.Minute)}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&wanted); err != nil {
		return []error{err}
	}
	var rules []rulefmt.Rule
	var problems []error
	for _, name := range wanted.RuleFiles {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		found, wrong := readRules(name)
		rules, problems = append(rules, found...), append(problems, wrong...)
	}
	if len(problems) > 0 {
		return problems
	}
	if len(wanted.Tests) == 0 {
		return []error{errors.New("there is no test in it")}
	}
	for _, one := range wanted.Tests {
		for _, problem := range one.run(rules, time.Duration(wanted.EvaluationInterval)) {
			problems = append(problems, fmt.Errorf("%s: %w", one.Name, problem))
		}
	}
	return problems
}

func (t testCase) run(rules []rulefmt.Rule, step time.Duration) []error {
	if t.Start.IsZero() {
		t.Start = time.Unix(0, 0)
	}
	if len(t.Expected) == 0 {
		return []error{errors.New("it expects nothing")}
	}
	var scraped series
	for _, one := range t.Series {
		if err := scraped.add(one.Name, one.Values, t.Start, time.Duration(t.Interval)); err != nil {
			return []error{err}
		}
	}
	asked := map[string]*watched{}
	for _, rule := range rules {
		if rule.KeepFiringFor > 0 {
			return []error{fmt.Errorf("%s: keep_firing_for cannot be tested here", rule.Alert)}
		}
		asked[rule.Alert] = watch(rule)
	}
	var last time.Duration
	for _, expected := range t.Expected {
		if asked[expected.Rule] == nil {
			return []error{fmt.Errorf("there is no alert %q", expected.Rule)}
		}
		if time.Duration(expected.At)%step != 0 {
			return []error{fmt.Errorf("at %s nothing is evaluated: it is every %s", expected.At, step)}
		}
		last = max(last, time.Duration(expected.At))
	}
	var problems []error
	for after := time.Duration(0); after <= last; after += step {
		for _, name := range slices.Sorted(maps.Keys(asked)) {
			if err := asked[name].evaluate(context.Background(), scraped, t.Start.Add(after)); err != nil {
				return append(problems, fmt.Errorf("%s after %s: %w", name, after, err))
			}
		}
		for _, expected := range t.Expected {
			if time.Duration(expected.At) == after {
				problems = append(problems, expected.compare(asked[expected.Rule].firing())...)
			}
		}
	}
	return problems
}

func (e expectation) compare(firing []*alert) []error {
	var wanted, got []string
	for _, one := range e.Alerts {
		all := maps.Clone(one.Labels)
		if all == nil {
			all = map[string]string{}
		}
		all[labels.AlertName] = e.Rule
		wanted = append(wanted, fmt.Sprint(labels.FromMap(all), " ", labels.FromMap(one.Annotations)))
	}
	for _, one := range firing {
		got = append(got, fmt.Sprint(one.labels, " ", one.annotations))
	}
	sort.Strings(wanted)
	sort.Strings(got)
	if slices.Equal(wanted, got) {
		return nil
	}
	list := func(alerts []string) string {
		if len(alerts) == 0 {
			return "\n    none"
		}
		return "\n    " + strings.Join(alerts, "\n    ")
	}
	return []error{fmt.Errorf("%s after %s:\n  expected%s\n  fires%s", e.Rule, e.At, list(wanted), list(got))}
}
