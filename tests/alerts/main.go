// What Prometheus itself says of alert rules, for tests/alerts.rs: the parts of promtool that are needed, without the service
// discoveries that make promtool take ten minutes to build.
//
//	alerts check FILE…   whether the rules of rule files can be used, as `promtool check rules`
//	alerts parse         whether expressions can: an array of texts in JSON, from standard input
//	alerts test FILE…    series in, alerts out, as `promtool test rules`; see testfile.go for what a file may have
//
// It prints what is wrong, a line each, and ends with 1 if anything is.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	problems := []error{fmt.Errorf("usage: alerts check FILE… | parse | test FILE…")}
	if len(os.Args) > 1 {
		switch files := os.Args[2:]; os.Args[1] {
		case "check":
			problems = each(files, check)
		case "parse":
			problems = parse()
		case "test":
			problems = each(files, test)
		}
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func each(files []string, do func(string) []error) []error {
	var problems []error
	for _, file := range files {
		for _, problem := range do(file) {
			problems = append(problems, fmt.Errorf("%s: %w", file, problem))
		}
	}
	return problems
}

func check(file string) []error {
	_, problems := readRules(file)
	return problems
}

func parse() []error {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		return []error{err}
	}
	var problems []error
	for _, expression := range expressions {
		if _, err := language.ParseExpr(expression); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", expression, err))
		}
	}
	return problems
}

// language is PromQL without experiments, as it is where nobody has switched any on.
var language = parser.NewParser(parser.Options{})
