package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
)

// readRules returns the alerting rules of a file, and all that Prometheus has to say against them.
func readRules(file string) ([]rulefmt.Rule, []error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, []error{err}
	}
	groups, problems := rulefmt.Parse(text, false, model.UTF8Validation, language, slog.New(slog.DiscardHandler))
	if len(problems) > 0 {
		return nil, problems
	}
	var rules []rulefmt.Rule
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			if rule.Alert == "" {
				problems = append(problems, fmt.Errorf("%s records a series: only alerts can be tested here", rule.Record))
			}
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		problems = append(problems, errors.New("there is no rule in it"))
	}
	return rules, problems
}
