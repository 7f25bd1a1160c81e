package main

import (
	"context"
	"net/url"
	"sort"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// alert is what a rule has found: it is pending first, and fires once the rule's `for` has passed.
type alert struct {
	labels      labels.Labels
	annotations labels.Labels
	since, seen time.Time
	firing      bool
}

// watched is a rule, and its alerts by their labels.
type watched struct {
	rule   rulefmt.Rule
	alerts map[string]*alert
}

func watch(rule rulefmt.Rule) *watched {
	return &watched{rule: rule, alerts: map[string]*alert{}}
}

// evaluate has the rule looked at, as Prometheus does each evaluation_interval.
func (w *watched) evaluate(ctx context.Context, series series, at time.Time) error {
	found, err := series.query(ctx, w.rule.Expr, at)
	if err != nil {
		return err
	}
	for _, sample := range found {
		annotations, err := w.expand(ctx, series, w.rule.Annotations, sample, at)
		if err != nil {
			return err
		}
		own, err := w.expand(ctx, series, w.rule.Labels, sample, at)
		if err != nil {
			return err
		}
		builder := labels.NewBuilder(sample.Metric)
		builder.Del(labels.MetricName)
		own.Range(func(label labels.Label) { builder.Set(label.Name, label.Value) })
		builder.Set(labels.AlertName, w.rule.Alert)
		all := builder.Labels()
		known, is := w.alerts[all.String()]
		if !is {
			known = &alert{labels: all, since: at}
			w.alerts[all.String()] = known
		}
		known.annotations = annotations
		known.seen = at
	}
	for key, known := range w.alerts {
		if known.seen.Equal(at) {
			known.firing = at.Sub(known.since) >= time.Duration(w.rule.For)
		} else {
			delete(w.alerts, key)
		}
	}
	return nil
}

// expand fills in the templates of labels or annotations.
func (w *watched) expand(ctx context.Context, series series, texts map[string]string, sample promql.Sample, at time.Time) (labels.Labels, error) {
	const names = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
	data := template.AlertTemplateData(sample.Metric.Map(), nil, "", sample)
	expanded := map[string]string{}
	for name, text := range texts {
		expander := template.NewTemplateExpander(ctx, names+text, w.rule.Alert, data, model.TimeFromUnixNano(at.UnixNano()),
			series.query, &url.URL{}, nil)
		result, err := expander.Expand()
		if err != nil {
			return labels.EmptyLabels(), err
		}
		expanded[name] = result
	}
	return labels.FromMap(expanded), nil
}

// firing returns its alerts that fire now, in the order of their labels.
func (w *watched) firing() []*alert {
	var firing []*alert
	for _, known := range w.alerts {
		if known.firing {
			firing = append(firing, known)
		}
	}
	sort.Slice(firing, func(i, j int) bool {
		return labels.Compare(firing[i].labels, firing[j].labels) < 0
	})
	return firing
}
